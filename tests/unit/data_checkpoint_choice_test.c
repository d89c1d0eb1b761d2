/* Which checkpoint a run goes on from, and which ones are removed: the newest whole one is found whatever has happened to
 * others, is never removed, and what was passed over is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/checkpoint.h"
#include "tests/scratch.h"
#include "tests/unit/checkpoint_fixture.h"

static struct scratch scratch;
static char folder[128];

static bool find(uint64_t *number, struct status *status) {
    static double squared[FIXTURE_LANES];
    static uint64_t counts[FIXTURE_LANES];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    bool found;
    bool done = checkpoint_find(folder, &position, FIXTURE_LANES, &found, status);
    *number = done && found ? position.number : 0;
    return done;
}

/* Expects that number (0: none), with a note that holds the words (NULL: no note). */
static void assert_found(uint64_t number, const char *words) {
    struct status status = {STATUS_BUG, "not touched"};
    uint64_t got;
    assert_true(find(&got, &status));
    assert_int_equal(got, number);
    assert_int_equal(status.code, STATUS_OK);
    if (words == NULL)
        assert_string_equal(status.text, "");
    else
        assert_non_null(strstr(status.text, words));
}

static void write_all(uint64_t first, uint64_t last, uint32_t keep) {
    struct status status;
    for (uint64_t number = first; number <= last; number++)
        assert_true(fixture_write(folder, number, 2, keep, &status));
}

