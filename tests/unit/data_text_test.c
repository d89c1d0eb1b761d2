/* Lines, fields, numbers and rows of ratings files. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "data/fields.h"
#include "data/number.h"
#include "data/ratings_reader.h"
#include "data/text_source.h"
#include "tests/scratch.h"

static struct scratch scratch;

static void assert_line(struct text_source *source, const char *text, uint64_t number) {
    struct text_line line;
    struct status status = {0};
    assert_int_equal(text_source_next(source, &line, &status), TEXT_LINE);
    assert_int_equal(line.length, strlen(text));
    assert_memory_equal(line.bytes, text, line.length);
    assert_int_equal(line.number, number);
    assert_false(line.too_long);
}

static void assert_three_lines(const char *path) {
    struct text_line line;
    struct status status = {0};
    struct text_source *source = text_source_open(path, &status);
    assert_non_null(source);
    assert_line(source, "one", 1);
    assert_line(source, "", 2);
    assert_line(source, "three", 3);
    assert_int_equal(text_source_next(source, &line, &status), TEXT_END);
    assert_int_equal(text_source_next(source, &line, &status), TEXT_END);
    text_source_close(source);
}

static void lines_end_in_all_the_usual_ways(void **state) {
    (void)state;
    assert_three_lines(scratch_text(&scratch, "a.txt", "one\n\nthree\n"));
    assert_three_lines(scratch_text(&scratch, "a.txt", "one\r\n\r\nthree"));
    assert_three_lines(scratch_text(&scratch, "a.txt", "\xEF\xBB\xBFone\n\nthree"));
}

static size_t gzip(const char *text, size_t length, unsigned char *packed, size_t capacity) {
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)text;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

static void assert_cut_is_refused(const unsigned char *packed, size_t length) {
    struct status status = {0};
    struct text_line line;
    for (size_t cut = 5; cut < length; cut++) {
        enum text_outcome outcome = TEXT_FAILED;
        struct text_source *source = text_source_open(scratch_write(&scratch, "cut", packed, cut), &status);
        while (source != NULL && (outcome = text_source_next(source, &line, &status)) == TEXT_LINE)
            ;
        assert_int_equal(outcome, TEXT_FAILED);
        assert_int_equal(status.code, STATUS_BAD_DATA);
        text_source_close(source);
    }
}

static void packed_files_are_unpacked_and_cut_ones_refused(void **state) {
    (void)state;
    unsigned char packed[256];
    static const char TEXT[] = "one\n\nthree\n";
    size_t length = gzip(TEXT, sizeof TEXT - 1, packed, sizeof packed);
    assert_three_lines(scratch_write(&scratch, "a.gz", packed, length));
    assert_cut_is_refused(packed, length);
    length = gzip(TEXT, 4, packed, sizeof packed);
    length += gzip(TEXT + 4, sizeof TEXT - 5, packed + length, sizeof packed - length);
    assert_three_lines(scratch_write(&scratch, "two-members.gz", packed, length));
    length = ZSTD_compress(packed, sizeof packed, TEXT, sizeof TEXT - 1, 3);
    assert_three_lines(scratch_write(&scratch, "a.zst", packed, length));
    assert_cut_is_refused(packed, length);
    packed[length - 3] ^= 0xff;
    assert_cut_is_refused(packed, length);
}

static void a_line_may_not_be_endless(void **state) {
    (void)state;
    struct text_line line;
    struct status status = {0};
    size_t length = 10 * TEXT_LINE_BYTES_MAX;
    char *text = malloc(length + 8);
    memset(text, 'x', length);
    memcpy(text + length, "\nshort\n", 7);
    struct text_source *source = text_source_open(scratch_write(&scratch, "long", text, length + 7), &status);
    assert_int_equal(text_source_next(source, &line, &status), TEXT_LINE);
    assert_true(line.too_long);
    assert_line(source, "short", 2);
    assert_int_equal(text_source_next(source, &line, &status), TEXT_END);
    text_source_close(source);
    /* The longest line that is allowed, ten times, so that it meets every place of the buffer. */
    for (size_t i = TEXT_LINE_BYTES_MAX; i < length; i += TEXT_LINE_BYTES_MAX + 1)
        text[i] = '\n';
    source = text_source_open(scratch_write(&scratch, "long", text, length), &status);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(text_source_next(source, &line, &status), TEXT_LINE);
        assert_int_equal(line.length, TEXT_LINE_BYTES_MAX);
        assert_false(line.too_long);
    }
    text_source_close(source);
    free(text);
}

