/* What a run shows, against golden text: numbers, lines, the live area, and the display on a pipe and on a
 * terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/memory.h"
#include "monitor/display.h"
#include "monitor/lines.h"
#include "monitor/live.h"
#include "monitor/quantity.h"

static const struct epoch_report EPOCH = {.epoch = 1,
                                          .epochs = 3,
                                          .train_loss = 1.004121,
                                          .valid_mse = 0.808123,
                                          .valid_rmse = 0.898957,
                                          .valid_mae = 0.691214,
                                          .valid_count = 20000,
                                          .cold_count = 742,
                                          .cold_mse = 1.01,
                                          .learning_rate = 0.01,
                                          .momentum = 0.9,
                                          .seconds = 3.46,
                                          .ratings_per_second = 23400};

static const struct shard_progress SHARDS[] = {{.index = 0,
                                                .up = true,
                                                .user_rows = 336,
                                                .movie_rows = 4533,
                                                .bytes = 1234567,
                                                .pulls_per_second = 12100,
                                                .pushes_per_second = 12000,
                                                .step = 50},
                                               {.index = 1, .up = false}};

static const struct worker_progress WORKERS[] = {
    {.index = 0, .up = true, .ratings_per_second = 93000, .lanes = 2, .step = 50},
    {.index = 1, .up = true, .ratings_per_second = 950, .lanes = 1, .step = 25}};

static const struct progress_report PROGRESS = {.stage = RUN_TRAINING,
                                                .epoch = 3,
                                                .epochs = 10,
                                                .fraction = 0.425,
                                                .loss = 0.7104,
                                                .last_valid_rmse = 0.8731,
                                                .learning_rate = 4.12e-3,
                                                .ratings_per_second = 1.8e6,
                                                .eta_seconds = 72,
                                                .pserver_count = 4,
                                                .worker_count = 2,
                                                .pservers_up = 4,
                                                .workers_up = 2};

static void numbers_are_short_for_people_and_exact_for_programs(void **state) {
    quantity q;
    (void)state;
    assert_string_equal(quantity_short(q, 0), "0");
    assert_string_equal(quantity_short(q, 999.4), "999");
    assert_string_equal(quantity_short(q, 999.6), "1.0k");
    assert_string_equal(quantity_short(q, 123456), "123k");
    assert_string_equal(quantity_short(q, 1.84e6), "1.8M");
    assert_string_equal(quantity_short(q, INFINITY), "-");
    assert_string_equal(quantity_rate(q, 0.0041), "4.1e-3");
    assert_string_equal(quantity_rate(q, 0.01), "1e-2");
    assert_string_equal(quantity_rate(q, 10), "1e1");
    assert_string_equal(quantity_rate(q, 0), "0");
    assert_string_equal(quantity_clock(q, 72), "01:12");
    assert_string_equal(quantity_clock(q, 7425), "2:03:45");
    assert_string_equal(quantity_clock(q, NAN), "-");
    assert_string_equal(quantity_duration(q, 4.24), "4.2s");
    assert_string_equal(quantity_duration(q, 60), "01:00");
    assert_string_equal(quantity_memory(q, 512), "512 B");
    assert_string_equal(quantity_memory(q, 1234567), "1.2 MiB");
    assert_string_equal(quantity_count(q, 100004), "100,004");
    assert_string_equal(quantity_count(q, 1234567), "1,234,567");
    assert_string_equal(quantity_exact(q, 0.1), "0.1");
    assert_true(strtod(quantity_exact(q, 1.0 / 3), NULL) == 1.0 / 3);
    assert_true(strtod(quantity_exact(q, 0.1 + 0.2), NULL) == 0.1 + 0.2);
    assert_string_equal(quantity_exact(q, NAN), "");
}

static void the_table_is_the_lessons(void **state) {
    char bytes[512];
    struct text text = text_over(bytes, sizeof bytes);
    (void)state;
    lines_table_head(&text);
    assert_string_equal(
        bytes, "epoch  train_loss  valid_loss  valid_rmse  valid_mae        lr  ratings/s      time");
    text = text_over(bytes, sizeof bytes);
    lines_table_row(&text, &EPOCH);
    assert_string_equal(
        bytes, "    1     1.00412     0.80812     0.89896    0.69121      1e-2      23.4k      3.5s");
    struct epoch_report blind = EPOCH;
    blind.valid_count = 0;
    text = text_over(bytes, sizeof bytes);
    lines_table_row(&text, &blind);
    assert_string_equal(
        bytes, "    1     1.00412           -           -          -      1e-2      23.4k      3.5s");
}

static void a_progress_line_can_be_grepped(void **state) {
    char bytes[512];
    struct text text = text_over(bytes, sizeof bytes);
    struct progress_report early = PROGRESS;
    (void)state;
    lines_progress(&text, &PROGRESS);
    assert_string_equal(bytes,
                        "epoch=3/10 42% 1.8M ratings/s loss=0.71 valid_rmse=0.873 lr=4.1e-3 pservers=4/4 "
                        "eta=01:12 workers=2/2");
    early.loss = early.last_valid_rmse = early.eta_seconds = NAN;
    early.fraction = 0.99999;
    text = text_over(bytes, sizeof bytes);
    lines_progress(&text, &early);
    assert_string_equal(bytes,
                        "epoch=3/10 99% 1.8M ratings/s loss=- valid_rmse=- lr=4.1e-3 pservers=4/4 eta=- "
                        "workers=2/2");
}

static void the_last_words_tell_cold_ratings_apart(void **state) {
    char bytes[1024];
    struct text text = text_over(bytes, sizeof bytes);
    struct final_report report = {.digest = 0xabc,
                                  .epochs = 3,
                                  .valid_mse = 0.767,
                                  .valid_rmse = 0.87579,
                                  .valid_mae = 0.67,
                                  .valid_count = 20000,
                                  .cold_count = 742,
                                  .cold_mse = 1.25,
                                  .train_seconds = 10.5,
                                  .ratings_per_second = 71400,
                                  .pservers = 2,
                                  .workers = 1,
                                  .transport = "ipc"};
    (void)state;
    lines_final(&text, &report);
    assert_string_equal(
        bytes, "validation: mse 0.76700, rmse 0.87579, mae 0.67000 over 20,000 ratings, of which cold 742: "
               "mse 1.25000\n"
               "trained 3 epochs in 10.5s at 71.4k ratings/s: 2 pservers, 1 worker, ipc\n"
               "model digest 0000000000000abc");
    report.valid_count = 0;
    text = text_over(bytes, sizeof bytes);
    lines_final(&text, &report);
    assert_memory_equal(bytes, "validation: no ratings\n", 23);
}

static struct progress_report with_members(void) {
    struct progress_report report = PROGRESS;
    report.steps_per_epoch = 20;
    report.pserver_count = 2;
    report.pservers_up = 1;
    report.shards = SHARDS;
    report.workers = WORKERS;
    return report;
}

static void the_live_area_has_a_bar_for_each_member(void **state) {
    char bytes[4096];
    struct text text = text_over(bytes, sizeof bytes);
    struct progress_report report = with_members();
    struct live_style style = {.columns = 81, .lines = 24};
    struct live_extent extent;
    (void)state;
    live_compose(&text, &report, &style, &extent);
    assert_string_equal(
        bytes, "epoch 3/10  ######################-----------------------------   42%  eta 01:12\x1b[K\n"
               "loss 0.71   valid rmse 0.873   lr 4.1e-3   1.8M ratings/s   pservers 1/2   worke\x1b[K\n"
               "pserver   0  ##########----------  12.1k pulls/s  12.0k pushes/s   4,533 movies \x1b[K\n"
               "pserver   1  down\x1b[K\n"
               "worker    0  ##########----------  93.0k ratings/s  2 lanes\x1b[K\n"
               "worker    1  --------------------    950 ratings/s  1 lane\x1b[K\n");
    assert_int_equal(extent.line_count, 6);
    assert_int_equal(extent.cells[0], 80);
    assert_int_equal(extent.cells[3], 17);
}

/* Colours and box characters do not change what is there, and a low terminal sums up the rest. */
static void the_live_area_keeps_within_the_terminal(void **state) {
    static char bytes[128 * 1024];
    static struct shard_progress shards[300];
    static struct worker_progress workers[300];
    struct progress_report report = with_members();
    (void)state;
    report.shards = shards;
    report.workers = workers;
    report.pserver_count = report.worker_count = 300;
    for (unsigned columns = 1; columns < 400; columns += 19)
        for (unsigned lines = 1; lines < 200; lines += 7) {
            struct text text = text_over(bytes, sizeof bytes);
            struct live_style style = {.columns = columns, .lines = lines, .colour = true, .unicode = true};
            struct live_extent extent;
            live_compose(&text, &report, &style, &extent);
            assert_true(extent.line_count <= LIVE_LINES_MAX && text.length < sizeof bytes - 1);
            assert_true(lines < 5 || extent.line_count <= lines - 2);
            for (unsigned i = 0; columns >= LIVE_COLUMNS_MIN && i < extent.line_count; i++)
                assert_true(extent.cells[i] < columns);
        }
    assert_non_null(strstr(bytes, "more pservers"));
}

