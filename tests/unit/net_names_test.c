/* What does a name stand for? Who answers for names is this program, so that the addresses are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/names.h"
#include "net/socket.h"
#include "net_echo.h"

/* 255.255.255.255 has never a route for who does not ask for all, 192.0.2.1 is nobody's. */
static const struct {
    const char *name, *addresses[4];
} KNOWN[] = {
    {"here.test", {"127.0.0.1"}},
    {"several.test", {"192.0.2.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"}},
    {"unroutable-first.test", {"255.255.255.255", "127.0.0.1"}},
    {"nowhere.test", {"255.255.255.255"}},
    {"elsewhere.test", {"192.0.2.1"}},
    {"localhost", {"192.0.2.1", "127.0.0.1"}},
    {"silent-first.test", {"127.0.0.3", "127.0.0.1"}},
};

static struct sockaddr_in places[4];
static struct addrinfo found[4];

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **answer) {
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        if (name == NULL || strcmp(KNOWN[i].name, name) != 0)
            continue;
        for (int at = 0; at < 4 && KNOWN[i].addresses[at] != NULL; at++) {
            places[at] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
            inet_pton(AF_INET, KNOWN[i].addresses[at], &places[at].sin_addr);
            found[at] = (struct addrinfo){.ai_family = AF_INET,
                                          .ai_addr = (struct sockaddr *)&places[at],
                                          .ai_addrlen = sizeof places[at]};
            if (at > 0)
                found[at - 1].ai_next = &found[at];
        }
        *answer = found;
        return 0;
    }
    if (name != NULL && strstr(name, ".test") != NULL)
        return EAI_NONAME;
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, port, hints, answer); /* ZeroMQ reads addresses with it */
}

void freeaddrinfo(struct addrinfo *answer) {
    void (*real)(struct addrinfo *);
    *(void **)&real = dlsym(RTLD_NEXT, "freeaddrinfo");
    if (answer != found)
        real(answer);
}

typedef bool look_up(struct addresses *addresses, const char *endpoint, struct status *status);

static void stands_for(look_up *look, const char *endpoint, const char *first, const char *second) {
    struct addresses addresses;
    struct status status = {0};
    if (!look(&addresses, endpoint, &status))
        fail_msg("%s: %s", endpoint, status.text);
    assert_int_equal(addresses.count, second == NULL ? 1 : 2);
    assert_string_equal(addresses.endpoints[0], first);
    if (second != NULL)
        assert_string_equal(addresses.endpoints[1], second);
}

static void is_refused(look_up *look, const char *endpoint, enum status_code code, const char *sentence) {
    struct addresses addresses;
    struct status status = {0};
    assert_false(look(&addresses, endpoint, &status));
    assert_int_equal(status.code, code);
    assert_string_equal(status.text, sentence);
}

static void what_is_no_name_stays_as_it_is(void **state) {
    static const char *const PLAIN[] = {"tcp://10.7.0.1:7077",    "tcp://[fd07::1]:7077", "tcp://*:*",
                                        "tcp://[fe80::1%eth0]:1", "ipc:///tmp/x",         "inproc://x"};
    (void)state;
    for (size_t i = 0; i < sizeof PLAIN / sizeof PLAIN[0]; i++) {
        assert_false(names_is_name(PLAIN[i]));
        stands_for(names_listen, PLAIN[i], PLAIN[i], NULL);
        stands_for(names_connect, PLAIN[i], PLAIN[i], NULL);
    }
    assert_true(names_is_name("tcp://here.test:1"));
    assert_true(names_is_name("tcp://eth0:*"));
    assert_false(names_is_name("no endpoint"));
    is_refused(names_listen, "x://y", STATUS_CONFIG,
               "'x://y' is no endpoint (inproc://name, ipc:///path, tcp://host:port)");
}

static void one_listens_on_addresses_of_this_host_alone(void **state) {
    (void)state;
    stands_for(names_listen, "tcp://here.test:7077", "tcp://127.0.0.1:7077", NULL);
    stands_for(names_listen, "tcp://several.test:0", "tcp://127.0.0.2:0", "tcp://127.0.0.1:0");
    is_refused(
        names_listen, "tcp://elsewhere.test:7077", STATUS_CONFIG,
        "cannot listen on tcp://elsewhere.test:7077: elsewhere.test is 192.0.2.1, which is no address of "
        "this host");
    is_refused(names_listen, "tcp://unknown.test:7077", STATUS_UNAVAILABLE,
               "cannot listen: cannot find the host of tcp://unknown.test:7077: Name or service not known");
}

static void one_connects_where_there_is_a_route(void **state) {
    (void)state;
    stands_for(names_connect, "tcp://unroutable-first.test:7", "tcp://127.0.0.1:7", NULL);
    is_refused(names_connect, "tcp://nowhere.test:7", STATUS_UNAVAILABLE,
               "there is no route to the host of tcp://nowhere.test:7 (255.255.255.255)");
    is_refused(names_connect, "tcp://unknown.test:7", STATUS_UNAVAILABLE,
               "cannot find the host of tcp://unknown.test:7: Name or service not known");
}

