/* What was exported is the model, to the bit; an export is there whole or not at all; ids of any bytes are kept or
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "analysis/export.h"
#include "analysis_small_model.h"
#include "core/bytes.h"
#include "core/memory.h"
#include "tests/scratch.h"

static struct scratch scratch;
static struct small_model model;

static int begin(void **state) {
    static const char *const GENRES[] = {"Comedy|Romance", "", "Drama"};
    static struct small_table genres;
    (void)state;
    scratch_make(&scratch);
    small_model_fill(&model);
    small_table_fill(&genres, GENRES, 3);
    model.file.movie_genres = genres.view;
    return 0;
}

static int end(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return memory_blocks_held() != 0;
}

/* Exports to folder/name; the default tables unless one is named. */
static bool export_as(enum export_format format, const char *name, bool force, struct status *status) {
    char out[400];
    struct export_result result;
    struct export_spec spec = {.format = format, .out = out, .force = force};
    strcpy(out, scratch_path(&scratch, name));
    spec.has[TABLE_MOVIES] = true;
    spec.has[TABLE_USERS] = !export_has_one_table(format);
    return export_write(&result, &spec, &model.file, status);
}

static void must_export(enum export_format format, const char *name) {
    struct status status = {0};
    if (!export_as(format, name, false, &status))
        fail_msg("%s", status.text);
}

