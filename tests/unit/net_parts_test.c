/* Do the small parts of net keep their headers' promises: endpoints, the table of links, the pool of bodies?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/rng.h"
#include "net/body_pool.h"
#include "net/endpoint.h"
#include "net/link_table.h"

/* ---- endpoints ---- */

static void good_endpoints_are_read(void **state) {
    static const struct {
        const char *text, *host;
        enum endpoint_kind transport;
        int port;
    } GOOD[] = {
        {"inproc://run-1/coordinator", "run-1/coordinator", ENDPOINT_INPROC, 0},
        {"ipc:///run/user/0/x.sock", "/run/user/0/x.sock", ENDPOINT_IPC, 0},
        {"tcp://node-7.cluster:5555", "node-7.cluster", ENDPOINT_TCP, 5555},
        {"tcp://127.0.0.1:*", "127.0.0.1", ENDPOINT_TCP, 0},
        {"tcp://127.0.0.1:0", "127.0.0.1", ENDPOINT_TCP, 0},
        {"tcp://*:65535", "*", ENDPOINT_TCP, 65535},
        {"tcp://[fe80::1%eth0]:80", "fe80::1%eth0", ENDPOINT_TCP, 80},
    };
    struct endpoint endpoint;
    struct status status = {0};
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(endpoint_parse(&endpoint, GOOD[i].text, &status));
        assert_int_equal(endpoint.transport, GOOD[i].transport);
        assert_string_equal(endpoint.host, GOOD[i].host);
        assert_int_equal(endpoint.port, GOOD[i].port);
    }
}

static void bad_endpoints_are_refused_with_a_sentence(void **state) {
    static const char *const BAD[] = {
        "",           "node:5555",         "udp://x:1",        "tcp://",        "tcp://:5555",
        "tcp://host", "tcp://host:",       "tcp://host:65536", "tcp://host:-1", "tcp://host:12x",
        "inproc://",  "tcp://host:012345", "ipc://relative",   "ipc://",        "tcp://ho st:1",
        "tcp://[]:1", "tcp://fe80::1:80",  "tcp://ho/st:1",    "tcp://h:+1",
    };
    char long_path[ENDPOINT_BYTES + 2];
    struct endpoint endpoint;
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct status status = {0};
        assert_false(endpoint_parse(&endpoint, BAD[i], &status));
        assert_int_equal(status.code, STATUS_CONFIG);
        assert_non_null(strstr(status.text, BAD[i]));
    }
    for (size_t length = ENDPOINT_IPC_PATH_MAX + 7; length < sizeof long_path; length++) {
        struct status status = {0};
        memset(long_path, 'x', length);
        memcpy(long_path, "ipc:///", 7);
        long_path[length] = '\0';
        bool fits = length - strlen("ipc://") <= ENDPOINT_IPC_PATH_MAX;
        assert_int_equal(endpoint_parse(&endpoint, long_path, &status), fits);
    }
}

static void an_ipv6_host_gets_its_brackets(void **state) {
    char text[ENDPOINT_BYTES], host[ENDPOINT_BYTES];
    struct status status = {0};
    (void)state;
    assert_true(endpoint_tcp(text, "fe80::1", 80, &status));
    assert_string_equal(text, "tcp://[fe80::1]:80");
    assert_true(endpoint_tcp(text, "node7", 80, &status));
    assert_string_equal(text, "tcp://node7:80");
    assert_true(endpoint_route_host(host, "127.0.0.1", 9, &status));
    assert_string_equal(host, "127.0.0.1");
}

static void a_home_is_private_and_leaves_nothing(void **state) {
    struct endpoint_home home, other;
    struct status status = {0};
    struct stat seen;
    char text[ENDPOINT_BYTES], second[ENDPOINT_BYTES], directory[ENDPOINT_BYTES];
    (void)state;
    assert_true(endpoint_home_init(&home, &status) && endpoint_home_init(&other, &status));
    assert_true(endpoint_home_make(&home, ENDPOINT_INPROC, "pserver-1", text, &status));
    assert_true(endpoint_home_make(&other, ENDPOINT_INPROC, "pserver-1", second, &status));
    assert_string_not_equal(text, second);
    assert_string_equal(home.directory, "");
    assert_true(endpoint_home_make(&home, ENDPOINT_IPC, "pserver-65535", text, &status));
    assert_true(endpoint_parse(&(struct endpoint){0}, text, &status));
    assert_int_equal(stat(home.directory, &seen), 0);
    assert_int_equal(seen.st_mode & 0777, 0700);
    assert_false(endpoint_home_make(&home, ENDPOINT_IPC, "../up", text, &status));
    snprintf(directory, sizeof directory, "%s", home.directory);
    snprintf(second, sizeof second, "%s/left.sock", home.directory);
    fclose(fopen(second, "w"));
    endpoint_home_remove(&home);
    assert_int_not_equal(stat(directory, &seen), 0);
    endpoint_home_remove(&home);
}

/* ---- links ---- */

