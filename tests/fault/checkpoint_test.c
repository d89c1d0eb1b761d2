/* Whatever call fails while checkpoints are written, committed, found and read: a status with a sentence, nothing leaked, no
 * temporary file left, and a whole checkpoint to go on from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/checkpoint.h"
#include "monitor/history.h"
#include "tests/fault/faults.h"
#include "tests/scratch.h"
#include "tests/unit/checkpoint_fixture.h"

static struct scratch scratch;
static char folder[128];
static uint64_t found_number;

static bool find_any(struct status *status) {
    static double squared[FIXTURE_LANES];
    static uint64_t counts[FIXTURE_LANES];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    bool found;
    bool done = checkpoint_find(folder, &position, FIXTURE_LANES, &found, status);
    found_number = done && found ? position.number : 0;
    return done;
}

static bool read_as_one(uint64_t number, struct status *status) {
    struct shard_image image;
    fixture_take(&image, 0, 1);
    bool done = checkpoint_read_shard(folder, number, 2, &image, FIXTURE_STEP, status);
    assert_true(!done || fixture_is_right(&image));
    fixture_release(&image);
    return done;
}

static bool read_first(struct status *status) {
    return read_as_one(1, status);
}

/* Temporary files in a folder and the folders in it. */
static int temporaries(const char *path) {
    char inner[700];
    int count = 0;
    DIR *stream = opendir(path);
    if (stream == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        count += strstr(entry->d_name, ".tmp.") != NULL;
        snprintf(inner, sizeof inner, "%.400s/%.250s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            count += temporaries(inner);
    }
    closedir(stream);
    return count;
}

/* The newest whole one is the first or, once it counts, the second; its content is right. */
static void check_whole(bool done) {
    struct status status;
    assert_true(find_any(&status));
    assert_in_range(found_number, 1, 2);
    assert_true(read_as_one(found_number, &status));
    assert_int_equal(temporaries(scratch.folder), 0);
    (void)done;
}

static void check_first(bool done) {
    check_whole(done);
    assert_int_equal(found_number, 1);
}

static void check_committed(bool done) {
    check_whole(done);
    assert_true(!done || found_number == 2);
}

/* To find none would be a new beginning. */
static void check_found(bool done) {
    assert_int_equal(found_number, done ? 1 : 0);
    check_first(done);
}

/* ---- the scenes ---- */

static void lay_first(void) {
    struct status status;
    scratch_remove(folder);
    assert_true(fixture_write(folder, 1, 2, 1, &status));
}

static void lay_second_unfinished(void) {
    struct status status;
    lay_first();
    assert_true(fixture_write_shards(folder, 2, 2, &status));
}

static bool write_second(struct status *status) {
    return fixture_write_shards(folder, 2, 2, status);
}

static bool commit_second(struct status *status) {
    struct run_position position = fixture_position(2, 2);
    return checkpoint_commit(folder, &position, 1, status);
}

static bool next_number(struct status *status) {
    uint64_t number = 0;
    bool done = checkpoint_next_number(folder, &number, status);
    assert_true(!done || number == 2);
    return done;
}

static void writing_survives(void **state) {
    static const struct faults_act act = {lay_first, write_second, check_first, false};
    (void)state;
    assert_true(faults_sweep(FAULTS_FAIL, &act) > 40);
}

static void committing_survives(void **state) {
    static const struct faults_act act = {lay_second_unfinished, commit_second, check_committed, false};
    (void)state;
    assert_true(faults_sweep(FAULTS_FAIL, &act) > 40);
}

/* ENOSPC half-way through a file. */
static void a_disk_that_fills_up_is_survived(void **state) {
    static const struct faults_act acts[] = {{lay_first, write_second, check_first, false},
                                             {lay_second_unfinished, commit_second, check_committed, false}};
    (void)state;
    assert_true(faults_sweep(FAULTS_CUT, &acts[0]) >= 4);
    assert_true(faults_sweep(FAULTS_CUT, &acts[1]) >= 1);
}

static void signals_do_no_harm(void **state) {
    static const struct faults_act acts[] = {{lay_first, write_second, check_first, true},
                                             {lay_second_unfinished, commit_second, check_committed, true}};
    (void)state;
    assert_true(faults_sweep(FAULTS_INTERRUPT, &acts[0]) >= 4);
    assert_true(faults_sweep(FAULTS_INTERRUPT, &acts[1]) >= 1);
}

static void finding_survives(void **state) {
    static const struct faults_act acts[] = {{NULL, find_any, check_found, false},
                                             {NULL, next_number, check_first, false}};
    (void)state;
    lay_first();
    assert_true(faults_sweep(FAULTS_FAIL, &acts[0]) > 40);
    assert_true(faults_sweep(FAULTS_FAIL, &acts[1]) >= 4);
}

/* Done means that one was found. */
static void check_one_of_two(bool done) {
    assert_true(done ? found_number >= 1 : found_number == 0);
    check_whole(done);
    assert_int_equal(found_number, 2);
}

static bool find_and_say(struct status *status) {
    bool done = find_any(status);
    assert_true(!done || found_number == 2 || strstr(status->text, "checkpoint 2 is passed over") != NULL);
    return done;
}

static void finding_one_of_two_survives(void **state) {
    static const struct faults_act act = {NULL, find_and_say, check_one_of_two, false};
    struct status status;
    (void)state;
    lay_first();
    assert_true(fixture_write(folder, 2, 2, 2, &status));
    assert_true(faults_sweep(FAULTS_FAIL, &act) > 40);
}

static void reading_survives(void **state) {
    static const struct faults_act act = {NULL, read_first, check_first, false};
    (void)state;
    lay_first();
    assert_true(faults_sweep(FAULTS_FAIL, &act) > 20);
}

/* ---- history ---- */

static const char *history_path(void) {
    return scratch_path(&scratch, "history.csv");
}

static int history_rows(void) {
    size_t length;
    int rows = -1;
    unsigned char *bytes = scratch_read(history_path(), &length);
    for (size_t i = 0; i < length; i++)
        rows += bytes[i] == '\n';
    free(bytes);
    return rows;
}

static void lay_history(void) {
    struct status status;
    struct history *history = history_create(history_path(), &status);
    assert_non_null(history);
    for (uint32_t epoch = 1; epoch <= 4; epoch++)
        assert_true(history_add(history, &(struct epoch_report){.epoch = epoch}, &status));
    assert_true(history_close(history, &status));
}

static bool resume_history(struct status *status) {
    uint32_t kept;
    struct history *history = history_resume(history_path(), 2, &kept, status);
    bool done = history != NULL && history_add(history, &(struct epoch_report){.epoch = 3}, status);
    assert_true(history == NULL || kept == 2);
    return history_close(history, status) && done;
}

/* The old file, the cut one, or the one with its new row; never less than what the run goes on with. */
static void check_history(bool done) {
    assert_int_equal(temporaries(scratch.folder), 0);
    assert_in_range(history_rows(), 2, 4);
    assert_true(!done || history_rows() == 3);
}

static void a_history_that_goes_on_survives(void **state) {
    static const struct faults_act act = {lay_history, resume_history, check_history, false};
    (void)state;
    assert_true(faults_sweep(FAULTS_FAIL, &act) > 10);
}

static int make_folder(void **state) {
    (void)state;
    scratch_make(&scratch);
    snprintf(folder, sizeof folder, "%s/checkpoints", scratch.folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return 0;
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(writing_survives),
        IN_A_FOLDER(committing_survives),
        IN_A_FOLDER(a_disk_that_fills_up_is_survived),
        IN_A_FOLDER(signals_do_no_harm),
        IN_A_FOLDER(finding_survives),
        IN_A_FOLDER(finding_one_of_two_survives),
        IN_A_FOLDER(reading_survives),
        IN_A_FOLDER(a_history_that_goes_on_survives),
    };
    return cmocka_run_group_tests_name("checkpoint_faults", tests, NULL, NULL);
}
