/* Can any bytes of a ratings or movies file hurt its reader, or make the fast reader of plain lines read
 * something else than the careful one? The file is an anonymous one, so that nothing
 * touches a disk. Build for libFuzzer with: clang -fsanitize=fuzzer,address -I. tests/fuzz/ratings_fuzz.c
 * data/[a-z]*.c core/[a-z]*.c ... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/movies_reader.h"
#include "data/rating_stream.h"

int ratings_fuzz(const uint8_t *bytes, size_t length);

static void must(bool holds) {
    if (!holds)
        abort();
}

static bool is_number(const char *id, size_t length, uint32_t number) {
    char text[16];
    return (size_t)snprintf(text, sizeof text, "%u", number) == length && memcmp(text, id, length) == 0;
}

/* Row i of a run is what the careful reader gives next. */
static void compare_run(struct ratings_reader *reader, const struct rating_run *run, size_t i) {
    struct ratings_row row;
    struct status status;
    must(ratings_reader_next(reader, &row, &status) == RATINGS_ROW);
    must(row.line == run->line + i);
    must(is_number(row.user, row.user_length, run->ratings[i].user));
    must(is_number(row.movie, row.movie_length, run->ratings[i].movie));
    must(memcmp(&row.value, &run->ratings[i].value, sizeof row.value) == 0);
    must(run->times == NULL || row.time == run->times[i]);
}

static void compare_row(struct ratings_reader *reader, enum stream_outcome outcome,
                        const struct ratings_row *streamed) {
    struct ratings_row row;
    struct status status;
    enum ratings_outcome expected = ratings_reader_next(reader, &row, &status);
    must(expected == (outcome == STREAM_ROW      ? RATINGS_ROW
                      : outcome == STREAM_REJECT ? RATINGS_REJECT
                      : outcome == STREAM_END    ? RATINGS_END
                                                 : RATINGS_FAILED));
    if (outcome == STREAM_REJECT)
        must(row.line == streamed->line && strcmp(row.reason, streamed->reason) == 0);
    if (outcome == STREAM_ROW)
        must(row.line == streamed->line && row.user_length == streamed->user_length &&
             memcmp(row.user, streamed->user, row.user_length) == 0 && row.time == streamed->time);
}

/* How many rows came in runs. */
static size_t read_ratings(const char *path, bool wants_times, unsigned threads) {
    struct status status;
    struct ratings_row row;
    struct rating_run run;
    size_t in_runs = 0;
    enum stream_outcome outcome = STREAM_ROW;
    struct ratings_reader *reader = ratings_reader_open(path, wants_times, &status);
    struct rating_stream *stream = rating_stream_open(path, wants_times, threads, &status);
    must((reader == NULL) == (stream == NULL));
    while (stream != NULL && outcome != STREAM_END && outcome != STREAM_FAILED) {
        outcome = rating_stream_next(stream, &run, &row, &status);
        for (size_t i = 0; outcome == STREAM_RUN && i < run.count; i++, in_runs++)
            compare_run(reader, &run, i);
        if (outcome != STREAM_RUN)
            compare_row(reader, outcome, &row);
    }
    ratings_reader_close(reader);
    rating_stream_close(stream);
    return in_runs;
}

static void take_room(struct plain_rows *rows, size_t length, bool wants_times) {
    size_t most = length / PLAIN_LINE_BYTES_MIN + 1;
    *rows = (struct plain_rows){.ratings = calloc(most, sizeof *rows->ratings),
                                .times = wants_times ? calloc(most, sizeof *rows->times) : NULL,
                                .places = calloc(most, sizeof *rows->places),
                                .gaps = calloc(most, sizeof *rows->gaps)};
    must(rows->ratings != NULL && (rows->times != NULL) == wants_times && rows->places != NULL &&
         rows->gaps != NULL);
}

static void give_back(struct plain_rows *rows) {
    free(rows->ratings);
    free(rows->times);
    free(rows->places);
    free(rows->gaps);
}

/* Every instruction set reads the same from a text of whole lines. */
static void compare_paths(const char *text, size_t length, struct plain_layout layout) {
    struct plain_rows expected, rows;
    take_room(&expected, length, layout.wants_times);
    take_room(&rows, length, layout.wants_times);
    plain_rows_parse(&expected, &layout, PLAIN_PORTABLE, text, length);
    for (enum plain_path path = PLAIN_PORTABLE + 1; path < PLAIN_PATHS; path++) {
        if (!plain_rows_available(path))
            continue;
        plain_rows_parse(&rows, &layout, path, text, length);
        must(rows.count == expected.count && rows.gap_count == expected.gap_count);
        must(memcmp(rows.ratings, expected.ratings, rows.count * sizeof *rows.ratings) == 0);
        must(memcmp(rows.gaps, expected.gaps, rows.gap_count * sizeof *rows.gaps) == 0);
        must(!layout.wants_times || memcmp(rows.times, expected.times, rows.count * sizeof *rows.times) == 0);
        must(memcmp(rows.places, expected.places, rows.count * sizeof *rows.places) == 0);
    }
    give_back(&expected);
    give_back(&rows);
}

static void compare_all_paths(const uint8_t *bytes, size_t length) {
    char *text = malloc(length + PLAIN_SLACK);
    must(text != NULL);
    while (length > 0 && bytes[length - 1] != '\n')
        length--;
    memcpy(text, bytes, length);
    memset(text + length, '7', PLAIN_SLACK);
    for (int i = 0; i < 6; i++)
        compare_paths(text, length,
                      (struct plain_layout){i < 3 ? FIELDS_COMMA : FIELDS_COLONS, i % 3 > 0, i % 3 > 1});
    free(text);
}

static void read_movies(const char *path) {
    struct status status;
    struct id_map map = {0};
    struct movie_names names = {0};
    uint32_t row;
    if (id_map_add(&map, "1", 1, &row, &status))
        movies_read(&names, path, &map, &status);
    movie_names_clear(&names);
    id_map_clear(&map);
}

int ratings_fuzz(const uint8_t *bytes, size_t length) {
    char path[64];
    int file = memfd_create("ratings", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, bytes, length) == (ssize_t)length) {
        read_ratings(path, true, 1);
        read_ratings(path, false, 1);
        read_movies(path);
    }
    compare_all_paths(bytes, length);
    close(file);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return ratings_fuzz(bytes, length);
}
#endif
