/* Prometheus' text: its grammar, its names, and a member's own page with its thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../scratch.h"
#include "core/memory.h"
#include "http_client.h"
#include "monitor/member_page.h"
#include "monitor/metrics.h"
#include "monitor_scene.h"

static char *text_of(struct scroll *scroll) {
    scroll_put(scroll, "", 1);
    assert_false(scroll->failed);
    return scroll->bytes;
}

static void check_has(const char *text, const char *line) {
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(text, whole) == NULL)
        fail_msg("there is no line '%s'", line);
}

/* Lines are comments or samples, each family has one head, and its samples follow it; the names of the types keep the rules of
 * Prometheus' own linter. */
static void check_grammar(char *text) {
    regex_t sample;
    char name[128] = "", kind[32] = "", *rest;
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_int_equal(regcomp(&sample,
                             "^[a-z_]+(\\{(shard|worker|le|version)=\"[^\"]*\"(,le=\"[^\"]*\")?\\})? "
                             "(-?[0-9.]+(e[+-][0-9]+)?)$",
                             REG_EXTENDED),
                     0);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_true(strlen(strchr(line + 7, ' ')) > 8);
            assert_int_equal(line[strlen(line) - 1], '.');
            continue;
        }
        if (sscanf(line, "# TYPE %127s %31s", name, kind) == 2) {
            size_t length = strlen(name);
            bool total = length > 6 && strcmp(name + length - 6, "_total") == 0;
            if (total != (strcmp(kind, "counter") == 0))
                fail_msg("%s is a %s", name, kind);
            continue;
        }
        if (regexec(&sample, line, 0, NULL, 0) != 0 || strncmp(line, name, strlen(name)) != 0)
            fail_msg("'%s' does not belong to %s", line, name);
    }
    regfree(&sample);
}

static void check_heads_once(const char *text) {
    char head[256];
    for (const char *at = text; (at = strstr(at, "# TYPE ")) != NULL; at++) {
        snprintf(head, sizeof head, "%.*s", (int)strcspn(at + 7, "\n") + 7, at);
        if (strstr(at + 1, head) != NULL)
            fail_msg("'%s' comes twice", head);
    }
}

static void a_run_is_told(void **state) {
    struct scene scene;
    struct scroll scroll = {0};
    (void)state;
    scene_make(&scene, 2, 3, 4);
    metrics_run(&scroll, &scene.board);
    char *text = text_of(&scroll);
    check_has(text, "dotbias_build_info{version=\"" DOTBIAS_VERSION "\"} 1");
    check_has(text, "dotbias_run_stage 1");
    check_has(text, "dotbias_run_step 4");
    check_has(text, "dotbias_run_train_loss 1");
    check_has(text, "dotbias_run_start_time_seconds 1700000000.25");
    check_has(text, "dotbias_run_workers_up 2");
    check_has(text, "dotbias_shard_up{shard=\"1\"} 1");
    check_has(text, "dotbias_shard_pulls_total{shard=\"0\"} 4000");
    check_has(text, "dotbias_shard_pulls_total{shard=\"1\"} 4001");
    check_has(text, "dotbias_shard_busy_ratio{shard=\"1\"} 0.75");
    check_has(text, "dotbias_worker_up{worker=\"2\"} 0");
    check_has(text, "dotbias_worker_lost{worker=\"2\"} 1");
    check_has(text, "dotbias_worker_compute_seconds_total{worker=\"0\"} 2.4");
    assert_null(strstr(text, "\ndotbias_run_checkpoint_age_seconds ")); /* NaN */
    assert_null(strstr(text, "nan"));
    check_heads_once(text);
    check_grammar(text);
    scroll_free(&scroll);
    scene_free(&scene);
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_histogram_counts_up_to_each_bound(void **state) {
    struct figures figures = {.counters.pulls = 3};
    struct scroll scroll = {0};
    static const uint64_t VALUES[] = {0, 1, 3, 3, 1000000, UINT64_C(1) << 40};
    (void)state;
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        tally_add(&figures.tallies.pull_us, VALUES[i]);
        tally_add(&figures.tallies.staleness, VALUES[i]);
    }
    metrics_member(&scroll, ROLE_PSERVER, &figures);
    char *text = text_of(&scroll);
    check_has(text, "dotbias_process_pulls_total 3");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"0\"} 1");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"1e-06\"} 2");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"2e-06\"} 2");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"4e-06\"} 4");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"1.048576\"} 5");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"8.388608\"} 5");
    check_has(text, "dotbias_process_pull_seconds_bucket{le=\"+Inf\"} 6");
    check_has(text, "dotbias_process_pull_seconds_sum 1099512.627783");
    check_has(text, "dotbias_process_pull_seconds_count 6");
    check_has(text, "dotbias_process_staleness_steps_bucket{le=\"512\"} 4");
    assert_null(strstr(text, "staleness_steps_bucket{le=\"1024\"}"));
    check_has(text, "dotbias_process_staleness_steps_bucket{le=\"+Inf\"} 6");
    assert_null(strstr(text, "dotbias_process_ratings_total"));
    check_heads_once(text);
    check_grammar(text);
    scroll_free(&scroll);
}

