/* From ratings files to packed sets: the real set's numbers, and every kind of row that needs a decision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/memory.h"
#include "data/generate.h"
#include "data/import.h"
#include "data/packed_set.h"
#include "tests/scratch.h"

static struct scratch scratch;

/* The real data set's ratings, or NULL where there is none; with CI=true a missing set is a failure. */
static const char *movielens(char path[512]) {
    const char *folder = getenv("DOTBIAS_DATA"), *ci = getenv("CI");
    snprintf(path, 512, "%s/ratings.csv",
             folder != NULL ? folder : TESTS_DIR "/../../shared/data/ml-latest-small");
    if (access(path, R_OK) == 0)
        return path;
    if (ci != NULL && strcmp(ci, "true") == 0)
        fail_msg("there is no MovieLens set at %s", path);
    return NULL;
}

/* Imports with what is in spec, into scratch/out, and opens what came of it. */
static void import_and_open(struct import_spec spec, struct import_summary *summary, struct packed_set *set) {
    char out[128];
    struct status status = {0};
    snprintf(out, sizeof out, "%s/out", scratch.folder);
    spec.folder = out;
    assert_true(import_ratings(&spec, summary, &status));
    assert_true(packed_set_open(set, out, &status));
}

static void assert_id(const struct string_table *table, uint32_t row, const char *id) {
    size_t length;
    const char *bytes = string_table_get(table, row, &length);
    assert_int_equal(length, strlen(id));
    assert_memory_equal(bytes, id, length);
}

static void the_lessons_split_is_the_lessons(void **state) {
    (void)state;
    char path[512];
    struct import_summary summary;
    struct packed_set set;
    struct import_spec spec = {.split = {SPLIT_BY_NUMPY, 0.2, 42}};
    spec.ratings = movielens(path);
    if (spec.ratings == NULL)
        skip();
    import_and_open(spec, &summary, &set);
    assert_int_equal(summary.rows, 100004);
    assert_int_equal(set.users, 671);
    assert_int_equal(set.movies, 9066);
    assert_int_equal(set.train_count, 80004);
    assert_int_equal(set.valid_count, 20000);
    assert_int_equal(summary.rejects, 0);
    assert_int_equal(summary.duplicates.count, 0);
    assert_int_equal(summary.totals.cold_movies, 742);
    assert_true(fabs(summary.totals.valid_mean - 3.551025) < 5e-7);
    assert_true(fabs(summary.totals.baseline_mse - 1.12384) < 5e-6);
    assert_true(set.smallest == 0.5f && set.largest == 5.0f);
    /* Rows 19090, 99678 and 18455 of the file, counted from 0. */
    assert_id(&set.user_ids, set.valid[0].user, "128");
    assert_id(&set.movie_ids, set.valid[0].movie, "1028");
    assert_id(&set.user_ids, set.valid[1].user, "665");
    assert_id(&set.movie_ids, set.valid[1].movie, "4736");
    assert_id(&set.user_ids, set.valid[2].user, "120");
    assert_id(&set.movie_ids, set.valid[2].movie, "4002");
    assert_id(&set.movie_titles, 0, "Dangerous Minds (1995)");
    assert_id(&set.movie_genres, 0, "Drama");
    /* Training ratings stay in the order of the file. */
    for (uint64_t i = 1; i < set.train_count; i++)
        assert_true(set.train[i - 1].user <= set.train[i].user);
    packed_set_close(&set);
}

