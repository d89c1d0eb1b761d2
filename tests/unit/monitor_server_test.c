/* The server for HTTP: manners, the cache, and clients that are slow, many or mad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "http_client.h"
#include "monitor/reply.h"
#include "monitor/server.h"

enum { LARGE_BYTES = 24 << 20, PATIENCE_MS = 2500 };

/* What the routes below serve. */
struct shop {
    uint64_t version;
    unsigned rendered;
    struct server *server;
    struct http_host host;
};

static uint64_t version(const void *context) {
    const struct shop *shop = context;
    return shop->version;
}

static bool read_lines(const void *context, struct server_request *request, struct scroll *sentence) {
    (void)context;
    return server_number(request, "lines", 1, 10, 5, &request->variant, sentence);
}

static unsigned answer(void *context, const struct server_request *request, struct scroll *scroll) {
    struct shop *shop = context;
    shop->rendered++;
    scroll_add(scroll, "version %u variant %u", (unsigned)shop->version, (unsigned)request->variant);
    return scroll->failed ? 503 : 200;
}

static unsigned answer_rest(void *context, const struct server_request *request, struct scroll *scroll) {
    (void)context;
    if (strcmp(request->rest, "gone") == 0) {
        scroll_text(scroll, "it is gone");
        return 404;
    }
    scroll_add(scroll, "rest '%s'", request->rest);
    return 200;
}

static unsigned answer_large(void *context, const struct server_request *request, struct scroll *scroll) {
    (void)context;
    (void)request;
    char *room = scroll_room(scroll, LARGE_BYTES);
    memset(room, 'x', LARGE_BYTES);
    scroll->length = LARGE_BYTES;
    return 200;
}

static const struct server_route ROUTES[] = {
    {"/thing", "text/x-thing", version, NULL, answer},
    {"/lines", "text/x-lines", version, read_lines, answer},
    {"/rest/", "text/plain", NULL, NULL, answer_rest},
    {"/large", "text/plain", version, NULL, answer_large},
};

static const struct page_asset *asset(const char *path) {
    static const struct page_asset PAGE = {"/", "text/html; charset=utf-8", (const unsigned char *)"<html>",
                                           6};
    return strcmp(path, "/") == 0 ? &PAGE : NULL;
}

static int server_fd_of(const void *server) {
    return server_fd(server);
}
static int server_timeout_of(const void *server) {
    return server_timeout_ms(server);
}
static void server_turn_of(void *server) {
    server_turn(server);
}

static void open_shop(struct shop *shop, const char *listen) {
    struct status status;
    struct server_spec spec = {.listen = listen,
                               .routes = ROUTES,
                               .route_count = sizeof ROUTES / sizeof ROUTES[0],
                               .asset = asset,
                               .context = shop,
                               .patience_ms = PATIENCE_MS};
    *shop = (struct shop){.version = 1};
    shop->server = server_open(&spec, &status);
    assert_non_null(shop->server);
    shop->host = (struct http_host){shop->server, server_fd_of, server_timeout_of, server_turn_of,
                                    server_address(shop->server)};
}

static void close_shop(struct shop *shop) {
    server_close(shop->server);
    assert_int_equal(memory_blocks_held(), 0);
}

static void check_get(const struct http_host *host, const char *path, int code, const char *body) {
    struct http_reply reply = http_client_get(host, path, "");
    assert_int_equal(reply.code, code);
    assert_string_equal(reply.body, body);
    free(reply.bytes);
}

/* Sends bytes as they are; the code of what comes back, 0 when nothing does. */
static int code_of(const struct http_host *host, const char *text, size_t length) {
    int client = http_client_connect(host);
    http_client_send(client, text, length);
    struct http_reply reply = http_client_read(host, client, true);
    int code = reply.code;
    free(reply.bytes);
    close(client);
    return code;
}

static int code_of_text(const struct http_host *host, const char *text) {
    return code_of(host, text, strlen(text));
}

/* ---- manners ---- */