/* It needs no keys, so it must not be anywhere else. */
static void localhost_is_this_machine_whatever_is_said(void **state) {
    (void)state;
    stands_for(names_listen, "tcp://localhost:1", "tcp://127.0.0.1:1", NULL);
    stands_for(names_connect, "tcp://localhost:1", "tcp://127.0.0.1:1", NULL);
}

static void the_next_address_comes_round_again(void **state) {
    char last[ENDPOINT_BYTES] = "";
    struct status status = {0};
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_true(names_next(last, "tcp://silent-first.test:9", &status));
        assert_string_equal(last, "tcp://127.0.0.3:9");
        assert_true(names_next(last, "tcp://silent-first.test:9", &status));
        assert_string_equal(last, "tcp://127.0.0.1:9");
    }
    assert_false(names_next(last, "tcp://unknown.test:9", &status));
    assert_string_equal(last, "tcp://127.0.0.1:9");
}

/* The name of an interface with an address of the family and none of the other; false when this host has none. */
static bool find_interface(int wanted, char name[IF_NAMESIZE]) {
    struct ifaddrs *all;
    bool is_there = false;
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *one = all; one != NULL && !is_there; one = one->ifa_next) {
        is_there = one->ifa_addr != NULL && one->ifa_addr->sa_family == wanted;
        snprintf(name, IF_NAMESIZE, "%s", one->ifa_name);
    }
    freeifaddrs(all);
    return is_there;
}

static void an_interface_is_its_ipv4_address(void **state) {
    char name[IF_NAMESIZE], endpoint[ENDPOINT_BYTES];
    struct addresses addresses;
    struct status status = {0};
    (void)state;
    if (!find_interface(AF_INET, name))
        skip();
    snprintf(endpoint, sizeof endpoint, "tcp://%s:*", name);
    assert_true(names_listen(&addresses, endpoint, &status));
    assert_int_equal(addresses.count, 1);
    struct endpoint parsed;
    struct in_addr address;
    assert_true(endpoint_parse(&parsed, addresses.endpoints[0], &status));
    assert_int_equal(inet_pton(AF_INET, parsed.host, &address), 1);
    assert_int_equal(parsed.port, 0);
}

/* ---- with sockets ---- */

/* A port that was free a moment ago. */
static int free_port(void) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof place;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&place, &bytes), 0);
    close(descriptor);
    return ntohs(place.sin_port);
}

static void a_listener_has_all_addresses_of_its_name(void **state) {
    char bound[ENDPOINT_BYTES], text[ENDPOINT_BYTES];
    struct status status = {0};
    void *socket = NULL;
    int port = 0;
    (void)state;
    void *context = context_new(1, &status);
    for (int i = 0; i < 20 && socket == NULL; i++) {
        port = free_port();
        snprintf(text, sizeof text, "tcp://several.test:%d", port);
        socket = socket_listen(context, text, NULL, bound, &status);
    }
    assert_non_null(socket);
    for (int i = 1; i <= 2; i++) { /* both are taken */
        snprintf(text, sizeof text, "tcp://127.0.0.%d:%d", i, port);
        assert_null(socket_listen(context, text, NULL, bound, &status));
        assert_int_equal(status.code, STATUS_UNAVAILABLE);
        assert_non_null(strstr(status.text, "Address already in use"));
    }
    socket_close(socket);
    context_free(context);
}

/* Nobody listens at the first address of the name. */
static void a_link_finds_the_address_that_answers(void **state) {
    struct status status = {0};
    struct echo_server server;
    struct endpoint parsed;
    char endpoint[ENDPOINT_BYTES];
    (void)state;
    void *context = context_new(1, &status);
    assert_true(echo_server_start(&server, context, "tcp://here.test:0", &status));
    assert_true(endpoint_parse(&parsed, loop_endpoint(server.loop), &status));
    snprintf(endpoint, sizeof endpoint, "tcp://silent-first.test:%d", parsed.port);
    struct wire *wire = wire_new(context, NULL, NULL, -1, &status);
    assert_non_null(wire);
    assert_true(wire_connect(wire, 0, endpoint, &status));
    struct message question = {.kind = MESSAGE_READ}, answer;
    link_id link;
    bool answered = false;
    for (int i = 0; i < 100 && !answered; i++) {
        wire_send(wire, 0, &question);
        wire_wait(wire, 100000);
        answered = wire_take(wire, &answer, &link);
    }
    assert_true(answered);
    wire_free(wire);
    echo_server_stop(&server);
    loop_free(server.loop);
    context_free(context);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_name_stays_as_it_is),
        cmocka_unit_test(one_listens_on_addresses_of_this_host_alone),
        cmocka_unit_test(one_connects_where_there_is_a_route),
        cmocka_unit_test(localhost_is_this_machine_whatever_is_said),
        cmocka_unit_test(the_next_address_comes_round_again),
        cmocka_unit_test(an_interface_is_its_ipv4_address),
        cmocka_unit_test(a_listener_has_all_addresses_of_its_name),
        cmocka_unit_test(a_link_finds_the_address_that_answers),
    };
    return cmocka_run_group_tests_name("unit/net_names", tests, NULL, NULL);
}
