/* The API's documents, as a program reads them, over HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../scratch.h"
#include "core/memory.h"
#include "http_client.h"
#include "monitor/api.h"
#include "monitor/http.h"
#include "monitor/log_tail.h"
#include "monitor/metrics.h"
#include "monitor_scene.h"

struct page {
    struct scene scene;
    struct http *http;
    struct http_host host;
};

static int fd_of(const void *http) {
    return http_fd(http);
}
static int timeout_of(const void *http) {
    return http_timeout_ms(http);
}
static void turn_of(void *http) {
    http_turn(http);
}

static void open_page(struct page *page) {
    struct status status;
    page->http = http_open("127.0.0.1:*", 0, &page->scene.source, &status);
    assert_non_null(page->http);
    page->host = (struct http_host){page->http, fd_of, timeout_of, turn_of, http_address(page->http)};
}

static void close_page(struct page *page) {
    http_close(page->http);
    scene_free(&page->scene);
    assert_int_equal(memory_blocks_held(), 0);
}

static json_t *get(const struct page *page, const char *path) {
    json_error_t error;
    struct http_reply reply = http_client_get(&page->host, path, "");
    assert_int_equal(reply.code, 200);
    assert_string_equal(http_client_header(&reply, "Content-Type"), "application/json");
    json_t *document = json_loadb(reply.body, reply.length, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        fail_msg("%s: %s", path, error.text);
    free(reply.bytes);
    return document;
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("'%s' is no number", key);
    return json_number_value(value);
}

static const char *text(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* ---- the documents have the keys of docs/MONITORING.md, and no others ---- */

/* The page's keys below a heading: every quoted word in its block of code. */
static char *documented(const char *heading) {
    size_t length;
    char *page = (char *)scratch_read(TESTS_DIR "/../docs/MONITORING.md", &length);
    page[length] = '\0';
    char *begin = strstr(page, heading);
    assert_non_null(begin);
    char *block = strstr(begin, "\n    {");
    assert_non_null(block);
    memmove(page, block, strlen(block) + 1);
    *strstr(page + 1, "\n\n") = '\0';
    return page;
}

/* Goes through the objects of a document, whose keys must come in the order of the page. */
static void check_keys(const json_t *value, const char **at) {
    const char *key;
    json_t *inner;
    char quoted[64];
    if (json_is_array(value)) {
        if (json_is_object(json_array_get(value, 0)))
            check_keys(json_array_get(value, 0), at);
        return;
    }
    json_object_foreach((json_t *)value, key, inner) {
        snprintf(quoted, sizeof quoted, "\"%s\"", key);
        const char *next = strchr(*at, '"');
        if (next == NULL || strncmp(next, quoted, strlen(quoted)) != 0)
            fail_msg("%s is not where the page has %.30s", quoted, next == NULL ? "nothing" : next);
        *at = next + strlen(quoted);
        if (strncmp(*at, ": [points]", 10) != 0)
            check_keys(inner, at);
    }
}

static void check_documented(const struct page *page, const char *path, const char *heading) {
    json_t *document = get(page, path);
    char *keys = documented(heading);
    const char *at = keys;
    check_keys(document, &at);
    if (strchr(at, '"') != NULL)
        fail_msg("%s has no %s", path, strchr(at, '"'));
    free(keys);
    json_decref(document);
}

static void documents_have_the_keys_of_the_page(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 2, 2, 5);
    scene_model(&page.scene, 1, 20);
    open_page(&page);
    check_documented(&page, "/api/v1/status", "### /api/v1/status");
    check_documented(&page, "/api/v1/series", "### /api/v1/series");
    check_documented(&page, "/api/v1/model", "### /api/v1/model");
    close_page(&page);
}

/* ---- values ---- */

static void the_status_says_what_the_board_holds(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 3, 2, 4);
    open_page(&page);
    json_t *status = get(&page, "/api/v1/status");
    const json_t *run = json_object_get(status, "run"), *progress = json_object_get(status, "progress");
    assert_string_equal(text(run, "folder"), "/runs/made-\xEF\xBF\xBDup");
    assert_string_equal(text(run, "stage"), "training");
    assert_true(number(run, "started_unix") == 1700000000.25);
    assert_true(json_is_null(json_object_get(run, "exit_code")));
    assert_true(json_is_false(json_object_get(run, "resumed")));
    assert_true(number(progress, "step") == 4);
    assert_true(number(progress, "workers_up") == 1);
    assert_true(json_is_null(json_object_get(progress, "checkpoint_age_s")));
    const json_t *shard = json_array_get(json_object_get(status, "shards"), 2);
    assert_int_equal(json_array_size(json_object_get(status, "shards")), 3);
    assert_true(number(shard, "shard") == 2 && number(shard, "pulls") == 4002 &&
                number(shard, "busy") == 0.25);
    assert_string_equal(text(shard, "page"), "127.0.0.1:4000");
    assert_string_equal(text(json_array_get(json_object_get(status, "workers"), 1), "state"), "lost");
    const json_t *epoch = json_array_get(json_object_get(status, "epochs"), 0);
    assert_true(number(epoch, "train_loss") == 0.1 && number(epoch, "valid_loss") == 0.7629);
    const json_t *events = json_object_get(status, "events");
    const json_t *event = json_array_get(events, json_array_size(events) - 1);
    assert_string_equal(text(event, "event"), "checkpoint");
    assert_non_null(strstr(text(event, "text"), "<now>"));
    json_decref(status);
    close_page(&page);
}