static void answers_have_a_type_and_manners(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    struct http_reply reply = http_client_get(&shop.host, "/thing", "");
    assert_int_equal(reply.code, 200);
    assert_string_equal(reply.body, "version 1 variant 0");
    assert_string_equal(http_client_header(&reply, "Content-Type"), "text/x-thing");
    assert_string_equal(http_client_header(&reply, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(http_client_header(&reply, "Cache-Control"), "no-cache");
    assert_non_null(strstr(http_client_header(&reply, "Content-Security-Policy"), "default-src 'none'"));
    assert_null(http_client_header(&reply, "Access-Control-Allow-Origin"));
    free(reply.bytes);
    reply = http_client_get(&shop.host, "/rest/of", "");
    assert_string_equal(http_client_header(&reply, "Cache-Control"), "no-store");
    free(reply.bytes);
    check_get(&shop.host, "/rest/of/it", 200, "rest 'of/it'");
    check_get(&shop.host, "/rest/gone", 404, "it is gone\n");
    check_get(&shop.host, "/", 200, "<html>");
    close_shop(&shop);
}

static void only_reading_is_allowed(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    const struct http_host *host = &shop.host;
    assert_int_equal(
        code_of_text(host, "POST /thing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"), 405);
    assert_int_equal(
        code_of_text(host, "PUT /thing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\nabcd"),
        405);
    assert_int_equal(code_of_text(host, "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    assert_int_equal(code_of_text(host, "BREW /thing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    assert_int_equal(
        code_of_text(host, "GET /thing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"), 400);
    assert_int_equal(
        code_of_text(
            host,
            "GET /thing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"),
        400);
    assert_int_equal(shop.rendered, 0);
    assert_int_equal(code_of_text(host, "HEAD /thing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    close_shop(&shop);
}

static void a_head_has_no_body(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    int client = http_client_connect(&shop.host);
    static const char TWICE[] =
        "HEAD /thing HTTP/1.1\r\nHost: localhost\r\n\r\nGET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    http_client_send(client, TWICE, strlen(TWICE));
    struct http_reply reply = http_client_read(&shop.host, client, true);
    assert_int_equal(reply.code, 200);
    assert_string_equal(http_client_header(&reply, "Content-Length"), "19");
    assert_true(reply.length == 0 || strncmp(reply.body, "HTTP/1.1 200", 12) == 0);
    free(reply.bytes);
    close(client);
    close_shop(&shop);
}

static void unknown_paths_and_bad_parameters_get_a_sentence(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    check_get(&shop.host, "/thing/", 404, "there is no such page\n");
    check_get(&shop.host, "/thin", 404, "there is no such page\n");
    check_get(&shop.host, "/../../etc/passwd", 404, "there is no such page\n");
    check_get(&shop.host, "/lines", 200, "version 1 variant 5");
    check_get(&shop.host, "/lines?lines=10", 200, "version 1 variant 10");
    static const char *const BAD[] = {"11",  "0", "-1", "", "1e1", "0x1", "5 ", "99999999999999999999999",
                                      "%35x"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/lines?lines=%s", BAD[i]);
        if (strchr(path, ' ') == NULL)
            check_get(&shop.host, path, 400, "'lines' must be a whole number from 1 to 10\n");
    }
    close_shop(&shop);
}

static void names_of_this_machine_alone_are_answered_to(void **state) {
    struct shop shop;
    (void)state;
    assert_true(server_host_is_local("localhost", "127.0.0.1"));
    assert_true(server_host_is_local("LocalHost:8080", "127.0.0.1"));
    assert_true(server_host_is_local("127.0.0.1:1", "127.0.0.1"));
    assert_true(server_host_is_local("[::1]:80", "127.0.0.1"));
    assert_true(server_host_is_local("[::1]", "::1"));
    assert_true(server_host_is_local("127.0.0.9:80", "127.0.0.9"));
    assert_true(server_host_is_local(NULL, "127.0.0.1"));
    static const char *const FOREIGN[] = {"evil.example",
                                          "localhost.evil.example",
                                          "127.0.0.1.evil.example:80",
                                          "127.0.0.1@evil",
                                          "localhostx",
                                          "[::1]evil",
                                          "[::1",
                                          "",
                                          "127.0.0.2",
                                          "[::2]:80",
                                          ":80",
                                          "[]"};
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++)
        assert_false(server_host_is_local(FOREIGN[i], "127.0.0.1"));
    open_shop(&shop, "127.0.0.1:*");
    assert_int_equal(code_of_text(&shop.host, "GET /thing HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
    assert_int_equal(code_of_text(&shop.host, "GET /thing HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n"), 200);
    assert_int_equal(code_of_text(&shop.host, "GET /thing HTTP/1.0\r\n\r\n"), 200);
    assert_int_equal(code_of_text(&shop.host, "GET /thing HTTP/1.1\r\n\r\n"), 400);
    close_shop(&shop);
}

/* ---- the cache ---- */

static void an_answer_is_rendered_once_per_version_and_variant(void **state) {
    struct shop shop;
    int clients[100];
    static const char ASK[] = "GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (size_t i = 0; i < 100; i++) {
        clients[i] = http_client_connect(&shop.host);
        http_client_send(clients[i], ASK, strlen(ASK));
    }
    for (size_t i = 0; i < 100; i++) {
        struct http_reply reply = http_client_read(&shop.host, clients[i], false);
        assert_string_equal(reply.body, "version 1 variant 0");
        free(reply.bytes);
        close(clients[i]);
    }
    assert_int_equal(shop.rendered, 1);
    shop.version = 2;
    for (int i = 0; i < 3; i++) {
        check_get(&shop.host, "/thing", 200, "version 2 variant 0");
        check_get(&shop.host, "/lines?lines=2", 200, "version 2 variant 2");
        check_get(&shop.host, "/lines?lines=3", 200, "version 2 variant 3");
    }
    assert_int_equal(shop.rendered, 4);
    close_shop(&shop);
}

static void more_variants_than_places_are_right_too(void **state) {
    struct shop shop;
    char path[32], body[32];
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 1; i <= 10; i++) {
            shop.version = round * 10 + i;
            snprintf(path, sizeof path, "/lines?lines=%u", i);
            snprintf(body, sizeof body, "version %u variant %u", round * 10 + i, i);
            check_get(&shop.host, path, 200, body);
            snprintf(body, sizeof body, "version %u variant 0", round * 10 + i);
            check_get(&shop.host, "/thing", 200, body);
        }
    close_shop(&shop);
}

static void what_a_client_has_already_costs_no_body(void **state) {
    struct shop shop;
    char header[256];
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    static const char *const PATHS[] = {"/thing", "/"};
    for (int i = 0; i < 2; i++) {
        struct http_reply reply = http_client_get(&shop.host, PATHS[i], "");
        snprintf(header, sizeof header, "If-None-Match: %s\r\n", http_client_header(&reply, "ETag"));
        free(reply.bytes);
        reply = http_client_get(&shop.host, PATHS[i], header);
        assert_int_equal(reply.code, 304);
        assert_int_equal(reply.length, 0);
        free(reply.bytes);
    }
    struct http_reply reply = http_client_get(&shop.host, "/thing", "");
    snprintf(header, sizeof header, "If-None-Match: %s\r\n", http_client_header(&reply, "ETag"));
    free(reply.bytes);
    shop.version = 2;
    reply = http_client_get(&shop.host, "/thing", header);
    assert_int_equal(reply.code, 200);
    free(reply.bytes);
    close_shop(&shop);
}

/* ---- clients that mean no good ---- */

static void garbage_hurts_nobody(void **state) {
    struct shop shop;
    unsigned seed = 7;
    char bytes[3000];
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (int round = 0; round < 60; round++) {
        size_t length = 1 + (seed = seed * 1664525u + 1013904223u) % sizeof bytes;
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
        int client = http_client_connect(&shop.host);
        if (round % 2 == 0)
            http_client_send(client, "GET /thing HTTP/1.1\r\nHost: ", 27);
        http_client_send(client, bytes, length);
        http_client_turn(&shop.host, 2);
        close(client);
    }
    check_get(&shop.host, "/thing", 200, "version 1 variant 0");
    close_shop(&shop);
}

static void huge_headers_are_refused(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    size_t length = 4 * SERVER_REQUEST_BYTES;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'a', length);
    memcpy(text, "GET /thing HTTP/1.1\r\nX: ", 24);
    int code = code_of(&shop.host, text, length);
    assert_true(code == 431 || code == 413 || code == 0);
    memcpy(text, "GET /", 5);
    memset(text + 5, 'a', 40);
    code = code_of(&shop.host, text, length);
    assert_true(code == 414 || code == 431 || code == 0);
    assert_int_equal(shop.rendered, 0);
    free(text);
    check_get(&shop.host, "/thing", 200, "version 1 variant 0");
    close_shop(&shop);
}

/* More of them than there are places, each with a byte now and then. */
static void slow_clients_cannot_hold_all_places(void **state) {
    enum { SLOW = SERVER_CONNECTIONS + 20 };
    struct shop shop;
    static int slow[SLOW];
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (size_t i = 0; i < SLOW; i++) {
        slow[i] = http_client_connect(&shop.host);
        http_client_send(slow[i], "GET /th", 7);
        if (i % 64 == 63)
            http_client_turn(&shop.host, 10);
    }
    int good = http_client_connect(&shop.host);
    static const char ASK[] = "GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    http_client_send(good, ASK, strlen(ASK));
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < SLOW; i++)
            http_client_send(slow[i], "i", 1);
        http_client_turn(&shop.host, 100);
    }
    struct http_reply reply = http_client_read(&shop.host, good, false);
    assert_int_equal(reply.code, 200);
    free(reply.bytes);
    close(good);
    for (size_t i = 0; i < SLOW; i++)
        close(slow[i]);
    close_shop(&shop);
}

/* They hold an answer of megabytes each, one and the same, while others are served. */
static void clients_that_do_not_read_hold_nobody_up(void **state) {
    enum { LAZY = 50 };
    struct shop shop;
    int lazy[LAZY];
    static const char ASK[] = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (size_t i = 0; i < LAZY; i++) {
        lazy[i] = http_client_connect(&shop.host);
        http_client_send(lazy[i], ASK, strlen(ASK));
    }
    http_client_turn(&shop.host, 50);
    size_t held = memory_blocks_held();
    assert_true(held <= 3); /* server, and one answer: its bytes and their parcel */
    check_get(&shop.host, "/thing", 200, "version 1 variant 0");
    for (int i = 0; i < 10; i++) {
        shop.version++; /* the old answer lives as long as it is sent */
        check_get(&shop.host, "/rest/x", 200, "rest 'x'");
    }
    http_client_turn(&shop.host, PATIENCE_MS + 1500);
    check_get(&shop.host, "/thing", 200, "version 11 variant 0");
    for (size_t i = 0; i < LAZY; i++)
        close(lazy[i]);
    close_shop(&shop);
}

/* The machine may be busy with other things. */
static void turn_until_answered(struct shop *shop, int client) {
    char byte;
    for (int turns = 0; turns < 500 && recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1; turns++)
        http_client_turn(&shop->host, 10);
}

/* Each has an answer of its own: there is an end to it, and it passes. */
static void answers_that_nobody_reads_are_bounded(void **state) {
    enum { LAZY = 20 };
    struct shop shop;
    int lazy[LAZY];
    static const char ASK[] = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    for (size_t i = 0; i < LAZY; i++) {
        shop.version++;
        lazy[i] = http_client_connect(&shop.host);
        http_client_send(lazy[i], ASK, strlen(ASK));
        turn_until_answered(&shop, lazy[i]);
    }
    assert_true(memory_blocks_held() <= 1 + 2 * (REPLY_HELD_BYTES / LARGE_BYTES));
    assert_int_equal(code_of_text(&shop.host, ASK), 503);
    check_get(&shop.host, "/rest/x", 200, "rest 'x'");
    http_client_turn(&shop.host, PATIENCE_MS + 1500);
    assert_int_equal(code_of_text(&shop.host, ASK), 200);
    for (size_t i = 0; i < LAZY; i++)
        close(lazy[i]);
    close_shop(&shop);
}

/* ---- places ---- */

static void a_place_that_is_none_is_named(void **state) {
    static const char *const BAD[] = {
        "",       "127.0.0.1", "127.0.0.1:",      "127.0.0.1:x", ":80", "localhost:70000",
        "::1:80", "[::1]",     "host.invalid:80", "127.0.0.1:-1"};
    struct status status;
    struct server_spec spec = {.routes = ROUTES, .route_count = 1};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        spec.listen = BAD[i];
        assert_null(server_open(&spec, &status));
        assert_int_equal(status.code, STATUS_CONFIG);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_port_can_be_preferred_or_taken(void **state) {
    struct shop first, second;
    struct status status;
    char place[64];
    (void)state;
    open_shop(&first, "127.0.0.1:*");
    int port = atoi(strrchr(server_address(first.server), ':') + 1);
    snprintf(place, sizeof place, "127.0.0.1:%d", port);
    assert_string_equal(server_address(first.server), place);
    struct server_spec spec = {.listen = place, .routes = ROUTES, .route_count = 1};
    assert_null(server_open(&spec, &status));
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.text, place));
    spec.listen = "127.0.0.1:*";
    spec.preferred_port = port;
    second.server = server_open(&spec, &status);
    assert_non_null(second.server);
    assert_string_not_equal(server_address(second.server), place);
    server_close(second.server);
    server_close(first.server);
    second.server = server_open(&spec, &status);
    assert_non_null(second.server);
    assert_string_equal(server_address(second.server), place);
    close_shop(&second);
}

static void listeners_on_every_interface_name_this_host(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "*:*");
    char name[256] = "";
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    assert_memory_equal(server_address(shop.server), name, strlen(name));
    char place[64];
    snprintf(place, sizeof place, "127.0.0.1%s", strrchr(server_address(shop.server), ':'));
    shop.host.address = place;
    assert_int_equal(code_of_text(&shop.host, "GET /thing HTTP/1.1\r\nHost: any.example\r\n\r\n"), 200);
    close_shop(&shop);
}