static void a_pipe_gets_lines_only(void **state) {
    char *bytes = NULL;
    struct status status = {0};
    FILE *file = tmpfile();
    struct display *display = display_new(file, DISPLAY_NORMAL, &status);
    (void)state;
    assert_non_null(display);
    display_progress(display, &PROGRESS);
    display_log(display, "event=joined");
    display_note(display, "a note");
    display_epoch(display, &EPOCH);
    display_epoch(display, &EPOCH);
    display_free(display);
    rewind(file);
    size_t capacity = 0;
    assert_true(getdelim(&bytes, &capacity, '\0', file) > 0);
    assert_string_equal(
        bytes, "epoch=3/10 42% 1.8M ratings/s loss=0.71 valid_rmse=0.873 lr=4.1e-3 pservers=4/4 eta=01:12 "
               "workers=2/2\n"
               "a note\n"
               "epoch  train_loss  valid_loss  valid_rmse  valid_mae        lr  ratings/s      time\n"
               "    1     1.00412     0.80812     0.89896    0.69121      1e-2      23.4k      3.5s\n"
               "    1     1.00412     0.80812     0.89896    0.69121      1e-2      23.4k      3.5s\n");
    free(bytes);
    fclose(file);
    assert_int_equal(memory_blocks_held(), 0);
}

