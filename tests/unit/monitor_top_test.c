/* The picture of `dotbias top`, against golden text: wide, narrow, sorted, scrolled, and of statuses that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/top.h"
#include "monitor/top_fetch.h"

static const char STATUS[] =
    "{'run': {'name': 'demo-1', 'stage': 'training', 'exit_code': null, 'reason': ''},"
    " 'progress': {'epoch': 3, 'epochs': 10, 'fraction': 0.5, 'step': 250, 'steps_per_epoch': 100, 'loss': "
    "0.7104,"
    "  'valid_rmse': 0.8731, 'learning_rate': 0.0041, 'ratings_per_s': 1.8e6, 'eta_s': 72, 'pservers': 3,"
    "  'pservers_up': 2, 'workers': 2, 'workers_up': 2, 'checkpoint': 4, 'checkpoint_age_s': 12},"
    " 'shards': ["
    "  {'shard': 0, 'state': 'up', 'step': 250, 'pulls_per_s': 12100, 'pushes_per_s': 12000, 'load': 0.9,"
    "   'pull_p99_us': 850, 'apply_p99_us': 1250, 'queue': 0, 'busy': 0.25, 'flags': []},"
    "  {'shard': 1, 'state': 'lost', 'step': 220, 'pulls_per_s': null, 'load': null, 'flags': []},"
    "  {'shard': 2, 'state': 'up', 'step': 250, 'pulls_per_s': 31000, 'pushes_per_s': 30900, 'load': 1.41,"
    "   'pull_p99_us': 23000, 'apply_p99_us': 3, 'queue': 12, 'busy': 0.998, 'flags': ['skew', 'queue']}],"
    " 'workers': ["
    "  {'worker': 0, 'state': 'up', 'step': 250, 'ratings_per_s': 930000, 'of_median': 1, 'lanes': 2, 'lag': "
    "0, 'flags': []},"
    "  {'worker': 1, 'state': 'up', 'step': 225, 'ratings_per_s': 310000, 'of_median': 0.333, 'lanes': 1, "
    "'lag': 25,"
    "   'flags': ['straggler']}],"
    " 'events': ["
    "  {'serial': 1, 'seconds': 1, 'event': 'started', 'role': '', 'index': null, 'text': 'step=0'},"
    "  {'serial': 2, 'seconds': 75, 'event': 'lost', 'role': 'pserver', 'index': 1, 'text': 'killed "
    "\\u001b[2J'}]}";

/* With ' for ". */
static json_t *read_json(const char *quoted) {
    char *text = strdup(quoted);
    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

static char drawn[TOP_TEXT_BYTES];

static const char *draw(const char *quoted, struct top_view *view, unsigned columns, unsigned lines,
                        bool colour) {
    struct live_style style = {.columns = columns, .lines = lines, .colour = colour};
    struct text text = text_over(drawn, sizeof drawn);
    json_t *status = read_json(quoted);
    top_compose(&text, status, view, &style);
    json_decref(status);
    return drawn;
}

static void a_pipe_gets_all_of_it(void **state) {
    struct top_view view = {.sort = "index"};
    (void)state;
    assert_string_equal(draw(STATUS, &view, 80, 0, false),
                        "demo-1  training  epoch 3/10  #################----------------   50%  eta 01:12\n"
                        "loss 0.71   valid rmse 0.873   lr 4.1e-3   1.8M ratings/s   pservers 2/3   worke\n"
                        "\n"
                        "pserver                      state       pulls/s pushes/s  load  pull p99\n"
                        "        0  ########--------  up            12.1k    12.0k  0.90     850us\n"
                        "        1  ###-------------  lost              -        -     -         -\n"
                        "        2  ########--------  skew,queue    31.0k    30.9k  1.41      23ms\n"
                        "\n"
                        "worker                       state      rating/s   median lanes       lag\n"
                        "        0  ########--------  up             930k     100%     2         0\n"
                        "        1  ####------------  straggler      310k      33%     1        25\n"
                        "\n"
                        "events\n"
                        "    01:15  lost pserver 1  killed ?[2J\n"
                        "    00:01  started  step=0\n");
}

static void state_and_flags_are_one_column(void **state) {
    struct top_view view = {.sort = "index"};
    const char *text = draw(STATUS, &view, 100, 0, false);
    (void)state;
    assert_non_null(strstr(text, "        1  ####----------------  lost              -        -     -"));
    assert_non_null(strstr(text, "skew,queue    31.0k    30.9k  1.41      23ms       3us    12"));
    assert_non_null(
        strstr(text, "        1  #####---------------  straggler      310k      33%     1        25"));
}

/* Of two lines of the last picture, which is higher. */
static bool stands_above(const char *upper, const char *lower) {
    const char *first = strstr(drawn, upper), *second = strstr(drawn, lower);
    assert_non_null(first);
    assert_non_null(second);
    return first < second;
}

static void members_are_sorted_and_the_unknown_comes_last(void **state) {
    struct top_view view = {.sort = "load"};
    (void)state;
    draw(STATUS, &view, 100, 0, false);
    assert_true(stands_above("        2  ##", "        0  ##"));
    assert_true(stands_above("        0  ##", "        1  ##"));
    view.reversed = true;
    draw(STATUS, &view, 100, 0, false);
    assert_true(stands_above("        0  ##", "        2  ##"));
    assert_true(stands_above("        2  ##", "lost  "));
    assert_non_null(strstr(drawn, "load*"));
    view = (struct top_view){.sort = "state"};
    draw(STATUS, &view, 100, 0, false);
    assert_true(stands_above("lost  ", "skew,queue"));
    assert_true(stands_above("skew,queue", "        0  ##"));
}

static unsigned count_of(const char *text, const char *piece) {
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, piece)) != NULL; at += strlen(piece))
        count++;
    return count;
}