static void must_refuse(enum export_format format, const char *name, enum status_code code,
                        const char *sentence) {
    struct status status = {0};
    assert_false(export_as(format, name, false, &status));
    assert_int_equal(status.code, code);
    if (strstr(status.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", status.text, sentence);
}

static void expect_bytes(const char *name, const void *expected, size_t expected_length) {
    size_t length;
    unsigned char *bytes = scratch_read(scratch_path(&scratch, name), &length);
    assert_int_equal(length, expected_length);
    assert_memory_equal(bytes, expected, length);
    free(bytes);
}

static void expect_text(const char *name, const char *expected) {
    expect_bytes(name, expected, strlen(expected));
}

/* Reads a .npy as NumPy does, and compares shape and bits with columns [first, first + columns) of the rows. */
static void expect_npy(const char *name, const char *shape, const float *rows, uint32_t count, uint32_t first,
                       uint32_t columns) {
    size_t length;
    unsigned char *bytes = scratch_read(scratch_path(&scratch, name), &length);
    uint32_t width = model.file.spec.factors + 1;
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
    size_t head = 10 + bytes[8] + 256u * bytes[9];
    assert_int_equal(head % 64, 0);
    assert_int_equal(bytes[head - 1], '\n');
    char wanted[128];
    snprintf(wanted, sizeof wanted, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    assert_memory_equal(bytes + 10, wanted, strlen(wanted));
    assert_int_equal(length, head + count * columns * sizeof(float));
    for (uint32_t row = 0; row < count; row++)
        assert_memory_equal(bytes + head + row * columns * sizeof(float), rows + row * width + first,
                            columns * sizeof(float));
    free(bytes);
}

static void npy_holds_the_bits(void **state) {
    (void)state;
    must_export(EXPORT_NPY, "out");
    assert_int_equal(scratch_entries(&scratch, "out"), 11);
    assert_int_equal(scratch_entries(&scratch, "."), 1);
    expect_npy("out/users.npy", "(2, 2)", model.file.user_rows, 2, 0, 2);
    expect_npy("out/user_bias.npy", "(2,)", model.file.user_rows, 2, 2, 1);
    expect_npy("out/movies.npy", "(3, 2)", model.file.movie_rows, 3, 0, 2);
    expect_npy("out/movie_bias.npy", "(3,)", model.file.movie_rows, 3, 2, 1);
    size_t length;
    unsigned char *bytes = scratch_read(scratch_path(&scratch, "out/movie_ratings.npy"), &length);
    assert_non_null(memmem(bytes, length, "'descr': '<i4'", 14));
    assert_memory_equal(bytes + length - 12, model.file.movie_counts, 12);
    free(bytes);
    expect_text("out/user_ids.txt", "u1\nu2\n");
    expect_text("out/movie_ids.txt", "10\n20\n30\n");
    expect_text("out/movie_titles.txt", "Am\u00e9lie (2001)\n\nCold One\n");
    expect_text("out/movie_genres.txt", "Comedy|Romance\n\nDrama\n");
}

/* A reader of safetensors that believes nothing: places follow one another and end with the file. */
struct tensors {
    unsigned char *bytes;
    size_t length, data;
    json_t *head;
};

static void open_tensors(struct tensors *tensors, const char *name) {
    tensors->bytes = scratch_read(scratch_path(&scratch, name), &tensors->length);
    uint64_t head = bytes_u64(tensors->bytes);
    tensors->data = 8 + head;
    assert_int_equal(tensors->data % 8, 0);
    assert_true(tensors->data <= tensors->length);
    tensors->head = json_loadb((char *)tensors->bytes + 8, head, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tensors->head);
}

static void close_tensors(struct tensors *tensors) {
    json_decref(tensors->head);
    free(tensors->bytes);
}

static const unsigned char *tensor(const struct tensors *tensors, const char *name, const char *type,
                                   size_t *bytes) {
    const char *dtype;
    json_int_t from, to;
    assert_int_equal(json_unpack(json_object_get(tensors->head, name), "{s:s, s:[I, I]}", "dtype", &dtype,
                                 "data_offsets", &from, &to),
                     0);
    assert_string_equal(dtype, type);
    assert_true(0 <= from && from <= to && tensors->data + (size_t)to <= tensors->length);
    *bytes = (size_t)(to - from);
    return tensors->bytes + tensors->data + from;
}

static void expect_strings(const struct tensors *tensors, const char *offsets_name, const char *bytes_name,
                           const struct string_table *wanted) {
    size_t length;
    const unsigned char *offsets = tensor(tensors, offsets_name, "I64", &length);
    assert_int_equal(length, (wanted->count + 1) * 8);
    assert_memory_equal(offsets, wanted->offsets, length);
    const unsigned char *bytes = tensor(tensors, bytes_name, "U8", &length);
    assert_int_equal(length, wanted->offsets[wanted->count]);
    assert_memory_equal(bytes, wanted->bytes, length);
}

static void expect_rows(const struct tensors *tensors, const char *name, const float *rows, uint32_t count,
                        uint32_t first, uint32_t columns) {
    size_t length;
    const unsigned char *bytes = tensor(tensors, name, "F32", &length);
    assert_int_equal(length, count * columns * sizeof(float));
    for (uint32_t row = 0; row < count; row++)
        assert_memory_equal(bytes + row * columns * sizeof(float),
                            rows + row * (model.file.spec.factors + 1) + first, columns * sizeof(float));
}

static void safetensors_hold_the_bits_and_any_id(void **state) {
    static const char *const ODD[] = {"a\tb", "\xff\n", ""};
    struct tensors tensors;
    (void)state;
    small_table_fill(&model.movie_ids, ODD, 3);
    model.file.movie_ids = model.movie_ids.view;
    model.file.digest = 0xabc;
    must_export(EXPORT_SAFETENSORS, "new/folder/m.safetensors");
    open_tensors(&tensors, "new/folder/m.safetensors");
    expect_rows(&tensors, "users", model.file.user_rows, 2, 0, 2);
    expect_rows(&tensors, "user_bias", model.file.user_rows, 2, 2, 1);
    expect_rows(&tensors, "movies", model.file.movie_rows, 3, 0, 2);
    expect_rows(&tensors, "movie_bias", model.file.movie_rows, 3, 2, 1);
    expect_strings(&tensors, "user_id_offsets", "user_ids", &model.file.user_ids);
    expect_strings(&tensors, "movie_id_offsets", "movie_ids", &model.file.movie_ids);
    expect_strings(&tensors, "movie_title_offsets", "movie_titles", &model.file.movie_titles);
    expect_strings(&tensors, "movie_genre_offsets", "movie_genres", &model.file.movie_genres);
    size_t bytes, sum = 0;
    assert_memory_equal(tensor(&tensors, "movie_ratings", "I32", &bytes), model.file.movie_counts, 12);
    assert_int_equal(bytes, 12);
    const char *digest;
    assert_int_equal(json_unpack(tensors.head, "{s:{s:s}}", "__metadata__", "digest", &digest), 0);
    assert_string_equal(digest, "0000000000000abc");
    const char *key;
    json_t *value;
    json_object_foreach(tensors.head, key, value) if (strcmp(key, "__metadata__") != 0) {
        const char *type = json_string_value(json_object_get(value, "dtype"));
        const unsigned char *at = tensor(&tensors, key, type, &bytes);
        assert_int_equal((size_t)(at - tensors.bytes) % (strcmp(type, "I64") == 0 ? 8 : 1), 0);
        sum += bytes;
    }
    assert_int_equal(tensors.data + sum, tensors.length);
    close_tensors(&tensors);
}

static void texts_read_as_they_should(void **state) {
    static const char *const TITLES[] = {"Tab\tand \"quote\", line\n", "", "Cold One"};
    (void)state;
    small_table_fill(&model.movie_titles, TITLES, 3);
    model.file.movie_titles = model.movie_titles.view;
    must_export(EXPORT_WORD2VEC, "vectors.txt");
    expect_text("vectors.txt", "3 2\n10 0.5 0.25\n20 2 -1\n30 0.125 0.125\n");
    must_export(EXPORT_CSV, "csv");
    expect_text("csv/users.csv", "id,ratings,bias,f0,f1\nu1,3,0.25,1,0.5\nu2,1,-0.125,-0.5,2\n");
    expect_text("csv/movies.csv", "id,title,genres,ratings,bias,f0,f1\n"
                                  "10,\"Tab\tand \"\"quote\"\", line\n\",Comedy|Romance,3,0.5,0.5,0.25\n"
                                  "20,,,1,-0.25,2,-1\n"
                                  "30,Cold One,Drama,0,0.0625,0.125,0.125\n");
    must_export(EXPORT_PROJECTOR, "projector");
    expect_text("projector/tensors.tsv", "0.5\t0.25\n2\t-1\n0.125\t0.125\n");
    expect_text("projector/metadata.tsv", "title\tgenres\tid\tratings\n"
                                          "Tab and \"quote\", line \tComedy|Romance\t10\t3\n"
                                          "20\t\t20\t1\n"
                                          "Cold One\tDrama\t30\t0\n");
    expect_text("projector/projector_config.pbtxt",
                "embeddings {\n  tensor_name: \"movies\"\n  tensor_shape: 3\n  tensor_shape: 2\n"
                "  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n}\n");
}

static void a_model_without_titles_is_fine(void **state) {
    static const char *const NONE[] = {"", "", ""};
    struct tensors tensors;
    (void)state;
    small_table_fill(&model.movie_titles, NONE, 3);
    model.file.movie_titles = model.movie_titles.view;
    must_export(EXPORT_NPY, "npy");
    assert_int_equal(scratch_entries(&scratch, "npy"), 9);
    must_export(EXPORT_PROJECTOR, "projector");
    expect_text("projector/metadata.tsv", "id\tratings\n10\t3\n20\t1\n30\t0\n");
    must_export(EXPORT_SAFETENSORS, "m");
    open_tensors(&tensors, "m");
    assert_null(json_object_get(tensors.head, "movie_titles"));
    assert_null(json_object_get(tensors.head, "movie_title_offsets"));
    close_tensors(&tensors);
}

static void use_id(const char *id) {
    const char *ids[] = {"10", id, "30"};
    small_table_fill(&model.movie_ids, ids, 3);
    model.file.movie_ids = model.movie_ids.view;
}

static void ids_that_would_break_a_file_are_refused(void **state) {
    (void)state;
    use_id("two words");
    must_export(EXPORT_NPY, "a");
    must_export(EXPORT_PROJECTOR, "b");
    must_refuse(EXPORT_WORD2VEC, "c", STATUS_BAD_DATA,
                "the id 'two words' of movie row 1: it has white space");
    use_id("tab\there");
    must_export(EXPORT_NPY, "d");
    must_refuse(EXPORT_PROJECTOR, "e", STATUS_BAD_DATA, "it has a tab");
    use_id("line\nbreak");
    must_refuse(EXPORT_NPY, "f", STATUS_BAD_DATA, "the id 'line?break' of movie row 1: it has a line break");
    must_export(EXPORT_CSV, "g");
    use_id("");
    must_refuse(EXPORT_WORD2VEC, "h", STATUS_BAD_DATA, "is empty");
    assert_int_equal(scratch_entries(&scratch, "."), 4);
}

static void nothing_is_overwritten_by_accident(void **state) {
    struct status status = {0};
    (void)state;
    must_export(EXPORT_NPY, "out");
    must_refuse(EXPORT_NPY, "out", STATUS_CANT_CREATE, "holds an export already; --force replaces it");
    must_refuse(EXPORT_WORD2VEC, "out", STATUS_CANT_CREATE,
                "is a folder, and the format word2vec makes a file");
    assert_true(export_as(EXPORT_CSV, "out", true, &status));
    assert_int_equal(scratch_entries(&scratch, "out"), 2);
    scratch_text(&scratch, "out/thesis.tex", "ten years of work");
    must_refuse(EXPORT_CSV, "out", STATUS_CANT_CREATE, "which no export has written");
    assert_false(export_as(EXPORT_CSV, "out", true, &status));
    expect_text("out/thesis.tex", "ten years of work");
    scratch_text(&scratch, "file", "mine");
    must_refuse(EXPORT_SAFETENSORS, "file", STATUS_CANT_CREATE, "exists; --force replaces it");
    must_refuse(EXPORT_NPY, "file", STATUS_CANT_CREATE, "is a file, and the format npy makes a folder");
    expect_text("file", "mine");
    assert_true(export_as(EXPORT_WORD2VEC, "file", true, &status));
    assert_int_equal(scratch_entries(&scratch, "."), 2);
}

static void an_empty_folder_is_taken(void **state) {
    (void)state;
    assert_int_equal(mkdir(scratch_path(&scratch, "out"), 0777), 0);
    must_export(EXPORT_CSV, "out/");
    assert_int_equal(scratch_entries(&scratch, "out"), 2);
}

/* Every request for memory fails once: nothing is left, not even a parent. */
static void a_failed_export_leaves_nothing(void **state) {
    struct status status = {0};
    (void)state;
    for (int format = 0; format < EXPORT_FORMATS; format++) {
        size_t failures = 0;
        for (memory_fail_after(1); !export_as((enum export_format)format, "new/out", false, &status);
             memory_fail_after(++failures + 1)) {
            assert_int_equal(status.code, STATUS_NO_MEMORY);
            assert_int_equal(scratch_entries(&scratch, "."), 0);
            assert_int_equal(memory_blocks_held(), 0);
        }
        memory_fail_after(0);
        assert_true(failures > 0);
        scratch_remove(scratch_path(&scratch, "new"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(npy_holds_the_bits, begin, end),
        cmocka_unit_test_setup_teardown(safetensors_hold_the_bits_and_any_id, begin, end),
        cmocka_unit_test_setup_teardown(texts_read_as_they_should, begin, end),
        cmocka_unit_test_setup_teardown(a_model_without_titles_is_fine, begin, end),
        cmocka_unit_test_setup_teardown(ids_that_would_break_a_file_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten_by_accident, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_folder_is_taken, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_export_leaves_nothing, begin, end),
    };
    return cmocka_run_group_tests_name("analysis/export", tests, NULL, NULL);
}