static void an_end_is_told(void **state) {
    struct page page;
    struct status outcome = {.code = STATUS_UNAVAILABLE, .text = "pserver 1 is lost"};
    (void)state;
    scene_make(&page.scene, 1, 1, 1);
    board_over(&page.scene.board, &outcome, 9);
    open_page(&page);
    json_t *status = get(&page, "/api/v1/status");
    const json_t *run = json_object_get(status, "run");
    assert_string_equal(text(run, "stage"), "over");
    assert_true(number(run, "exit_code") == 69);
    assert_string_equal(text(run, "reason"), "pserver 1 is lost");
    json_decref(status);
    close_page(&page);
}

static void nothing_yet_is_valid_too(void **state) {
    static const char *const PATHS[] = {"/api/v1/status", "/api/v1/series", "/api/v1/model", "/api/v1/logs"};
    struct page page;
    (void)state;
    scene_make(&page.scene, 2, 2, 0);
    open_page(&page);
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
        json_decref(get(&page, PATHS[i]));
    json_t *model = get(&page, "/api/v1/model");
    assert_true(number(model, "epoch") == 0);
    json_decref(model);
    close_page(&page);
}

static size_t column_length(const json_t *series, const char *column) {
    return json_array_size(json_object_get(series, column));
}

static void a_series_goes_on_where_a_client_stands(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 2, 3, 10);
    open_page(&page);
    json_t *whole = get(&page, "/api/v1/series");
    assert_true(json_is_true(json_object_get(whole, "whole")));
    assert_true(number(whole, "serial") == 10);
    assert_int_equal(column_length(whole, "seconds"), 10);
    const json_t *shard = json_array_get(json_object_get(whole, "shards"), 1);
    assert_int_equal(column_length(shard, "pulls_per_s"), 10);
    assert_true(json_number_value(json_array_get(json_object_get(shard, "pulls_per_s"), 9)) ==
                1250); /* 1245.5 */
    const json_t *down = json_array_get(json_object_get(whole, "workers"), 2);
    assert_true(json_is_null(json_array_get(json_object_get(down, "ratings_per_s"), 0)));
    json_decref(whole);
    json_t *later = get(&page, "/api/v1/series?after=7");
    assert_true(json_is_false(json_object_get(later, "whole")));
    assert_int_equal(column_length(later, "loss"), 3);
    assert_true(json_number_value(json_array_get(json_object_get(later, "seconds"), 0)) == 8);
    json_decref(later);
    json_t *none = get(&page, "/api/v1/series?after=10");
    assert_true(json_is_false(json_object_get(none, "whole")));
    assert_int_equal(column_length(none, "loss"), 0);
    json_decref(none);
    json_t *other = get(&page, "/api/v1/series?after=11");
    assert_true(json_is_true(json_object_get(other, "whole")));
    json_decref(other);
    struct http_reply reply = http_client_get(&page.host, "/api/v1/series?after=x", "");
    assert_int_equal(reply.code, 400);
    free(reply.bytes);
    close_page(&page);
}

static void a_series_that_was_thinned_is_sent_whole(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 1, 1, SERIES_SAMPLES + 10);
    const struct series *series = &page.scene.series;
    assert_int_equal(series->keep_every, 2);
    assert_int_equal(api_series_first(series, 5), 0);
    assert_int_equal(api_series_first(series, SERIES_SAMPLES - 1), 0);
    assert_int_equal(api_series_first(series, SERIES_SAMPLES + 6), series->count - 2);
    assert_int_equal(api_series_first(series, series->taken), series->count);
    for (int i = 0; i < 2 * API_NEWEST + 20; i++)
        scene_report(&page.scene);
    assert_int_equal(api_series_first(series, SERIES_SAMPLES + 6), 0);
    open_page(&page);
    json_t *whole = get(&page, "/api/v1/series?after=5");
    assert_int_equal(column_length(whole, "seconds"), series->count);
    json_decref(whole);
    close_page(&page);
}