static void rejects_and_duplicates_are_accounted_for(void **state) {
    (void)state;
    struct import_summary summary;
    struct packed_set set;
    struct import_spec spec = {.has_range = true, .range_low = 0.5f, .range_high = 5.0f};
    spec.ratings = scratch_text(
        &scratch, "odd.csv",
        "userId,movieId,rating\n\"u,1\",m1,3\n\"u,1\",m1,4\nu2,m1,NaN\nu2,m1,7\nu3,\"m\"\"2\",2\n"
        "\"u,1\",\"m\"\"2\",1\nu4,m1");
    char ratings[400];
    spec.ratings = strcpy(ratings, spec.ratings);
    import_and_open(spec, &summary, &set);
    assert_int_equal(summary.rows, 4);
    assert_int_equal(summary.rejects, 3);
    assert_int_equal(summary.out_of_range, 1);
    assert_int_equal(summary.rejects_seen[0].line, 4);
    assert_string_equal(summary.rejects_seen[1].reason, "rating 7 is outside the range [0.5, 5]");
    assert_int_equal(summary.rejects_seen[2].line, 8);
    assert_int_equal(summary.duplicates.count, 1);
    assert_int_equal(summary.duplicates.examples[0].line, 3);
    assert_int_equal(summary.duplicates.examples[0].earlier_line, 2);
    assert_int_equal(set.train_count, 3);
    assert_true(set.train[0].value == 4);
    assert_int_equal(set.users, 2);
    assert_id(&set.user_ids, 0, "u,1");
    assert_id(&set.movie_ids, 1, "m\"2");
    assert_id(&set.movie_titles, 1, "");
    assert_int_equal(summary.histogram.count, 3);
    packed_set_close(&set);
}