static void fields_come_without_their_quotes(void **state) {
    (void)state;
    char line[] = "1,\"Good, the Bad and the \"\"Ugly\"\"\",,\"\"";
    struct fields fields;
    const char *reason;
    assert_true(fields_cut(&fields, FIELDS_COMMA, line, strlen(line), &reason));
    assert_int_equal(fields.count, 4);
    assert_int_equal(fields.items[1].length, strlen("Good, the Bad and the \"Ugly\""));
    assert_memory_equal(fields.items[1].bytes, "Good, the Bad and the \"Ugly\"", fields.items[1].length);
    assert_int_equal(fields.items[2].length, 0);
    assert_int_equal(fields.items[3].length, 0);
    char open[] = "1,\"open";
    assert_false(fields_cut(&fields, FIELDS_COMMA, open, strlen(open), &reason));
    char after[] = "\"a\"b,1";
    assert_false(fields_cut(&fields, FIELDS_COMMA, after, strlen(after), &reason));
    char colons[] = "1::2:3::4";
    assert_true(fields_cut(&fields, FIELDS_COLONS, colons, strlen(colons), &reason));
    assert_int_equal(fields.count, 3);
    assert_memory_equal(fields.items[1].bytes, "2:3", 3);
}

static void numbers_are_exact(void **state) {
    (void)state;
    static const char *const GOOD[] = {"3.5",
                                       "0",
                                       "-2",
                                       "+4",
                                       "0.1",
                                       "1e-3",
                                       "5E2",
                                       "4.35",
                                       "0.3",
                                       "1e22",
                                       "1e23",
                                       "123456789012345678",
                                       "00000000000000000003.5",
                                       "2.2250738585072014e-308",
                                       "9007199254740993",
                                       "1e-400",
                                       "0e99999"};
    const char *reason;
    double value;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(number_parse(GOOD[i], strlen(GOOD[i]), &value, &reason));
        assert_true(value == strtod(GOOD[i], NULL));
    }
    for (int i = -2000; i < 2000; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.*f", i & 7, i / 37.0);
        assert_true(number_parse(text, strlen(text), &value, &reason));
        assert_true(value == strtod(text, NULL));
    }
}

static void what_is_not_a_number_is_refused(void **state) {
    (void)state;
    static const char *const BAD[] = {"",   "1e-3x", "NaN",   "nan",   "inf",   "-inf", "Infinity", "0x10",
                                      "3.", ".5",    "1e",    "1e+",   " 3",    "3 ",   "3,5",      "--3",
                                      "+",  "-",     "1e999", "three", "3.5.1", "1_000"};
    const char *reason;
    double value;
    int64_t whole;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(number_parse(BAD[i], strlen(BAD[i]), &value, &reason));
        assert_true(strlen(reason) > 0);
        assert_false(number_parse_whole(BAD[i], strlen(BAD[i]), &whole, &reason));
    }
    assert_true(number_parse_whole("1260759144", 10, &whole, &reason));
    assert_int_equal(whole, 1260759144);
    assert_true(number_parse_whole("-7.5", 4, &whole, &reason));
    assert_int_equal(whole, -8);
    assert_false(number_parse_whole("1e30", 4, &whole, &reason));
}

static void assert_row(struct ratings_reader *reader, const char *user, const char *movie, double value,
                       int64_t time) {
    struct ratings_row row;
    struct status status = {0};
    assert_int_equal(ratings_reader_next(reader, &row, &status), RATINGS_ROW);
    assert_int_equal(row.user_length, strlen(user));
    assert_memory_equal(row.user, user, row.user_length);
    assert_int_equal(row.movie_length, strlen(movie));
    assert_memory_equal(row.movie, movie, row.movie_length);
    assert_true(row.value == (float)value);
    assert_int_equal(row.time, time);
}