static void the_model_is_shown_by_its_movies(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 1, 1, 1);
    scene_model(&page.scene, 2, 1000);
    page.scene.source.popular = 400;
    open_page(&page);
    json_t *model = get(&page, "/api/v1/model");
    const json_t *points = json_object_get(model, "points"), *best = json_object_get(model, "best"),
                 *worst = json_object_get(model, "worst");
    assert_true(number(model, "epoch") == 2);
    assert_true(number(json_array_get(json_object_get(model, "components"), 1), "share") == 0.125);
    assert_int_equal(json_array_size(points), 300);
    assert_string_equal(text(json_array_get(points, 0), "title"), "Movie 999");
    assert_string_equal(text(json_array_get(points, 299), "id"), "700");
    assert_int_equal(json_array_size(best), 10);
    assert_string_equal(text(json_array_get(best, 0), "title"), "Movie 999");
    assert_string_equal(text(json_array_get(worst, 0), "title"), "Movie 600"); /* the 400 most-rated */
    assert_true(number(json_array_get(worst, 9), "bias") == 6.09);
    assert_true(json_number_value(json_array_get(json_object_get(json_array_get(best, 1), "scores"), 1)) ==
                -998);
    json_decref(model);
    close_page(&page);
}

static void a_change_makes_a_new_answer(void **state) {
    struct page page;
    (void)state;
    scene_make(&page.scene, 1, 1, 1);
    open_page(&page);
    json_decref(get(&page, "/api/v1/status"));
    scene_report(&page.scene);
    json_t *before = get(&page, "/api/v1/status");
    assert_true(number(json_object_get(before, "progress"), "step") == 1);
    json_decref(before);
    http_changed(page.http);
    json_t *after = get(&page, "/api/v1/status");
    assert_true(number(json_object_get(after, "progress"), "step") == 2);
    json_decref(after);
    close_page(&page);
}

/* ---- health, readiness, logs ---- */

static bool say(void *context, char *sentence, size_t capacity) {
    const bool *good = context;
    if (!*good)
        snprintf(sentence, capacity, "not now");
    return *good;
}

static void check_code(const struct page *page, const char *path, int code, const char *body) {
    struct http_reply reply = http_client_get(&page->host, path, "");
    assert_int_equal(reply.code, code);
    assert_string_equal(reply.body, body);
    free(reply.bytes);
}

static void health_and_readiness_are_asked_anew(void **state) {
    struct page page;
    bool good = false;
    (void)state;
    scene_make(&page.scene, 1, 1, 1);
    page.scene.source.ready = say;
    page.scene.source.context = &good;
    open_page(&page);
    check_code(&page, "/healthz", 200, "ok\n");
    check_code(&page, "/readyz", 503, "not now\n");
    good = true;
    check_code(&page, "/readyz", 200, "ok\n");
    close_page(&page);
}

