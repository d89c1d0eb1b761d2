#include "net/names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_address(const char *host) {
    struct in_addr narrow;
    struct in6_addr wide;
    return inet_pton(AF_INET, host, &narrow) == 1 || inet_pton(AF_INET6, host, &wide) == 1 ||
           strchr(host, '%') != NULL; /* an IPv6 address of a link */
}

static bool has_name(const struct endpoint *endpoint) {
    return endpoint->transport == ENDPOINT_TCP && strcmp(endpoint->host, "*") != 0 &&
           !is_address(endpoint->host);
}

bool names_is_name(const char *endpoint) {
    struct endpoint parsed;
    struct status ignored;
    return endpoint_parse(&parsed, endpoint, &ignored) && has_name(&parsed);
}

/* The endpoint itself, where nobody has to be asked. True when that is all. */
static bool needs_nobody(struct addresses *addresses, const char *text, const struct endpoint *endpoint) {
    if (has_name(endpoint))
        return false;
    snprintf(addresses->endpoints[0], ENDPOINT_BYTES, "%s", text);
    addresses->count = 1;
    return true;
}

static bool to_text(const struct sockaddr *address, socklen_t bytes, char host[ENDPOINT_BYTES]) {
    return getnameinfo(address, bytes, host, ENDPOINT_BYTES, NULL, 0, NI_NUMERICHOST) == 0;
}

static void add(struct addresses *addresses, const char *host, int port) {
    struct status ignored;
    char *place = addresses->endpoints[addresses->count];
    if (addresses->count == NAMES_MAX || !endpoint_tcp(place, host, port, &ignored))
        return;
    for (int i = 0; i < addresses->count; i++)
        if (strcmp(addresses->endpoints[i], place) == 0)
            return;
    addresses->count++;
}

/* ---- names ---- */

enum use { TO_LISTEN, TO_CONNECT };

/* Asks the kernel with a datagram socket, which sends nothing. */
static bool can_use(const struct addrinfo *address, enum use use) {
    int descriptor = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    int refused = use == TO_LISTEN ? bind(descriptor, address->ai_addr, address->ai_addrlen)
                                   : connect(descriptor, address->ai_addr, address->ai_addrlen);
    close(descriptor);
    return refused == 0;
}

/* Binding to any port tells whether the address is ours. */
static bool is_own(const struct addrinfo *address) {
    return can_use(address, TO_LISTEN);
}

/* Connecting chooses a route. */
static bool has_route(const struct addrinfo *address) {
    return can_use(address, TO_CONNECT);
}

static bool is_link_local(const struct sockaddr *address) {
    const void *raw = address;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)raw)->sin6_addr);
}

/* The addresses of a name, which the caller frees; the port is 9 where a datagram needs one, and 0 to listen. */
static bool find(const char *text, const struct endpoint *endpoint, const char *port,
                 struct addrinfo **addresses, struct status *status) {
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    int error = getaddrinfo(endpoint->host, port, &hints, addresses);
    return error == 0 || status_fail(status, STATUS_UNAVAILABLE, "cannot find the host of %s: %s", text,
                                     gai_strerror(error));
}

/* Those of a name's addresses that will do; `first` gets the first of all. */
static void choose(struct addresses *addresses, const struct endpoint *endpoint, const struct addrinfo *found,
                   bool (*will_do)(const struct addrinfo *address), char first[ENDPOINT_BYTES]) {
    char host[ENDPOINT_BYTES];
    first[0] = '\0';
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (!to_text(at->ai_addr, at->ai_addrlen, host))
            continue;
        if (first[0] == '\0')
            snprintf(first, ENDPOINT_BYTES, "%s", host);
        bool is_safe = !endpoint_is_loopback(endpoint->host) || endpoint_is_loopback(host);
        if (is_safe && will_do(at))
            add(addresses, host, endpoint->port);
    }
}

/* ---- interfaces ---- */

enum { NO_SUCH_INTERFACE, WITHOUT_ADDRESS, WITH_IPV6, WITH_IPV4 };

static int worth_of(const struct sockaddr *address) {
    if (address == NULL || is_link_local(address))
        return WITHOUT_ADDRESS;
    return address->sa_family == AF_INET    ? WITH_IPV4
           : address->sa_family == AF_INET6 ? WITH_IPV6
                                            : WITHOUT_ADDRESS;
}

/* What others can reach of an interface: its first IPv4 address, or else its first IPv6 address. */
static int interface_host(const char *name, char host[ENDPOINT_BYTES]) {
    struct ifaddrs *all;
    int best = NO_SUCH_INTERFACE;
    if (getifaddrs(&all) != 0)
        return best;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (strcmp(one->ifa_name, name) != 0 || worth_of(one->ifa_addr) <= best)
            continue;
        best = worth_of(one->ifa_addr);
        if (best > WITHOUT_ADDRESS)
            to_text(one->ifa_addr,
                    best == WITH_IPV4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6), host);
    }
    freeifaddrs(all);
    return best;
}

/* True when the host is an interface, and status says whether that will do. */
static bool listen_on_interface(struct addresses *addresses, const struct endpoint *endpoint,
                                struct status *status) {
    char host[ENDPOINT_BYTES];
    int worth = interface_host(endpoint->host, host);
    status->code = STATUS_OK;
    if (worth > WITHOUT_ADDRESS)
        add(addresses, host, endpoint->port);
    else if (worth == WITHOUT_ADDRESS)
        status_fail(status, STATUS_UNAVAILABLE,
                    "cannot listen on %s: the interface has no address that other hosts can reach",
                    endpoint->host);
    return worth != NO_SUCH_INTERFACE;
}

/* ---- both ---- */

bool names_listen(struct addresses *addresses, const char *endpoint, struct status *status) {
    struct endpoint parsed;
    struct addrinfo *found;
    char first[ENDPOINT_BYTES];
    addresses->count = 0;
    if (!endpoint_parse(&parsed, endpoint, status))
        return false;
    if (needs_nobody(addresses, endpoint, &parsed))
        return true;
    if (listen_on_interface(addresses, &parsed, status))
        return status->code == STATUS_OK;
    if (!find(endpoint, &parsed, "0", &found, status))
        return status_context(status, "cannot listen");
    choose(addresses, &parsed, found, is_own, first);
    freeaddrinfo(found);
    return addresses->count > 0 ||
           status_fail(status, STATUS_CONFIG,
                       "cannot listen on %s: %s is %s, which is no address of this host", endpoint,
                       parsed.host, first);
}

bool names_connect(struct addresses *addresses, const char *endpoint, struct status *status) {
    struct endpoint parsed;
    struct addrinfo *found;
    char first[ENDPOINT_BYTES];
    addresses->count = 0;
    if (!endpoint_parse(&parsed, endpoint, status))
        return false;
    if (needs_nobody(addresses, endpoint, &parsed))
        return true;
    if (!find(endpoint, &parsed, "9", &found, status))
        return false;
    choose(addresses, &parsed, found, has_route, first);
    freeaddrinfo(found);
    return addresses->count > 0 || status_fail(status, STATUS_UNAVAILABLE,
                                               "there is no route to the host of %s (%s)", endpoint, first);
}

bool names_next(char last[ENDPOINT_BYTES], const char *endpoint, struct status *status) {
    struct addresses addresses;
    int next = 0;
    if (!names_connect(&addresses, endpoint, status))
        return false;
    for (int i = 0; i < addresses.count; i++)
        if (strcmp(addresses.endpoints[i], last) == 0)
            next = (i + 1) % addresses.count;
    memcpy(last, addresses.endpoints[next], ENDPOINT_BYTES);
    return true;
}