/* The longest line of a picture without colours, in cells. */
static size_t widest(const char *text) {
    size_t most = 0;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\r\n\x1b");
        most = length > most ? length : most;
        at += length;
        at += strncmp(at, "\x1b[K", 3) == 0 ? 3 : *at != '\0';
    }
    return most;
}

static void it_fits_any_terminal(void **state) {
    (void)state;
    for (unsigned columns = 1; columns < 200; columns += 7)
        for (unsigned lines = 1; lines < 40; lines++) {
            struct top_view view = {.sort = "index", .first = 3};
            const char *text = draw(STATUS, &view, columns, lines, false);
            unsigned used = count_of(text, "\n") + 1;
            assert_true(used <= lines || lines < 6);
            assert_true(widest(text) < (columns < LIVE_COLUMNS_MIN ? LIVE_COLUMNS_MIN : columns));
        }
}

static void scrolling_ends_at_the_end(void **state) {
    struct top_view view = {.sort = "index", .first = 1000};
    (void)state;
    const char *text = draw(STATUS, &view, 100, 10, false);
    assert_true(view.first < 20);
    assert_non_null(strstr(text, "lost pserver 1"));
    assert_non_null(strstr(text, "up/down: lines"));
    view.first = 0;
    text = draw(STATUS, &view, 100, 60, false);
    assert_null(strstr(text, "up/down"));
}

static void a_silence_is_said_in_the_last_line(void **state) {
    struct top_view view = {.sort = "index", .notice = "does not answer"};
    (void)state;
    const char *text = draw(STATUS, &view, 100, 40, false), *last = strrchr(text, '\n');
    assert_string_equal(last, "\ndoes not answer\x1b[K");
}

static void what_came_over_the_wire_moves_no_cursor(void **state) {
    struct top_view view = {.sort = "index"};
    (void)state;
    const char *text = draw(STATUS, &view, 100, 0, false);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "    01:15  lost pserver 1  killed ?[2J\n"));
    assert_true(count_of(draw(STATUS, &view, 100, 40, true), "\x1b[31m") > 0);
}

static void a_status_that_is_none_makes_dashes(void **state) {
    static const char *const STATUSES[] = {
        "{}",
        "{'run': 3, 'progress': [], 'shards': {}, 'workers': null, 'events': 'x'}",
        "{'shards': [1, null, [], {}], 'workers': [{'worker': 'x', 'flags': 5}], 'events': [[]]}",
        "{'progress': {'epoch': 1e300, 'fraction': 1e300, 'steps_per_epoch': 1e-300}, 'shards': [{'shard': "
        "1e300,"
        " 'queue': 1e300, 'flags': [1]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct top_view view = {.sort = "load", .first = 7};
        assert_non_null(draw(STATUSES[i], &view, 100, 0, false));
        assert_non_null(draw(STATUSES[i], &view, 30, 8, true));
    }
}

static void the_end_is_said(void **state) {
    struct top_view view = {.sort = "index"};
    (void)state;
    assert_non_null(
        strstr(draw("{'run': {'exit_code': 75, 'reason': 'stopped by hand'}}", &view, 80, 0, false),
               "\nended with code 75: stopped by hand\n"));
}

static void every_column_has_one_name(void **state) {
    unsigned count = 0;
    (void)state;
    for (; top_sort_name(count) != NULL; count++)
        for (unsigned other = 0; other < count; other++)
            assert_string_not_equal(top_sort_name(count), top_sort_name(other));
    assert_true(count > 20);
    assert_string_equal(top_sort_name(0), "index");
}

static void addresses_are_taken_apart_or_refused(void **state) {
    static const char *const WRONG[] = {"",
                                        "http://",
                                        "http://:80/",
                                        "http://h/",
                                        "http://h:/",
                                        "https://h:1/",
                                        "http://h:123456/",
                                        "http://h:1x/",
                                        "http://[::1/",
                                        "ftp://h:1",
                                        "http://h:1?x"};
    struct top_address address;
    struct status status;
    (void)state;
    assert_true(top_address_read(&address, "http://127.0.0.1:4321/", &status));
    assert_string_equal(address.host, "127.0.0.1");
    assert_string_equal(address.port, "4321");
    assert_true(top_address_read(&address, "http://[::1]:80", &status));
    assert_string_equal(address.host, "::1");
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        assert_false(top_address_read(&address, WRONG[i], &status));
        assert_int_equal(status.code, STATUS_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_all_of_it),
        cmocka_unit_test(state_and_flags_are_one_column),
        cmocka_unit_test(members_are_sorted_and_the_unknown_comes_last),
        cmocka_unit_test(it_fits_any_terminal),
        cmocka_unit_test(scrolling_ends_at_the_end),
        cmocka_unit_test(a_silence_is_said_in_the_last_line),
        cmocka_unit_test(what_came_over_the_wire_moves_no_cursor),
        cmocka_unit_test(a_status_that_is_none_makes_dashes),
        cmocka_unit_test(the_end_is_said),
        cmocka_unit_test(every_column_has_one_name),
        cmocka_unit_test(addresses_are_taken_apart_or_refused),
    };
    return cmocka_run_group_tests_name("monitor_top", tests, NULL, NULL);
}