static void a_process_is_told_by_the_usual_names(void **state) {
    struct scroll scroll = {0};
    double start = 0;
    (void)state;
    metrics_member(&scroll, ROLE_WORKER, NULL);
    char *text = text_of(&scroll);
    assert_null(strstr(text, "dotbias_process_"));
    const char *at = strstr(text, "\nprocess_start_time_seconds ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\nprocess_start_time_seconds %lf", &start), 1);
    assert_true(start > (double)time(NULL) - 3600 && start <= (double)time(NULL) + 1);
    at = strstr(text, "\nprocess_open_fds ");
    assert_non_null(at);
    assert_in_range(atoi(at + 18), 3, 1000);
    at = strstr(text, "\nprocess_resident_memory_bytes ");
    assert_non_null(at);
    assert_in_range(atol(at + 31), 1 << 20, 1 << 30);
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total "));
    scroll_free(&scroll);
}

/* ---- what is shipped for Prometheus and Grafana names nothing that is not there ---- */

/* Whether a name is a metric's, or a histogram's with an ending. */
static bool is_told(const char *text, const char *name, size_t length) {
    static const char *const ENDINGS[] = {"", "_bucket", "_sum", "_count"};
    char head[256];
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        size_t ending = strlen(ENDINGS[i]);
        if (length <= ending || strncmp(name + length - ending, ENDINGS[i], ending) != 0)
            continue;
        snprintf(head, sizeof head, "\n# TYPE %.*s %s", (int)(length - ending), name,
                 ending > 0 ? "histogram" : "");
        if (strstr(text, head) != NULL)
            return true;
    }
    return false;
}

/* Names in a shipped file: what begins with a prefix and is no part of a longer word. */
static size_t check_names(const char *text, const char *shipped, const char *prefix) {
    size_t seen = 0;
    for (const char *at = shipped; (at = strstr(at, prefix)) != NULL;) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
        bool whole = at == shipped || strchr("abcdefghijklmnopqrstuvwxyz_", at[-1]) == NULL;
        if (whole && !is_told(text, at, length))
            fail_msg("there is no metric %.*s", (int)length, at);
        seen += whole;
        at += length;
    }
    return seen;
}

static void dashboards_and_rules_name_metrics_that_are_told(void **state) {
    static const char *const FILES[] = {"grafana.json", "alerts.yml", "alerts_test.yml"};
    struct scene scene;
    struct scroll scroll = {0};
    char path[512];
    size_t length;
    (void)state;
    scene_make(&scene, 1, 1, 1);
    metrics_run(&scroll, &scene.board);
    const char *text = text_of(&scroll);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(path, sizeof path, TESTS_DIR "/../dashboards/%s", FILES[i]);
        char *shipped = (char *)scratch_read(path, &length);
        shipped[length] = '\0';
        assert_true(check_names(text, shipped, "dotbias_") > 10);
        check_names(text, shipped, "process_");
        free(shipped);
    }
    scroll_free(&scroll);
    scene_free(&scene);
}

/* ---- a member's page; its thread does the turning ---- */

static atomic_uint_least64_t turned;

static uint64_t turned_us(void *context) {
    (void)context;
    return atomic_load(&turned);
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int no_fd(const void *server) {
    (void)server;
    return -1;
}
static int no_timeout(const void *server) {
    (void)server;
    return 20;
}
static void no_turn(void *server) {
    (void)server;
}

static void check_code(const struct http_host *host, const char *path, int code, const char *body) {
    struct http_reply reply = http_client_get(host, path, "");
    assert_int_equal(reply.code, code);
    assert_non_null(strstr(reply.body, body));
    free(reply.bytes);
}

static void a_member_answers_by_itself(void **state) {
    struct member_page_spec spec = {
        .listen = "127.0.0.1:*", .role = ROLE_WORKER, .patience_us = 5000000, .turned_us = turned_us};
    struct status status;
    struct figures figures = {.counters = {.ratings = 41, .wait_us = 1500000}};
    (void)state;
    atomic_store(&turned, now_us());
    struct member_page *page = member_page_start(&spec, &status);
    assert_non_null(page);
    struct http_host host = {NULL, no_fd, no_timeout, no_turn, member_page_address(page)};
    check_code(&host, "/readyz", 503, "not welcomed");
    check_code(&host, "/healthz", 200, "ok");
    for (int i = 0; i < 500; i++) { /* more than the pipe holds: nothing waits, the thread catches up */
        figures.counters.ratings++;
        member_page_show(page, &figures);
    }
    check_code(&host, "/readyz", 200, "ok");
    usleep(50000);
    figures.counters.ratings = 7000;
    member_page_show(page, &figures);
    check_code(&host, "/metrics", 200, "\ndotbias_process_ratings_total 7000\n");
    check_code(&host, "/metrics", 200, "\ndotbias_process_wait_seconds_total 1.5\n");
    check_code(&host, "/", 404, "no such page");
    atomic_store(&turned, now_us() - 6000000);
    check_code(&host, "/healthz", 503, "the loop has not turned for 6.");
    member_page_stop(page);
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_member_without_a_place_says_so(void **state) {
    struct member_page_spec spec = {.listen = "host.invalid:*", .role = ROLE_WORKER, .turned_us = turned_us};
    struct status status;
    (void)state;
    assert_null(member_page_start(&spec, &status));
    assert_int_equal(status.code, STATUS_CONFIG);
    member_page_stop(NULL);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told),
        cmocka_unit_test(a_histogram_counts_up_to_each_bound),
        cmocka_unit_test(a_process_is_told_by_the_usual_names),
        cmocka_unit_test(dashboards_and_rules_name_metrics_that_are_told),
        cmocka_unit_test(a_member_answers_by_itself),
        cmocka_unit_test(a_member_without_a_place_says_so),
    };
    return cmocka_run_group_tests_name("monitor_metrics", tests, NULL, NULL);
}