static void logs_are_read_from_their_end(void **state) {
    struct page page;
    struct scratch scratch;
    char line[32], folder[64];
    (void)state;
    scratch_make(&scratch);
    scratch_text(&scratch, "outside.log", "root: of another folder");
    snprintf(folder, sizeof folder, "%s", scratch.folder);
    snprintf(scratch.folder, sizeof scratch.folder, "%s/logs", folder);
    assert_int_equal(mkdir(scratch.folder, 0700), 0);
    FILE *file = fopen(scratch_path(&scratch, "worker-0.log"), "w");
    assert_non_null(file);
    for (int i = 0; i < 300000; i++)
        fprintf(file, "line %d\n", i);
    fclose(file);
    scratch_text(&scratch, "empty.log", "");
    scratch_text(&scratch, "a.log", "no newline");
    scratch_text(&scratch, "secret", "not a log");
    scratch_text(&scratch, ".hidden.log", "hidden");
    assert_int_equal(symlink("/etc/passwd", scratch_path(&scratch, "link.log")), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "folder.log"), 0700), 0);
    assert_int_equal(mkfifo(scratch_path(&scratch, "fifo.log"), 0600), 0);
    scene_make(&page.scene, 1, 1, 1);
    page.scene.source.logs = scratch.folder;
    open_page(&page);
    json_t *names = get(&page, "/api/v1/logs");
    assert_string_equal(json_string_value(json_array_get(names, 0)), "a.log");
    assert_string_equal(json_string_value(json_array_get(names, json_array_size(names) - 1)), "worker-0.log");
    json_decref(names);
    check_code(&page, "/api/v1/logs/worker-0.log?lines=2", 200, "line 299998\nline 299999\n");
    check_code(&page, "/api/v1/logs/a.log", 200, "no newline");
    check_code(&page, "/api/v1/logs/empty.log?lines=1", 200, "");
    struct http_reply reply = http_client_get(&page.host, "/api/v1/logs/worker-0.log?lines=10000", "");
    snprintf(line, sizeof line, "line %d\n", 290000);
    assert_memory_equal(reply.body, line, strlen(line));
    free(reply.bytes);
    static const char *const NONE[] = {"secret",
                                       ".hidden.log",
                                       "link.log",
                                       "folder.log",
                                       "fifo.log",
                                       "absent.log",
                                       "../../etc/passwd",
                                       "%2e%2e/x.log",
                                       "../outside.log",
                                       "..%2foutside.log",
                                       "%2e%2e%2foutside.log",
                                       "folder.log/../../outside.log",
                                       "a.log/",
                                       "%2fetc%2fpasswd.log",
                                       "a.log%00",
                                       "",
                                       ".log",
                                       "a%0a.log"};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "/api/v1/logs/%s", NONE[i]);
        reply = http_client_get(&page.host, path, "");
        if (reply.code != 404 && reply.code != 400 && !(strstr(NONE[i], "%00") && reply.code == 200))
            fail_msg("%s gives %d", path, reply.code);
        assert_null(strstr(reply.body, "root:"));
        free(reply.bytes);
    }
    check_code(&page, "/api/v1/logs/a.log?lines=0", 400, "'lines' must be a whole number from 1 to 10000\n");
    close_page(&page);
    scratch_remove(folder);
}

static void a_log_without_lines_is_bounded(void **state) {
    struct scratch scratch;
    struct scroll scroll = {0};
    (void)state;
    scratch_make(&scratch);
    char *bytes = malloc(3 << 20);
    assert_non_null(bytes);
    memset(bytes, 'x', 3 << 20);
    scratch_write(&scratch, "x.log", bytes, 3 << 20);
    assert_int_equal(log_tail_read(&scroll, scratch.folder, "x.log", 10), 200);
    assert_int_equal(scroll.length, LOG_TAIL_BYTES);
    scroll_free(&scroll);
    free(bytes);
    scratch_remove(scratch.folder);
}

/* ---- size and speed ---- */

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The largest run there is, full of samples. Bounds are wide, since machines may be busy; the numbers are printed. */
static void a_large_run_is_shown_fast(void **state) {
    static const char *const PATHS[] = {"/api/v1/status", "/api/v1/series", "/metrics"};
    struct page page;
    (void)state;
    scene_make(&page.scene, 256, 256, SERIES_SAMPLES);
    open_page(&page);
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        double best = INFINITY, wall = INFINITY;
        size_t length = 0;
        for (int round = 0; round < 3; round++) {
            struct scroll scroll = {0};
            double cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID), now = seconds_of(CLOCK_MONOTONIC);
            if (i == 0)
                api_status(&scroll, &page.scene.board);
            else if (i == 1)
                api_series(&scroll, &page.scene.series, 0);
            else
                metrics_run(&scroll, &page.scene.board);
            best = fmin(best, seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu);
            wall = fmin(wall, seconds_of(CLOCK_MONOTONIC) - now);
            length = scroll.length;
            scroll_free(&scroll);
        }
        print_message(
            "%s of 256 pservers, 256 workers, 2048 samples: %.1f ms (%.1f ms of processor), %zu kB\n",
            PATHS[i], wall * 1e3, best * 1e3, length / 1000);
        assert_true(best < 1);
    }
    json_decref(get(&page, "/api/v1/series"));
    close_page(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_have_the_keys_of_the_page),
        cmocka_unit_test(the_status_says_what_the_board_holds),
        cmocka_unit_test(an_end_is_told),
        cmocka_unit_test(nothing_yet_is_valid_too),
        cmocka_unit_test(a_series_goes_on_where_a_client_stands),
        cmocka_unit_test(a_series_that_was_thinned_is_sent_whole),
        cmocka_unit_test(the_model_is_shown_by_its_movies),
        cmocka_unit_test(a_change_makes_a_new_answer),
        cmocka_unit_test(health_and_readiness_are_asked_anew),
        cmocka_unit_test(logs_are_read_from_their_end),
        cmocka_unit_test(a_log_without_lines_is_bounded),
        cmocka_unit_test(a_large_run_is_shown_fast),
    };
    return cmocka_run_group_tests_name("monitor_api", tests, NULL, NULL);
}