static void a_lack_of_memory_costs_an_answer_not_the_server(void **state) {
    struct shop shop;
    (void)state;
    open_shop(&shop, "127.0.0.1:*");
    memory_fail_after(1);
    struct http_reply reply = http_client_get(&shop.host, "/thing", "");
    assert_true(reply.code == 503 || reply.code == 0);
    free(reply.bytes);
    memory_fail_after(0);
    check_get(&shop.host, "/thing", 200, "version 1 variant 0");
    close_shop(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_a_type_and_manners),
        cmocka_unit_test(only_reading_is_allowed),
        cmocka_unit_test(a_head_has_no_body),
        cmocka_unit_test(unknown_paths_and_bad_parameters_get_a_sentence),
        cmocka_unit_test(names_of_this_machine_alone_are_answered_to),
        cmocka_unit_test(an_answer_is_rendered_once_per_version_and_variant),
        cmocka_unit_test(more_variants_than_places_are_right_too),
        cmocka_unit_test(what_a_client_has_already_costs_no_body),
        cmocka_unit_test(garbage_hurts_nobody),
        cmocka_unit_test(huge_headers_are_refused),
        cmocka_unit_test(slow_clients_cannot_hold_all_places),
        cmocka_unit_test(clients_that_do_not_read_hold_nobody_up),
        cmocka_unit_test(answers_that_nobody_reads_are_bounded),
        cmocka_unit_test(a_place_that_is_none_is_named),
        cmocka_unit_test(a_port_can_be_preferred_or_taken),
        cmocka_unit_test(listeners_on_every_interface_name_this_host),
        cmocka_unit_test(a_lack_of_memory_costs_an_answer_not_the_server),
    };
    return cmocka_run_group_tests_name("monitor_server", tests, NULL, NULL);
}