/* Against a plain array: joins and leaves in random order. */
static void a_link_table_agrees_with_a_plain_list(void **state) {
    enum { PEERS = 300, MOVES = 20000 };
    static link_id plain[PEERS];
    struct status status = {0};
    struct link_table *table = link_table_new(&status);
    link_id next = LINK_INCOMING;
    size_t count = 0;
    (void)state;
    memset(plain, 0, sizeof plain);
    for (uint64_t move = 0; move < MOVES; move++) {
        uint32_t peer = (uint32_t)(rng_bits(7, 0, move) % PEERS), routing = (uint32_t)rng_bits(8, 0, peer);
        if (plain[peer] == 0) {
            assert_null(link_table_by_routing(table, routing));
            plain[peer] = link_table_add(table, routing, &status)->link;
            assert_int_equal(plain[peer], next++);
            count++;
        } else if (rng_bits(9, 0, move) % 4 == 0) {
            link_table_remove(table, plain[peer]);
            assert_null(link_table_by_link(table, plain[peer]));
            plain[peer] = 0;
            count--;
        } else {
            assert_int_equal(link_table_by_routing(table, routing)->link, plain[peer]);
            assert_int_equal(link_table_by_link(table, plain[peer])->routing, routing);
        }
        assert_int_equal(link_table_count(table), count);
    }
    link_table_free(table);
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_full_link_table_refuses(void **state) {
    struct status status = {0};
    struct link_table *table = link_table_new(&status);
    (void)state;
    for (uint32_t i = 0; i < LINK_TABLE_MAX; i++)
        assert_non_null(link_table_add(table, i, &status));
    assert_null(link_table_add(table, LINK_TABLE_MAX, &status));
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    link_table_remove(table, LINK_INCOMING + 5);
    assert_int_equal(link_table_add(table, LINK_TABLE_MAX, &status)->link, LINK_INCOMING + LINK_TABLE_MAX);
    link_table_free(table);
}

/* ---- bodies ---- */

static void bodies_are_aligned_and_used_again(void **state) {
    struct status status = {0};
    struct body_pool *pool = body_pool_new(&status);
    (void)state;
    for (size_t bytes = 0; bytes < 100000; bytes = bytes * 2 + 1) {
        void *first = body_pool_take(pool, bytes, &status);
        assert_int_equal((uintptr_t)first % MEMORY_ALIGNMENT, 0);
        memset(first, 1, bytes);
        body_pool_give(first, NULL);
        assert_ptr_equal(body_pool_take(pool, bytes, &status), first);
        body_pool_give(first, NULL);
    }
    body_pool_free(pool);
    assert_int_equal(memory_blocks_held(), 0);
}

enum { CARRIED = 4000 };

static void *give_all_back(void *bodies) {
    for (size_t i = 0; i < CARRIED; i++)
        body_pool_give(((void **)bodies)[i], NULL);
    return NULL;
}

/* The owner goes on taking, then leaves, while two threads give back. */
static void bodies_come_back_from_other_threads_and_outlive_the_owner(void **state) {
    static void *bodies[2][CARRIED];
    struct status status = {0};
    struct body_pool *pool = body_pool_new(&status);
    pthread_t threads[2];
    (void)state;
    for (size_t i = 0; i < 2 * (size_t)CARRIED; i++)
        bodies[i % 2][i / 2] = body_pool_take(pool, i % 1000, &status);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, give_all_back, bodies[i]);
    for (size_t i = 0; i < CARRIED; i++) {
        char *body = body_pool_take(pool, 500, &status);
        memset(body, 3, 500);
        body_pool_give(body, NULL);
    }
    body_pool_free(pool);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert_int_equal(memory_blocks_held(), 0);
}

static void idle_bodies_are_bounded(void **state) {
    enum { LARGE = 16 << 20, COUNT = 8 };
    struct status status = {0};
    struct body_pool *pool = body_pool_new(&status);
    void *bodies[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        bodies[i] = body_pool_take(pool, LARGE, &status);
    for (int i = 0; i < COUNT; i++)
        body_pool_give(bodies[i], NULL);
    body_pool_give(body_pool_take(pool, LARGE, &status), NULL);
    assert_int_equal(memory_blocks_held(), 1 + BODY_POOL_IDLE_MAX / LARGE);
    body_pool_free(pool);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_endpoints_are_read),
        cmocka_unit_test(bad_endpoints_are_refused_with_a_sentence),
        cmocka_unit_test(an_ipv6_host_gets_its_brackets),
        cmocka_unit_test(a_home_is_private_and_leaves_nothing),
        cmocka_unit_test(a_link_table_agrees_with_a_plain_list),
        cmocka_unit_test(a_full_link_table_refuses),
        cmocka_unit_test(bodies_are_aligned_and_used_again),
        cmocka_unit_test(bodies_come_back_from_other_threads_and_outlive_the_owner),
        cmocka_unit_test(idle_bodies_are_bounded),
    };
    return cmocka_run_group_tests_name("net/parts", tests, NULL, NULL);
}
