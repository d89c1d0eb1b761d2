/* No memory and no room on the disk: a status with a sentence, nothing leaked, nothing left behind. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/memory.h"
#include "data/atomic_file.h"
#include "data/blocks.h"
#include "data/generate.h"
#include "data/import.h"
#include "data/model_file.h"
#include "tests/fault/faults.h"
#include "tests/scratch.h"

enum { REQUESTS_MAX = 400 };

static struct scratch scratch;
static char made[128], csv[160], out[128];

static bool import_again(struct status *status) {
    struct import_summary summary;
    struct import_spec spec = {.ratings = csv, .folder = out, .split = {SPLIT_BY_NUMPY, 0.2, 1}};
    return import_ratings(&spec, &summary, status);
}

static bool import_packed(struct status *status) {
    struct import_summary summary;
    struct import_spec spec = {.folder = out, .split = {SPLIT_BY_TIME, 0.2, 1}};
    spec.ratings = scratch_path(&scratch, "ratings.csv.gz");
    return import_ratings(&spec, &summary, status);
}

static bool generate_again(struct status *status) {
    struct generate_summary summary;
    struct generate_spec spec = {out, true, 2000, 40, 90, 2, 0.5, 1, 0.2, 1};
    return generate_ratings(&spec, &summary, status);
}

static bool generate_tightly(struct status *status) {
    struct generate_summary summary;
    struct generate_spec spec = {
        out, false, 8000, 80, 190, 2, 0.5, 1, 0.2, 1, .is_tight = true, .shape = {4, 3}, .threads = 1};
    return generate_ratings(&spec, &summary, status);
}

static bool build_and_open(const struct packed_set *set, struct status *status) {
    struct blocks blocks;
    if (!blocks_build(set, out, (struct blocks_shape){3, 2}, 5000, status))
        return false;
    bool done = blocks_open(&blocks, out, set, status);
    blocks_close(&blocks);
    return done;
}

static bool build_blocks(struct status *status) {
    struct packed_set set;
    if (!packed_set_open(&set, made, status))
        return false;
    mkdir(out, 0777);
    bool done = build_and_open(&set, status);
    packed_set_close(&set);
    if (!done) {
        unlink(scratch_path(&scratch, "out/" BLOCKS_FILE));
        if (rmdir(out) != 0)
            status->text[0] = '\0';
    }
    return done;
}

static bool open_set(struct status *status) {
    struct packed_set set;
    bool done = packed_set_open(&set, made, status);
    packed_set_close(&set);
    return done;
}

static bool write_model_file(struct status *status) {
    static const float ZEROS[90 * 8];
    struct model_spec spec = {.factors = 2};
    struct packed_set set;
    if (!packed_set_open(&set, made, status))
        return false;
    char path[400];
    snprintf(path, sizeof path, "%s/model.dotbias", out);
    struct model_writer *writer = model_writer_begin(path, &spec, &set, status);
    bool done = writer != NULL && model_writer_rows(writer, TABLE_USERS, 0, set.users, ZEROS, status) &&
                model_writer_rows(writer, TABLE_MOVIES, 0, set.movies, ZEROS, status);
    if (done)
        done = model_writer_commit(writer, 1, 1, status);
    else
        model_writer_abandon(writer);
    packed_set_close(&set);
    return done;
}

static bool write_model(struct status *status) {
    mkdir(out, 0777);
    bool done = write_model_file(status);
    if (!done && rmdir(out) != 0)
        status->text[0] = '\0';
    return done;
}

/* Makes request 1, 2, 3, ... fail until none fails any more. */
static void assert_survives_every_failure(bool (*act)(struct status *)) {
    size_t held = memory_blocks_held(), request = 1;
    for (;; request++) {
        struct status status = {0};
        assert_true(request < REQUESTS_MAX);
        memory_fail_after(request);
        bool done = act(&status);
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), held);
        if (done)
            break;
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_true(status.text[0] != '\0');
        assert_int_equal(scratch_entries(&scratch, "out"), -1);
    }
    assert_true(request > 1);
    scratch_remove(out);
}

