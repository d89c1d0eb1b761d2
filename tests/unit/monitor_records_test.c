/* What a run leaves for programs: history.csv and summary.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "monitor/history.h"
#include "monitor/summary.h"

static char folder[64];

static int enter(void **state) {
    (void)state;
    strcpy(folder, "/tmp/dotbias-rec-XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    unlink("history.csv");
    unlink("summary.json");
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void check_content(const char *path, const char *expected) {
    char bytes[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(bytes, expected);
}

#define HISTORY_HEAD                                                                                         \
    "epoch,train_loss,valid_mse,valid_rmse,valid_mae,valid_count,cold_count,cold_mse,learning_rate,"         \
    "momentum,"                                                                                              \
    "seconds,ratings_per_second\n"

static void history_grows_by_a_row_at_once(void **state) {
    struct status status = {0};
    struct epoch_report report = {.epoch = 1,
                                  .train_loss = 0.1,
                                  .valid_mse = 0.25,
                                  .valid_rmse = 0.5,
                                  .valid_mae = 1.0 / 3,
                                  .valid_count = 20000,
                                  .cold_count = 742,
                                  .cold_mse = 1.5,
                                  .learning_rate = 0.01,
                                  .momentum = 0.9,
                                  .seconds = 2,
                                  .ratings_per_second = 1e6};
    struct history *history = history_create("history.csv", &status);
    (void)state;
    assert_non_null(history);
    check_content("history.csv", HISTORY_HEAD);
    assert_true(history_add(history, &report, &status));
    check_content("history.csv",
                  HISTORY_HEAD "1,0.1,0.25,0.5,0.3333333333333333,20000,742,1.5,0.01,0.9,2,1000000\n");
    report = (struct epoch_report){.epoch = 2, .train_loss = NAN, .valid_mse = NAN, .seconds = 1};
    assert_true(history_add(history, &report, &status));
    check_content("history.csv",
                  HISTORY_HEAD "1,0.1,0.25,0.5,0.3333333333333333,20000,742,1.5,0.01,0.9,2,1000000\n"
                               "2,,,,,0,0,,0,0,1,0\n");
    assert_true(history_close(history, &status));
    assert_int_equal(memory_blocks_held(), 0);
}

static void history_that_cannot_be_written_is_a_status(void **state) {
    struct status status = {0};
    (void)state;
    assert_null(history_create("no/such/folder.csv", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    status = (struct status){0};
    assert_null(history_create("/dev/full", &status));
    assert_int_equal(status.code, STATUS_IO);
    assert_int_equal(memory_blocks_held(), 0);
}

static void write_text(const char *path, const char *text, size_t length) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

#define ROW_1 "1,0.1,0.25,0.5,0.3,20000,742,1.5,0.01,0.9,2,1000000\n"
#define ROW_2 "2,,,,,0,0,,0,0,1,0\n"
#define ROW_3 "3,,,,,0,0,,0,0,1,0\n"

/* Whatever lies there: so many rows of it are kept for a run that goes on after two epochs, and row 3 follows. */
static void check_resume(const char *text, size_t length, uint32_t rows, const char *expected) {
    struct status status = {0};
    struct epoch_report report = {.epoch = 3, .train_loss = NAN, .valid_mse = NAN, .seconds = 1};
    uint32_t kept = 77;
    if (text != NULL)
        write_text("history.csv", text, length);
    struct history *history = history_resume("history.csv", 2, &kept, &status);
    assert_non_null(history);
    assert_int_equal(kept, rows);
    assert_true(history_add(history, &report, &status));
    check_content("history.csv", expected);
    assert_true(history_close(history, &status));
    assert_int_equal(memory_blocks_held(), 0);
}

#define CHECK_RESUME(text, rows, expected) check_resume(text, sizeof text - 1, rows, expected)

static void history_goes_on_after_what_is_whole(void **state) {
    (void)state;
    check_resume(NULL, 0, 0, HISTORY_HEAD ROW_3);
    CHECK_RESUME("", 0, HISTORY_HEAD ROW_3);
    CHECK_RESUME(HISTORY_HEAD, 0, HISTORY_HEAD ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_1 ROW_2, 2, HISTORY_HEAD ROW_1 ROW_2 ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_1 ROW_2 ROW_3 "4,", 2, HISTORY_HEAD ROW_1 ROW_2 ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_1 "2,,,,,0,0,,0,0,1,0", 1, HISTORY_HEAD ROW_1 ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_1 "2,,,\n" ROW_2, 1, HISTORY_HEAD ROW_1 ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_1 "\0\0\0\0\n" ROW_2, 1, HISTORY_HEAD ROW_1 ROW_3);
    CHECK_RESUME(HISTORY_HEAD ROW_2 ROW_3, 0, HISTORY_HEAD ROW_3);
    CHECK_RESUME("step,loss\n" ROW_1 ROW_2, 0, HISTORY_HEAD ROW_3);
}

