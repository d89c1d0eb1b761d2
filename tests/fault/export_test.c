/* Every call of an export fails once: a status, nothing leaked, and an export that is whole or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/export.h"
#include "core/memory.h"
#include "data/generate.h"
#include "tests/fault/faults.h"
#include "tests/scratch.h"

enum { USERS = 30, MOVIES = 40, FACTORS = 2 };

static struct scratch scratch;
static struct model_file model;
static char out[128];
static enum export_format format;
static bool force;

static bool write_model(const char *path, const char *set_path, struct status *status) {
    static const float ROWS[MOVIES * 8];
    struct model_spec spec = {.factors = FACTORS};
    struct packed_set set;
    if (!packed_set_open(&set, set_path, status))
        return false;
    struct model_writer *writer = model_writer_begin(path, &spec, &set, status);
    bool done = writer != NULL && model_writer_rows(writer, TABLE_USERS, 0, set.users, ROWS, status) &&
                model_writer_rows(writer, TABLE_MOVIES, 0, set.movies, ROWS, status) &&
                model_writer_commit(writer, 1, 1, status);
    packed_set_close(&set);
    return done;
}

static int begin(void **state) {
    char made[128], path[160];
    struct status status = {0};
    struct generate_summary summary;
    (void)state;
    scratch_make(&scratch);
    snprintf(made, sizeof made, "%s/made", scratch.folder);
    snprintf(path, sizeof path, "%s/made/model.dotbias", scratch.folder);
    snprintf(out, sizeof out, "%s/out", scratch.folder);
    struct generate_spec spec = {made, false, 400, USERS, MOVIES, 2, 0.5, 1, 0.2, 1};
    return !generate_ratings(&spec, &summary, &status) || !write_model(path, made, &status) ||
           !model_file_open(&model, path, &status);
}

static int end(void **state) {
    (void)state;
    model_file_close(&model);
    scratch_remove(scratch.folder);
    return memory_blocks_held() != 0;
}

/* The old one, where the call that failed was to remove it or to make the new one last. */
static const char *left_over(void) {
    static char name[160];
    snprintf(name, sizeof name, "%s.tmp.%ld", out, (long)getpid());
    return name;
}

static void prepare(void) {
    scratch_remove(left_over());
    if (force)
        return;
    scratch_remove(out);
    unlink(out);
}

static bool act(struct status *status) {
    struct export_result result;
    struct export_spec spec = {.format = format, .out = out, .force = force};
    spec.has[TABLE_MOVIES] = true;
    spec.has[TABLE_USERS] = !export_has_one_table(format);
    return export_write(&result, &spec, &model, status);
}

/* made and, where the export is there, out; a third only where one was to be replaced. */
static void check(bool done) {
    bool is_there = access(out, F_OK) == 0;
    static const int FILES[EXPORT_FORMATS] = {[EXPORT_NPY] = 11, [EXPORT_CSV] = 2, [EXPORT_PROJECTOR] = 3};
    assert_true(is_there || (!done && !force));
    bool is_left = !done && force && access(left_over(), F_OK) == 0;
    assert_int_equal(scratch_entries(&scratch, "."), 1 + is_there + is_left);
    if (is_there && !export_is_file(format))
        assert_int_equal(scratch_entries(&scratch, "out"), FILES[format]);
}

static void every_call_fails_once(void **state) {
    static const struct faults_act ACT = {.prepare = prepare, .act = act, .check = check};
    (void)state;
    for (force = false, format = 0; format < EXPORT_FORMATS; format++) {
        assert_true(faults_sweep(FAULTS_FAIL, &ACT) > 5);
        assert_true(faults_sweep(FAULTS_CUT, &ACT) > 0);
    }
}

static void an_earlier_export_stays_whole(void **state) {
    static const struct faults_act ACT = {.prepare = prepare, .act = act, .check = check};
    struct status status;
    (void)state;
    format = EXPORT_NPY;
    force = false;
    prepare();
    assert_true(act(&status));
    force = true;
    assert_true(faults_sweep(FAULTS_FAIL, &ACT) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_fails_once, begin, end),
        cmocka_unit_test_setup_teardown(an_earlier_export_stays_whole, begin, end),
    };
    return cmocka_run_group_tests_name("fault/export", tests, NULL, NULL);
}