static void memory_runs_out_anywhere(void **state) {
    (void)state;
    assert_survives_every_failure(import_again);
    assert_survives_every_failure(import_packed);
    assert_survives_every_failure(generate_again);
    assert_survives_every_failure(generate_tightly);
    assert_survives_every_failure(build_blocks);
    assert_survives_every_failure(open_set);
    assert_survives_every_failure(write_model);
}

static void clear_out(void) {
    scratch_remove(out);
}

static void make_out(void) {
    clear_out();
    mkdir(out, 0777);
}

/* A file whose folder cannot be synced has its name already, and keeps it: it is whole. Half a file never has one. */
static void check_nothing_half(bool done) {
    char command[200];
    snprintf(command, sizeof command, "ls %s 2>&1 | grep -q -F .tmp.", out);
    assert_int_not_equal(system(command), 0);
    (void)done;
}

/* Not memory alone, but every call of the system. */
static void any_call_may_fail(void **state) {
    static const struct faults_act acts[] = {{clear_out, import_again, check_nothing_half, false},
                                             {clear_out, import_packed, check_nothing_half, false},
                                             {clear_out, generate_again, check_nothing_half, false},
                                             {NULL, open_set, NULL, false},
                                             {make_out, write_model_file, check_nothing_half, false}};
    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        assert_true(faults_sweep(FAULTS_FAIL, &acts[i]) > 3);
        if (i != 3)
            assert_true(faults_sweep(FAULTS_CUT, &acts[i]) > 0);
    }
    clear_out();
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files fails writes as a full disk does. */
static void assert_survives_a_full_disk(bool (*act)(struct status *)) {
    for (rlim_t bytes = 0; bytes < 30000; bytes += 1000) {
        struct status status = {0};
        limit_files(bytes);
        bool done = act(&status);
        limit_files(RLIM_INFINITY);
        assert_false(done);
        assert_int_equal(status.code, STATUS_IO);
        assert_true(status.text[0] != '\0');
        assert_int_equal(scratch_entries(&scratch, "out"), -1);
    }
}

static void the_disk_is_full(void **state) {
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_survives_a_full_disk(import_again);
    assert_survives_a_full_disk(generate_again);
    assert_survives_a_full_disk(generate_tightly);
    assert_int_equal(memory_blocks_held(), 0);
}

static void an_older_set_survives_a_failed_import(void **state) {
    (void)state;
    struct status status = {0};
    struct packed_set set;
    assert_true(import_again(&status));
    limit_files(10000);
    assert_false(import_again(&status));
    limit_files(RLIM_INFINITY);
    assert_int_equal(scratch_entries(&scratch, "out"), 1);
    assert_true(packed_set_open(&set, out, &status));
    packed_set_close(&set);
    scratch_remove(out);
}

static void what_is_no_file_is_not_replaced(void **state) {
    (void)state;
    struct status status = {0};
    assert_null(atomic_file_create("/dev/full", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    assert_null(atomic_file_create(scratch.folder, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    assert_null(atomic_file_create(scratch_path(&scratch, "absent/file"), &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    struct import_summary summary;
    struct import_spec spec = {.ratings = csv, .folder = "/dev/null/x"};
    assert_false(import_ratings(&spec, &summary, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
}

static int make_ratings(void **state) {
    (void)state;
    char command[400];
    struct status status = {0};
    struct generate_summary summary;
    scratch_make(&scratch);
    snprintf(made, sizeof made, "%s/made", scratch.folder);
    snprintf(csv, sizeof csv, "%s/ratings.csv", made);
    snprintf(out, sizeof out, "%s/out", scratch.folder);
    struct generate_spec spec = {made, true, 4000, 60, 90, 2, 0.5, 1, 0.2, 1};
    snprintf(command, sizeof command, "gzip -c %s > %s/ratings.csv.gz", csv, scratch.folder);
    return !generate_ratings(&spec, &summary, &status) || system(command) != 0;
}

static int remove_ratings(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out_anywhere),
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(an_older_set_survives_a_failed_import),
        cmocka_unit_test(what_is_no_file_is_not_replaced),
    };
    return cmocka_run_group_tests_name("data_storage", tests, make_ratings, remove_ratings);
}
