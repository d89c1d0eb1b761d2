/* A checkpoint gives back what was put in, on any number of shards; what is damaged or half done does not count;
 * no want of memory or disk harms the one before. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/memory.h"
#include "data/checkpoint.h"
#include "tests/scratch.h"
#include "tests/unit/checkpoint_fixture.h"

enum { REQUESTS_MAX = 100, FILE_BYTES_MAX = 20000 };

static struct scratch scratch;
static char folder[128];

static bool read_one(uint64_t number, uint32_t shards_then, struct shard_image *image,
                     struct status *status) {
    return checkpoint_read_shard(folder, number, shards_then, image, FIXTURE_STEP, status);
}

static void assert_reads_right(uint64_t number, uint32_t shards_then, uint32_t shards) {
    for (uint32_t shard = 0; shard < shards; shard++) {
        struct status status = {0};
        struct shard_image image;
        fixture_take(&image, shard, shards);
        assert_true(read_one(number, shards_then, &image, &status));
        assert_true(fixture_is_right(&image));
        fixture_release(&image);
    }
}

static void assert_refused(uint64_t number, uint32_t shards_then, struct shard_image *image) {
    struct status status = {0};
    assert_false(read_one(number, shards_then, image, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_true(status.text[0] != '\0');
}

/* The number of the checkpoint that is found, 0 for none, or none that is whole. */
static uint64_t found_number(void) {
    struct status status = {0};
    double squared[FIXTURE_LANES];
    uint64_t counts[FIXTURE_LANES];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    bool found;
    bool done = checkpoint_find(folder, &position, FIXTURE_LANES, &found, &status);
    assert_true(done || status.code == STATUS_BAD_DATA);
    return done && found ? position.number : 0;
}

/* Flips one bit of a file in the folder of checkpoints, and again to undo it. */
static void flip(const char *name, size_t bit) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, (long)(bit / 8), SEEK_SET);
    int byte = fgetc(file) ^ 1 << bit % 8;
    fseek(file, (long)(bit / 8), SEEK_SET);
    fputc(byte, file);
    assert_int_equal(fclose(file), 0);
}

static size_t bits_of(const char *name) {
    char path[400];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(stat(path, &found), 0);
    return (size_t)found.st_size * 8;
}

static void rows_come_back_on_any_number_of_shards(void **state) {
    (void)state;
    struct status status = {0};
    for (uint32_t then = 1; then <= 4; then++) {
        assert_true(fixture_write(folder, then, then, 9, &status));
        for (uint32_t now = 1; now <= 13; now++)
            assert_reads_right(then, then, now);
    }
}

/* Written with movies by strata and read with movies dealt like cards, the other way round, and by strata both times. */
static void rows_come_back_however_they_are_cut(void **state) {
    (void)state;
    struct status status = {0};
    for (uint32_t way = 1; way < 4; way++)
        for (uint32_t then = 1; then <= 7; then++) {
            fixture_cut_by_strata((way & 1) != 0);
            assert_true(fixture_write(folder, 10 * way + then, then, 9, &status));
            fixture_cut_by_strata((way & 2) != 0);
            for (uint32_t now = 1; now <= 7; now++)
                assert_reads_right(10 * way + then, then, now);
        }
    fixture_cut_by_strata(false);
}

/* Rows could be missing, or twice there. */
static void shards_that_are_cut_in_different_ways_are_refused(void **state) {
    (void)state;
    struct status status = {0};
    struct run_position position = fixture_position(1, 2);
    struct shard_image image;
    for (uint32_t shard = 0; shard < 2; shard++) {
        fixture_cut_by_strata(shard == 1);
        fixture_take(&image, shard, 2);
        fixture_fill(&image);
        assert_true(checkpoint_write_shard(folder, 1, &image, &status));
        fixture_release(&image);
    }
    fixture_cut_by_strata(false);
    assert_true(checkpoint_commit(folder, &position, 9, &status));
    fixture_take(&image, 0, 1);
    assert_refused(1, 2, &image);
    fixture_release(&image);
}

/* Two shards are loaded as three, written, and those are loaded as one. */
static void rows_survive_a_chain_of_shard_counts(void **state) {
    (void)state;
    struct status status = {0};
    assert_true(fixture_write(folder, 1, 2, 9, &status));
    for (uint32_t shard = 0; shard < 3; shard++) {
        struct shard_image image;
        fixture_take(&image, shard, 3);
        assert_true(read_one(1, 2, &image, &status));
        assert_true(checkpoint_write_shard(folder, 2, &image, &status));
        fixture_release(&image);
    }
    assert_reads_right(2, 3, 1);
}

