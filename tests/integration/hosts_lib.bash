# Loaded by namespaces.bats: hosts that are network namespaces, joined by a switch, with addresses 10.7.0.N and fd07::N (N from 1 by
# name: a is 1, b is 2, ...). An ordinary user may do this in a user namespace of its own.
# shellcheck shell=bash disable=SC2034

# For setup: the switch, or the reason why there is none, in $why.
start_switch() {
    local own=()
    enter=(nsenter)
    if [ "$(id -u)" -ne 0 ]; then
        own=(--user --map-root-user)
        enter+=(--user --preserve-credentials)
    fi
    why="no network namespaces on this machine"
    unshare "${own[@]}" --net true 2>/dev/null || return 1
    why="no ip command"
    command -v ip >/dev/null || return 1
    unshare "${own[@]}" --net sleep 600 3>&- &
    switch=$!
    soon 5 test -e "/proc/$switch/ns/net"
    soon 5 eval '[ "$(readlink /proc/$switch/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
    in_switch ip link add lan type bridge
    in_switch ip link set lan up
    in_switch ip addr add 10.7.0.254/24 dev lan
    in_switch sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    declare -gA host
}

in_switch() {
    "${enter[@]}" --target "$switch" --net -- "$@"
}

# on HOST COMMAND...
on() {
    "${enter[@]}" --target "${host[$1]}" --net -- "${@:2}"
}

number_of() {
    printf '%d' $(($(printf '%d' "'$1") - 96))
}

# named_on HOST COMMAND...: as on, where the file ./names says what names of hosts mean, to all that come later, too.
named_on() {
    touch names
    "${enter[@]}" --target "${host[$1]}" --net -- unshare --mount sh -c 'mount --bind "$PWD/names" /etc/hosts && exec "$@"' sh "${@:2}"
}

# new_host NAME: a namespace with nothing but a loopback interface.
new_host() {
    "${enter[@]}" --target "$switch" --net -- unshare --net sleep 600 3>&- & # no function here: its process would be a shell
    local outer=$!
    soon 5 eval '[ "$(readlink /proc/'$outer'/ns/net)" != "$(readlink /proc/$switch/ns/net)" ] && grep -q sleep /proc/'$outer'/comm'
    host[$1]=$outer
    on "$1" ip link set lo up
}

# plug HOST [INTERFACE]: into the switch, with its addresses.
plug() {
    local number cable=$1${2:-lan0}
    number=$(number_of "$1")
    in_switch ip link add "$cable" type veth peer name "${2:-lan0}" netns "${host[$1]}"
    in_switch ip link set "$cable" master lan up
    on "$1" ip addr add "10.7.0.$number/24" dev "${2:-lan0}"
    on "$1" ip -6 addr add "fd07::$number/64" dev "${2:-lan0}" nodad
    on "$1" ip link set "${2:-lan0}" up
}

stop_hosts() {
    local name
    for name in "${!host[@]}"; do
        kill -9 "${host[$name]}" 2>/dev/null || true
    done
    [ -z "${switch:-}" ] || kill -9 "$switch" 2>/dev/null || true
}

# cut HOST SECONDS: nothing gets through to it for so long.
cut_off() {
    in_switch ip link set "$1lan0" down
    sleep "$2"
    in_switch ip link set "$1lan0" up
}
