/* Where a member's own page is, and what others are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "node/setup.h"

static struct config members_over(enum transport_kind transport, const char *listen, const char *bind,
                                  const char *advertise) {
    struct config config = {
        .cluster_transport = transport, .cluster_heartbeat_interval = 0.5, .cluster_heartbeat_timeout = 5};
    strcpy(config.monitor_listen, listen);
    strcpy(config.cluster_bind, bind);
    strcpy(config.cluster_advertise, advertise);
    return config;
}

static void check(const struct config *config, const char *listen, const char *told) {
    char text[ENDPOINT_BYTES], address[ENDPOINT_BYTES];
    setup_page_listen(config, text);
    assert_string_equal(text, listen);
    memcpy(address, text, sizeof address);
    strcpy(strrchr(address, ':'), ":4711");
    setup_page_address(config, "tcp://127.0.0.1:7077", address, text);
    assert_string_equal(text, told);
}

static void pages_stay_on_this_machine_unless_they_are_asked_for(void **state) {
    static const char LOOPBACK[] = "127.0.0.1:*", TOLD[] = "127.0.0.1:4711";
    (void)state;
    struct config config = members_over(TRANSPORT_IPC, "*:8080", "0.0.0.0", "node7");
    check(&config, LOOPBACK, TOLD);
    config = members_over(TRANSPORT_TCP, "127.0.0.1:*", "10.0.0.7", "node7");
    check(&config, LOOPBACK, TOLD);
    config = members_over(TRANSPORT_TCP, "localhost:8080", "10.0.0.7", "");
    check(&config, LOOPBACK, TOLD);
    config = members_over(TRANSPORT_TCP, "none", "10.0.0.7", "");
    check(&config, LOOPBACK, TOLD);
}

static void pages_for_other_hosts_are_where_pservers_listen(void **state) {
    (void)state;
    struct config config = members_over(TRANSPORT_TCP, "*:8080", "10.0.0.7", "");
    check(&config, "10.0.0.7:*", "10.0.0.7:4711");
    config = members_over(TRANSPORT_TCP, "0.0.0.0:8080", "10.0.0.7", "node7");
    check(&config, "10.0.0.7:*", "node7:4711");
    config = members_over(TRANSPORT_TCP, "*:8080", "*", "");
    check(&config, "*:*", "127.0.0.1:4711"); /* the own address on the route to the coordinator */
    config = members_over(TRANSPORT_TCP, "*:8080", "fd00::7", "fd00::8");
    check(&config, "[fd00::7]:*", "[fd00::8]:4711");
}

static void a_loop_is_given_ten_heartbeats(void **state) {
    (void)state;
    struct config config = members_over(TRANSPORT_IPC, "", "", "");
    assert_int_equal(setup_page_patience_us(&config), 5000000);
    config.cluster_heartbeat_interval = 2;
    assert_int_equal(setup_page_patience_us(&config), 20000000);
    config.cluster_heartbeat_timeout = 60;
    assert_int_equal(setup_page_patience_us(&config), 60000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_stay_on_this_machine_unless_they_are_asked_for),
        cmocka_unit_test(pages_for_other_hosts_are_where_pservers_listen),
        cmocka_unit_test(a_loop_is_given_ten_heartbeats),
    };
    return cmocka_run_group_tests_name("node_page", tests, NULL, NULL);
}