/* Fails, says why, and leaves no folder. */
static void assert_import_fails(struct import_spec spec, const char *text, enum status_code code,
                                const char *sentence) {
    char ratings[400], out[128];
    struct status status = {0};
    struct import_summary summary;
    strcpy(ratings, scratch_text(&scratch, "bad.csv", text));
    snprintf(out, sizeof out, "%s/new/deep", scratch.folder);
    spec.ratings = ratings;
    spec.folder = out;
    assert_false(import_ratings(&spec, &summary, &status));
    assert_int_equal(status.code, code);
    if (strstr(status.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", status.text, sentence);
    assert_int_equal(scratch_entries(&scratch, "new"), -1);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_cannot_be_imported_leaves_nothing(void **state) {
    (void)state;
    struct import_spec strict = {.is_strict = true}, refuse = {.duplicates = DUPLICATE_REFUSE}, plain = {0};
    struct import_spec by_time = {.split = {.method = SPLIT_BY_TIME, .fraction = 0.1}},
                       no_movies = {.movies = "/absent"};
    assert_import_fails(strict, "user,item,rating\na,b,3\na,c,x\n", STATUS_BAD_DATA,
                        "line 3: rating 'x' is not a number");
    assert_import_fails(refuse, "user,item,rating\na,b,3\na,b,3\n", STATUS_BAD_DATA, "line 3 repeats line 2");
    assert_import_fails(plain, "user,item,rating\n", STATUS_BAD_DATA, "no ratings");
    assert_import_fails(plain, "user,item,rating\na,b,x\n", STATUS_BAD_DATA, "no good rating");
    assert_import_fails(by_time, "user,item,rating\na,b,3\n", STATUS_BAD_DATA, "timestamps");
    assert_import_fails(no_movies, "user,item,rating\na,b,3\n", STATUS_NO_INPUT, "/absent");
}

static void a_validation_file_of_its_own(void **state) {
    (void)state;
    char train[400], valid[400];
    struct import_summary summary;
    struct packed_set set;
    strcpy(train, scratch_text(&scratch, "train.csv", "user,item,rating\na,x,1\na,y,2\nb,x,3\n"));
    strcpy(valid, scratch_text(&scratch, "valid.csv", "user,item,rating\nb,y,4\na,y,5\nc,z,1\n"));
    struct import_spec spec = {.ratings = train, .valid_file = valid, .split = {.method = SPLIT_BY_FILES}};
    import_and_open(spec, &summary, &set);
    /* (a, y) was in both: the later one stays, so that nothing that validates was trained on. */
    assert_int_equal(set.train_count, 2);
    assert_int_equal(set.valid_count, 3);
    assert_int_equal(summary.duplicates.count, 1);
    assert_int_equal(summary.duplicates.examples[0].file, 1);
    assert_int_equal(summary.duplicates.examples[0].line, 3);
    assert_int_equal(summary.duplicates.examples[0].earlier_file, 0);
    assert_int_equal(summary.totals.cold, 3);
    assert_int_equal(summary.totals.cold_users, 1);
    assert_int_equal(summary.totals.cold_movies, 3);
    assert_int_equal(set.user_counts[0], 1);
    assert_int_equal(set.movie_counts[0], 2);
    packed_set_close(&set);
}

static void titles_may_be_of_another_century(void **state) {
    (void)state;
    char ratings[400], movies[400];
    struct import_summary summary;
    struct packed_set set;
    strcpy(ratings, scratch_text(&scratch, "ratings.dat", "1::73::5::1\n1::9::4::2\n"));
    strcpy(movies, scratch_text(&scratch, "movies.dat",
                                "73::Mis\xE9rables, Les (1995)::Drama|Musical\n8::Nobody saw it::\n"));
    struct import_spec spec = {.ratings = ratings};
    import_and_open(spec, &summary, &set);
    assert_int_equal(summary.titles, 1);
    assert_int_equal(summary.unrated_movies, 1);
    assert_id(&set.movie_titles, 0, "Mis\xC3\xA9rables, Les (1995)");
    assert_id(&set.movie_genres, 0, "Drama|Musical");
    assert_id(&set.movie_titles, 1, "");
    packed_set_close(&set);
}

static void generated_ratings_import_as_they_were_made(void **state) {
    (void)state;
    char made[128], csv[160];
    struct status status = {0};
    struct generate_summary made_summary, again;
    struct import_summary summary;
    struct packed_set set, imported;
    snprintf(made, sizeof made, "%s/made", scratch.folder);
    snprintf(csv, sizeof csv, "%s/ratings.csv", made);
    struct generate_spec spec = {made, true, 30000, 200, 700, 8, 0.7, 5, 0.2, 9};
    assert_true(generate_ratings(&spec, &made_summary, &status));
    assert_true(packed_set_open(&set, made, &status));
    struct import_spec import = {.ratings = csv,
                                 .split = {.method = SPLIT_BY_HASH, .fraction = 0.2, .seed = 9}};
    import_and_open(import, &summary, &imported);
    assert_int_equal(summary.rows, 30000);
    assert_int_equal(summary.duplicates.count, 0);
    assert_int_equal(set.digest, imported.digest);
    assert_true(set.train_mean == imported.train_mean);
    assert_int_equal(set.movie_titles.offsets[set.movies], imported.movie_titles.offsets[set.movies]);
    assert_memory_equal(set.movie_titles.bytes, imported.movie_titles.bytes,
                        set.movie_titles.offsets[set.movies]);
    assert_true(set.truth_rmse == made_summary.truth_rmse && isnan(imported.truth_rmse));
    /* Noise of 0.7, and rounding to half stars adds 1/48 to its square. */
    assert_true(set.truth_rmse > 0.6 && set.truth_rmse < 0.75);
    uint64_t digest = set.digest;
    packed_set_close(&set);
    packed_set_close(&imported);
    spec.with_csv = false;
    assert_true(generate_ratings(&spec, &again, &status));
    assert_true(packed_set_open(&set, made, &status));
    assert_int_equal(set.digest, digest);
    packed_set_close(&set);
}

static void users_may_rate_everything(void **state) {
    (void)state;
    char made[128];
    struct status status = {0};
    struct generate_summary summary;
    snprintf(made, sizeof made, "%s/full", scratch.folder);
    struct generate_spec spec = {made, false, 30 * 40, 30, 40, 3, 0.5, 1, 0.1, 1};
    assert_true(generate_ratings(&spec, &summary, &status));
    assert_int_equal(summary.movies, 40);
    spec.ratings++;
    assert_false(generate_ratings(&spec, &summary, &status));
    assert_int_equal(status.code, STATUS_USAGE);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lessons_split_is_the_lessons),
        cmocka_unit_test(rejects_and_duplicates_are_accounted_for),
        cmocka_unit_test(what_cannot_be_imported_leaves_nothing),
        cmocka_unit_test(a_validation_file_of_its_own),
        cmocka_unit_test(titles_may_be_of_another_century),
        cmocka_unit_test(generated_ratings_import_as_they_were_made),
        cmocka_unit_test(users_may_rate_everything),
    };
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests_name("data_import", tests, NULL, NULL);
    scratch_remove(scratch.folder);
    return failed;
}