static void assert_reject(struct ratings_reader *reader, uint64_t line, const char *reason) {
    struct ratings_row row;
    struct status status = {0};
    assert_int_equal(ratings_reader_next(reader, &row, &status), RATINGS_REJECT);
    assert_int_equal(row.line, line);
    assert_string_equal(row.reason, reason);
}

static void assert_end(struct ratings_reader *reader) {
    struct ratings_row row;
    struct status status = {0};
    assert_int_equal(ratings_reader_next(reader, &row, &status), RATINGS_END);
    ratings_reader_close(reader);
}

static struct ratings_reader *open_text(const char *text, bool wants_times) {
    struct status status = {0};
    struct ratings_reader *reader =
        ratings_reader_open(scratch_text(&scratch, "r.csv", text), wants_times, &status);
    assert_non_null(reader);
    return reader;
}

static void columns_are_found_by_name(void **state) {
    (void)state;
    struct ratings_reader *reader = open_text("Rating,note,item_id,TIMESTAMP,User ID\n"
                                              "4.5,x,\"a,\"\"b\"\"\",77,Zo\xC3\xAB\n",
                                              true);
    assert_true(ratings_reader_has_times(reader));
    assert_row(reader, "Zo\xC3\xAB", "a,\"b\"", 4.5, 77);
    assert_end(reader);
}

static void colons_and_tabs_need_no_header(void **state) {
    (void)state;
    struct ratings_reader *reader = open_text("1::1193::5::978300760\n1::661::3::978302109", true);
    assert_row(reader, "1", "1193", 5, 978300760);
    assert_row(reader, "1", "661", 3, 978302109);
    assert_end(reader);
    reader = open_text("196\t242\t3\t881250949\n", false);
    assert_row(reader, "196", "242", 3, 0);
    assert_end(reader);
    reader = open_text("user\titem\trating\nu\ti\t2.5\n", false);
    assert_row(reader, "u", "i", 2.5, 0);
    assert_end(reader);
}

static void a_bad_row_says_where_and_why(void **state) {
    (void)state;
    struct ratings_reader *reader =
        open_text("userId,movieId,rating,timestamp\n1,2,NaN,0\n1,2,1e-3x,0\n\n1,2,,0\n,2,3,0\n1,2\n"
                  "1,2,3,soon\n1,\"2,3,0\n1,2,1e300,0\n1,2,4,5\n1,2,3.",
                  true);
    assert_reject(reader, 2, "rating 'NaN' is not a number");
    assert_reject(reader, 3, "rating '1e-3x' is not a number");
    assert_reject(reader, 5, "rating '' is empty");
    assert_reject(reader, 6, "the user id is empty");
    assert_reject(reader, 7, "the line has 2 fields, not 4");
    assert_reject(reader, 8, "timestamp 'soon' is not a number");
    assert_reject(reader, 9, "the line has a quote that is not closed");
    assert_reject(reader, 10, "rating '1e300' is too large");
    assert_row(reader, "1", "2", 4, 5);
    assert_reject(reader, 12, "the line has 3 fields, not 4");
    assert_end(reader);
}

static void a_file_without_ratings_is_refused(void **state) {
    (void)state;
    struct status status = {0};
    assert_null(ratings_reader_open(scratch_text(&scratch, "r.csv", ""), false, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_null(ratings_reader_open(scratch_text(&scratch, "r.csv", "1,2,3\n"), false, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "users (userId"));
    assert_null(ratings_reader_open(scratch_path(&scratch, "absent.csv"), false, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_null(ratings_reader_open(scratch.folder, false, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_all_the_usual_ways),
        cmocka_unit_test(packed_files_are_unpacked_and_cut_ones_refused),
        cmocka_unit_test(a_line_may_not_be_endless),
        cmocka_unit_test(fields_come_without_their_quotes),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(what_is_not_a_number_is_refused),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(colons_and_tabs_need_no_header),
        cmocka_unit_test(a_bad_row_says_where_and_why),
        cmocka_unit_test(a_file_without_ratings_is_refused),
    };
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests_name("data_text", tests, NULL, NULL);
    scratch_remove(scratch.folder);
    return failed;
}