static void quiet_says_nothing(void **state) {
    struct status status = {0};
    FILE *file = tmpfile();
    struct display *display = display_new(file, DISPLAY_QUIET, &status);
    (void)state;
    display_progress(display, &PROGRESS);
    display_note(display, "a note");
    display_epoch(display, &EPOCH);
    display_free(display);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

/* Draws twice on a pseudo-terminal of 81 columns that shrinks to 41 in between. */
static void draw_on_terminal(const char *term, const char *no_color, char *bytes, size_t capacity) {
    int master, slave;
    struct winsize size = {.ws_col = 81, .ws_row = 24};
    struct status status = {0};
    struct progress_report report = with_members();
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    FILE *stream = fdopen(slave, "w");
    setenv("TERM", term, 1);
    setenv("LC_ALL", "C", 1);
    setenv("NO_COLOR", no_color, 1);
    struct display *display = display_new(stream, DISPLAY_NORMAL, &status);
    report.worker_count = 0;
    display_progress(display, &report);
    size.ws_col = 41;
    ioctl(slave, TIOCSWINSZ, &size);
    display_note(display, "NOTE");
    display_free(display);
    fclose(stream);
    /* A terminal hands out what was written in pieces, and an error after the last one. */
    size_t length = 0;
    ssize_t piece;
    while ((piece = read(master, bytes + length, capacity - 1 - length)) > 0)
        length += (size_t)piece;
    assert_true(length > 0);
    bytes[length] = '\0';
    close(master);
}

static void a_terminal_is_redrawn_in_place_also_when_it_shrinks(void **state) {
    char bytes[8192];
    (void)state;
    draw_on_terminal("xterm", "1", bytes, sizeof bytes);
    /* Lines of 80, 80, 80 and 17 cells take 2 + 2 + 2 + 1 rows of 41 columns. */
    assert_non_null(strstr(bytes, "\r\x1b[7A\x1b[JNOTE\r\n"));
    assert_null(strstr(bytes, "\x1b[32m"));
    draw_on_terminal("xterm", "", bytes, sizeof bytes);
    assert_non_null(strstr(bytes, "\x1b[32m"));
}

static void a_dumb_terminal_gets_lines(void **state) {
    char bytes[8192];
    (void)state;
    draw_on_terminal("dumb", "", bytes, sizeof bytes);
    assert_null(strchr(bytes, '\x1b'));
    assert_memory_equal(bytes, "epoch=3/10 42% ", 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short_for_people_and_exact_for_programs),
        cmocka_unit_test(the_table_is_the_lessons),
        cmocka_unit_test(a_progress_line_can_be_grepped),
        cmocka_unit_test(the_last_words_tell_cold_ratings_apart),
        cmocka_unit_test(the_live_area_has_a_bar_for_each_member),
        cmocka_unit_test(the_live_area_keeps_within_the_terminal),
        cmocka_unit_test(a_pipe_gets_lines_only),
        cmocka_unit_test(quiet_says_nothing),
        cmocka_unit_test(a_terminal_is_redrawn_in_place_also_when_it_shrinks),
        cmocka_unit_test(a_dumb_terminal_gets_lines),
    };
    return cmocka_run_group_tests_name("monitor/display", tests, NULL, NULL);
}