/* Failures that need no tricks; tests/fault makes every call fail. */
static void history_that_cannot_go_on_is_a_status(void **state) {
    struct status status = {0};
    uint32_t kept;
    char path[PATH_MAX + 10];
    (void)state;
    assert_null(history_resume("no/such/folder.csv", 2, &kept, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_null(history_resume(path, 2, &kept, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    assert_int_equal(memory_blocks_held(), 0);
}

static const struct final_report REPORT = {.digest = 0x0123456789abcdef,
                                           .epochs = 3,
                                           .valid_mse = 0.25,
                                           .valid_rmse = 0.5,
                                           .valid_mae = 0.375,
                                           .valid_count = 100,
                                           .cold_count = 0,
                                           .cold_mse = NAN,
                                           .train_seconds = 1.5,
                                           .ratings_per_second = 1e6,
                                           .pservers = 2,
                                           .workers = 3,
                                           .transport = "tcp",
                                           .resumed_from = 640,
                                           .checkpoints = 4,
                                           .pause_seconds = 0.0625,
                                           .workers_lost = 5};

static void summary_has_its_keys(void **state) {
    struct status status = {0};
    struct summary summary = {&REPORT, "/d/ratings.dotbias", "model.dotbias", "0.1.0", NAN};
    (void)state;
    assert_true(summary_write(&summary, "summary.json", &status));
    check_content("summary.json", "{\n"
                                  "  \"digest\": \"0123456789abcdef\",\n"
                                  "  \"epochs\": 3,\n"
                                  "  \"valid_mse\": 0.25,\n"
                                  "  \"valid_rmse\": 0.5,\n"
                                  "  \"valid_mae\": 0.375,\n"
                                  "  \"valid_ratings\": 100,\n"
                                  "  \"cold_ratings\": 0,\n"
                                  "  \"cold_mse\": null,\n"
                                  "  \"train_seconds\": 1.5,\n"
                                  "  \"ratings_per_second\": 1000000.0,\n"
                                  "  \"pservers\": 2,\n"
                                  "  \"workers\": 3,\n"
                                  "  \"transport\": \"tcp\",\n"
                                  "  \"resumed_from\": 640,\n"
                                  "  \"checkpoints\": 4,\n"
                                  "  \"pause_seconds\": 0.0625,\n"
                                  "  \"workers_lost\": 5,\n"
                                  "  \"data\": \"/d/ratings.dotbias\",\n"
                                  "  \"model\": \"model.dotbias\",\n"
                                  "  \"version\": \"0.1.0\"\n"
                                  "}\n");
}

static void truth_and_strange_paths_are_valid_json(void **state) {
    struct status status = {0};
    struct summary summary = {&REPORT, "/d/\"\xff", "m", "0.1.0", 0.72};
    (void)state;
    assert_true(summary_write(&summary, "summary.json", &status));
    json_t *read = json_load_file("summary.json", 0, NULL);
    assert_non_null(read);
    assert_true(json_real_value(json_object_get(read, "truth_rmse")) == 0.72);
    assert_string_equal(json_string_value(json_object_get(read, "data")), "/d/\"?");
    json_decref(read);
}

/* A summary is there whole or not at all. */
static void a_failed_summary_leaves_nothing_behind(void **state) {
    struct status status = {0};
    struct summary summary = {&REPORT, "d", "m", "0.1.0", NAN};
    glob_t found;
    (void)state;
    assert_false(summary_write(&summary, "no/such/summary.json", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    assert_int_equal(mkdir("summary.json", 0755), 0);
    assert_false(summary_write(&summary, "summary.json", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    assert_int_equal(glob("*tmp*", 0, NULL, &found), GLOB_NOMATCH);
    rmdir("summary.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(history_grows_by_a_row_at_once, enter, leave),
        cmocka_unit_test_setup_teardown(history_that_cannot_be_written_is_a_status, enter, leave),
        cmocka_unit_test_setup_teardown(history_goes_on_after_what_is_whole, enter, leave),
        cmocka_unit_test_setup_teardown(history_that_cannot_go_on_is_a_status, enter, leave),
        cmocka_unit_test_setup_teardown(summary_has_its_keys, enter, leave),
        cmocka_unit_test_setup_teardown(truth_and_strange_paths_are_valid_json, enter, leave),
        cmocka_unit_test_setup_teardown(a_failed_summary_leaves_nothing_behind, enter, leave),
    };
    return cmocka_run_group_tests_name("monitor/records", tests, NULL, NULL);
}