static const char *path_of(const char *name) {
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void flip(const char *name, long byte) {
    FILE *file = fopen(path_of(name), "r+b");
    assert_non_null(file);
    fseek(file, byte, SEEK_SET);
    int flipped = fgetc(file) ^ 0x10;
    fseek(file, byte, SEEK_SET);
    fputc(flipped, file);
    assert_int_equal(fclose(file), 0);
}

static long size_of(const char *name) {
    struct stat found;
    assert_int_equal(stat(path_of(name), &found), 0);
    return (long)found.st_size;
}

/* Not one byte of a shard's file may be wrong, whatever the manifest says. */
static void any_wrong_byte_is_found_before_anything_is_loaded(void **state) {
    (void)state;
    write_all(1, 2, 9);
    long size = size_of("000002/shard-1.dotbias");
    for (long byte = 0; byte < size; byte += 7) {
        flip("000002/shard-1.dotbias", byte);
        assert_found(1, "checkpoint 2 is passed over: ");
        flip("000002/shard-1.dotbias", byte);
    }
    assert_found(2, NULL);
    assert_int_equal(truncate(path_of("000002/shard-0.dotbias"), size / 2), 0);
    assert_found(1, "checkpoint 2 is passed over: ");
}

static void all_that_is_passed_over_is_said(void **state) {
    (void)state;
    write_all(1, 3, 9);
    flip("000003/manifest.json", 300);
    assert_int_equal(unlink(path_of("000002/shard-1.dotbias")), 0);
    assert_found(1, "checkpoint 3 is passed over: ");
    assert_found(1, "; checkpoint 2 is passed over: ");
}

/* A run must not begin anew because its disk has gone bad. */
static void if_none_is_whole_that_is_a_failure(void **state) {
    (void)state;
    struct status status;
    uint64_t number;
    assert_found(0, NULL);
    write_all(1, 2, 9);
    flip("000002/manifest.json", 300);
    flip("000001/shard-0.dotbias", 200);
    assert_false(find(&number, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "checkpoint 2 is passed over: "));
    assert_non_null(strstr(status.text, "; checkpoint 1 is passed over: "));
}

/* What was never finished is no checkpoint, and nothing to speak of. */
static void an_unfinished_one_is_not_spoken_of(void **state) {
    (void)state;
    struct status status;
    write_all(1, 1, 9);
    assert_true(fixture_write_shards(folder, 2, 2, &status));
    assert_found(1, NULL);
}

/* An older one is good enough; none is not. */
static void one_that_cannot_be_read_is_not_none(void **state) {
    (void)state;
    struct status status;
    uint64_t number;
    write_all(1, 2, 9);
    assert_int_equal(unlink(path_of("000002/manifest.json")), 0);
    assert_int_equal(mkdir(path_of("000002/manifest.json"), 0777), 0);
    assert_found(1, "checkpoint 2 is passed over: cannot read ");
    scratch_remove(path_of("000001"));
    assert_false(find(&number, &status));
    assert_int_equal(status.code, STATUS_IO);
    assert_non_null(strstr(status.text, "000002/manifest.json: Is a directory"));
    assert_int_equal(rmdir(path_of("000002/manifest.json")), 0);
}

static void assert_next(uint64_t expected) {
    struct status status;
    uint64_t number;
    assert_true(checkpoint_next_number(folder, &number, &status));
    assert_int_equal(number, expected);
}

static void a_number_is_used_once(void **state) {
    (void)state;
    struct status status;
    assert_next(1);
    write_all(1, 1, 1);
    assert_next(2);
    assert_true(fixture_write_shards(folder, 7, 2, &status));
    assert_next(8);
    assert_int_equal(mkdir(path_of("1000000"), 0777), 0);
    assert_next(1000001);
    assert_int_equal(mkdir(path_of("18446744073709551615"), 0777), 0);
    assert_int_equal(mkdir(path_of("0000009000000"), 0777), 0);
    assert_int_equal(mkdir(path_of("9000000x"), 0777), 0);
    assert_next(1000001);
}

static void the_newest_whole_one_is_never_removed(void **state) {
    (void)state;
    struct status status;
    write_all(1, 4, 1);
    assert_found(4, NULL);
    assert_int_equal(scratch_entries(&scratch, "checkpoints"), 1);
    assert_true(fixture_write_shards(folder, 5, 2, &status));
    struct run_position position = fixture_position(5, 3);
    assert_false(checkpoint_commit(folder, &position, 1, &status));
    assert_found(4, NULL);
    write_all(6, 6, 1);
    assert_found(6, NULL);
    assert_int_equal(scratch_entries(&scratch, "checkpoints"), 1);
}

/* A disk that is nearly full: the shards that had room must not take it from the next checkpoint. */
static void what_never_became_whole_makes_room(void **state) {
    (void)state;
    struct status status;
    write_all(1, 1, 9);
    assert_true(fixture_write_shards(folder, 2, 2, &status));
    assert_true(fixture_write_shards(folder, 3, 2, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000001"), 3);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), -1);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000003"), 2);
    assert_true(checkpoint_sweep(folder, 3, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000003"), 2);
    assert_true(checkpoint_sweep(folder, 4, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000003"), -1);
    assert_found(1, NULL);
}

/* What cannot be judged is not removed, nor does it take the place of one that is whole. */
static void what_cannot_be_read_stays(void **state) {
    (void)state;
    write_all(1, 3, 9);
    assert_int_equal(unlink(path_of("000002/manifest.json")), 0);
    assert_int_equal(symlink("manifest.json", path_of("000002/manifest.json")), 0);
    write_all(4, 4, 2);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000001"), -1);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), 3);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000003"), 3);
}

/* People put things into folders. */
static void what_is_not_ours_stays(void **state) {
    (void)state;
    struct stat found;
    char elsewhere[400];
    write_all(1, 2, 9);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", scratch.folder);
    assert_int_equal(rename(path_of("000001"), elsewhere), 0);
    assert_int_equal(symlink(elsewhere, path_of("000001")), 0);
    scratch_text(&scratch, "checkpoints/000002/notes.txt", "the good one");
    scratch_text(&scratch, "checkpoints/000003", "a file");
    write_all(4, 4, 1);
    assert_int_equal(scratch_entries(&scratch, "elsewhere"), 3);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), 1);
    assert_int_equal(lstat(path_of("000003"), &found), 0);
    assert_found(4, NULL);
}

static void files_are_for_reading_only_what_the_mask_allows(void **state) {
    (void)state;
    struct stat found;
    mode_t former = umask(027);
    write_all(1, 1, 1);
    umask(former);
    assert_int_equal(stat(path_of("000001/shard-0.dotbias"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0640);
    assert_int_equal(stat(path_of("000001/manifest.json"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0640);
    assert_int_equal(stat(path_of("000001"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0750);
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
        IN_A_FOLDER(any_wrong_byte_is_found_before_anything_is_loaded),
        IN_A_FOLDER(all_that_is_passed_over_is_said),
        IN_A_FOLDER(if_none_is_whole_that_is_a_failure),
        IN_A_FOLDER(an_unfinished_one_is_not_spoken_of),
        IN_A_FOLDER(one_that_cannot_be_read_is_not_none),
        IN_A_FOLDER(a_number_is_used_once),
        IN_A_FOLDER(the_newest_whole_one_is_never_removed),
        IN_A_FOLDER(what_never_became_whole_makes_room),
        IN_A_FOLDER(what_cannot_be_read_stays),
        IN_A_FOLDER(what_is_not_ours_stays),
        IN_A_FOLDER(files_are_for_reading_only_what_the_mask_allows),
    };
    return cmocka_run_group_tests_name("data_checkpoint_choice", tests, NULL, NULL);
}