static void a_position_comes_back_exactly(void **state) {
    (void)state;
    struct status status = {0};
    double squared[FIXTURE_LANES];
    uint64_t counts[FIXTURE_LANES];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    struct run_position right = fixture_position(12, 2);
    bool found;
    assert_true(fixture_write(folder, 12, 2, 1, &status));
    assert_true(checkpoint_find(folder, &position, FIXTURE_LANES, &found, &status));
    assert_true(found);
    assert_memory_equal(squared, right.lane_squared, sizeof squared);
    assert_memory_equal(counts, right.lane_counts, sizeof counts);
    assert_memory_equal(&position.plateau_best, &right.plateau_best, sizeof(double));
    assert_memory_equal(&position.train_seconds, &right.train_seconds, sizeof(double));
    assert_true(position.number == right.number && position.shards == right.shards &&
                position.lanes == right.lanes && position.lane_step == right.lane_step &&
                position.clock_step == right.clock_step && position.epoch == right.epoch);
    assert_true(position.config_digest == right.config_digest && position.data_digest == right.data_digest);
    assert_true(position.plateau_seen == 1 && position.plateau_waiting == 2 && position.plateau_drops == 3);
    assert_true(position.best_loss == right.best_loss && position.best_epoch == right.best_epoch &&
                position.stop_loss == right.stop_loss && position.stop_seen == right.stop_seen &&
                position.stop_waiting == right.stop_waiting);
    assert_false(checkpoint_find(folder, &position, FIXTURE_LANES - 1, &found, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
}

static void a_flipped_bit_in_a_shard_is_refused(void **state) {
    (void)state;
    struct status status = {0};
    struct shard_image image;
    assert_true(fixture_write(folder, 1, 2, 1, &status));
    fixture_take(&image, 0, 1);
    size_t bits = bits_of("000001/shard-1.dotbias");
    for (size_t bit = 0; bit < bits; bit += 37) {
        flip("000001/shard-1.dotbias", bit);
        assert_false(read_one(1, 2, &image, &status));
        flip("000001/shard-1.dotbias", bit);
    }
    fixture_release(&image);
    assert_reads_right(1, 2, 1);
}

static void a_flipped_bit_in_a_manifest_leads_to_an_older_one(void **state) {
    (void)state;
    struct status status = {0};
    assert_true(fixture_write(folder, 1, 2, 2, &status));
    assert_true(fixture_write(folder, 2, 2, 2, &status));
    size_t bits = bits_of("000002/manifest.json");
    for (size_t bit = 0; bit < bits; bit++) {
        flip("000002/manifest.json", bit);
        assert_int_equal(found_number(), 1);
        flip("000002/manifest.json", bit);
    }
    assert_int_equal(found_number(), 2);
}

static void what_is_not_whole_does_not_count(void **state) {
    (void)state;
    struct status status = {0};
    char path[400];
    assert_int_equal(found_number(), 0);
    assert_true(fixture_write_shards(folder, 1, 2, &status));
    assert_int_equal(found_number(), 0);
    assert_true(fixture_write(folder, 2, 2, 9, &status));
    assert_true(fixture_write(folder, 3, 2, 9, &status));
    assert_true(fixture_write_shards(folder, 4, 2, &status));
    assert_int_equal(found_number(), 3);
    snprintf(path, sizeof path, "%s/000003/shard-1.dotbias", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(found_number(), 2);
}

static void a_commit_needs_every_shard(void **state) {
    (void)state;
    struct status status = {0};
    struct run_position position = fixture_position(1, 3);
    assert_true(fixture_write_shards(folder, 1, 2, &status));
    assert_false(checkpoint_commit(folder, &position, 1, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_int_equal(found_number(), 0);
}

/* A manifest speaks of the very files that it was written for. */
static void a_shard_of_another_moment_does_not_count(void **state) {
    (void)state;
    struct status status = {0};
    struct shard_image image;
    assert_true(fixture_write(folder, 1, 2, 1, &status));
    fixture_take(&image, 1, 2);
    fixture_fill(&image);
    image.step--;
    for (uint32_t entry = 0; entry < image.user_rows + image.movie_rows; entry++)
        image.next_steps[entry] = FIXTURE_WINDOW_FIRST;
    assert_true(checkpoint_write_shard(folder, 1, &image, &status));
    assert_int_equal(found_number(), 0);
    assert_refused(1, 2, &image);
    fixture_release(&image);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct status status = {0};
    struct shard_image image;
    assert_true(fixture_write(folder, 1, 2, 1, &status));
    fixture_take(&image, 0, 1);
    assert_refused(1, 1, &image);
    image.factors++;
    assert_refused(1, 2, &image);
    image.factors--;
    image.held.capacity = 1;
    assert_refused(1, 2, &image);
    image.held.capacity = FIXTURE_HELD;
    image.second = image.first;
    assert_refused(1, 2, &image);
    image.second = NULL;
    assert_false(checkpoint_read_shard(folder, 1, 2, &image, 7, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_true(checkpoint_read_shard(folder, 1, 2, &image, 8, &status));
    fixture_release(&image);
}

static void old_and_unfinished_ones_are_removed(void **state) {
    (void)state;
    struct status status = {0};
    assert_true(fixture_write(folder, 1, 2, 3, &status));
    assert_true(fixture_write_shards(folder, 2, 2, &status));
    for (uint64_t number = 3; number <= 5; number++)
        assert_true(fixture_write(folder, number, 2, 3, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints"), 3);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000001"), -1);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000003"), 3);
    assert_true(fixture_write(folder, 6, 3, 1, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints"), 1);
    assert_int_equal(found_number(), 6);
}

/* A damaged newer one is no reason to remove a good older one. */
static void damaged_ones_are_not_kept_for_good_ones(void **state) {
    (void)state;
    struct status status = {0};
    assert_true(fixture_write(folder, 1, 2, 2, &status));
    assert_true(fixture_write(folder, 2, 2, 2, &status));
    flip("000002/manifest.json", 300);
    assert_true(fixture_write(folder, 3, 2, 2, &status));
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000001"), 3);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), -1);
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files fails writes as a full disk does. */
static void a_full_disk_leaves_the_one_before(void **state) {
    (void)state;
    struct status status = {0};
    signal(SIGXFSZ, SIG_IGN);
    assert_true(fixture_write(folder, 1, 2, 1, &status));
    rlim_t bytes = 0;
    for (bool done = false; !done; bytes += 100) {
        assert_true(bytes < FILE_BYTES_MAX);
        limit_files(bytes);
        done = fixture_write(folder, 2, 2, 1, &status);
        limit_files(RLIM_INFINITY);
        assert_int_equal(found_number(), done ? 2 : 1);
        if (done)
            break;
        assert_int_equal(status.code, STATUS_IO);
        assert_reads_right(1, 2, 2);
        assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), 0);
    }
    assert_true(bytes > 0);
    assert_int_equal(scratch_entries(&scratch, "checkpoints"), 1);
}

/* A full disk that comes between the shards and the manifest. */
static void a_manifest_that_cannot_be_written(void **state) {
    (void)state;
    struct status status = {0};
    struct run_position position = fixture_position(2, 2);
    assert_true(fixture_write(folder, 1, 2, 1, &status));
    assert_true(fixture_write_shards(folder, 2, 2, &status));
    limit_files(100);
    bool done = checkpoint_commit(folder, &position, 1, &status);
    limit_files(RLIM_INFINITY);
    assert_false(done);
    assert_int_equal(status.code, STATUS_IO);
    assert_int_equal(found_number(), 1);
    assert_int_equal(scratch_entries(&scratch, "checkpoints/000002"), 2);
}

static bool write_second(struct status *status) {
    return fixture_write(folder, 2, 2, 2, status);
}

static bool read_first(struct status *status) {
    struct shard_image image;
    fixture_take(&image, 0, 1);
    bool done = read_one(1, 2, &image, status);
    fixture_release(&image);
    return done;
}

static bool find_any(struct status *status) {
    double squared[FIXTURE_LANES];
    uint64_t counts[FIXTURE_LANES];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    bool found;
    return checkpoint_find(folder, &position, FIXTURE_LANES, &found, status);
}

/* Makes request 1, 2, 3, ... fail until none fails any more. */
static void assert_survives_every_failure(bool (*act)(struct status *)) {
    bool done = false;
    for (size_t request = 1; !done; request++) {
        struct status status = {0};
        assert_true(request < REQUESTS_MAX);
        memory_fail_after(request);
        done = act(&status);
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), 0);
        assert_int_equal(status.code, done ? STATUS_OK : STATUS_NO_MEMORY);
        assert_true(done ? request > 1 : found_number() == 1);
    }
}

static void memory_runs_out_anywhere(void **state) {
    (void)state;
    struct status status = {0};
    assert_true(fixture_write(folder, 1, 2, 2, &status));
    assert_survives_every_failure(read_first);
    assert_survives_every_failure(find_any);
    assert_survives_every_failure(write_second);
    assert_int_equal(found_number(), 2);
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
        IN_A_FOLDER(rows_come_back_on_any_number_of_shards),
        IN_A_FOLDER(rows_come_back_however_they_are_cut),
        IN_A_FOLDER(shards_that_are_cut_in_different_ways_are_refused),
        IN_A_FOLDER(rows_survive_a_chain_of_shard_counts),
        IN_A_FOLDER(a_position_comes_back_exactly),
        IN_A_FOLDER(a_flipped_bit_in_a_shard_is_refused),
        IN_A_FOLDER(a_flipped_bit_in_a_manifest_leads_to_an_older_one),
        IN_A_FOLDER(what_is_not_whole_does_not_count),
        IN_A_FOLDER(a_commit_needs_every_shard),
        IN_A_FOLDER(a_shard_of_another_moment_does_not_count),
        IN_A_FOLDER(what_does_not_fit_is_refused),
        IN_A_FOLDER(old_and_unfinished_ones_are_removed),
        IN_A_FOLDER(damaged_ones_are_not_kept_for_good_ones),
        IN_A_FOLDER(a_full_disk_leaves_the_one_before),
        IN_A_FOLDER(a_manifest_that_cannot_be_written),
        IN_A_FOLDER(memory_runs_out_anywhere),
    };
    return cmocka_run_group_tests_name("data_checkpoint", tests, NULL, NULL);
}
