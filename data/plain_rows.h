/* Ratings from plain lines, at the speed of memory: most lines of most files are nothing but short decimal
 * numbers, `12,345,3.5,1260759144`, and those need no care.
 *
 * A line is plain when its ids are whole numbers of 1 to 7 digits without leading zeros (so that a number
 * stands for one id only), its rating is digits with or without a fraction, and its fourth field, if the file
 * has one, is digits. Anything else, wrong or not, is left in a gap for the careful reader
 * (data/ratings_reader.h): where both could read a line, they read the same. */
#ifndef DATA_PLAIN_ROWS_H
#define DATA_PLAIN_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rating.h"
#include "data/fields.h"

/* Bytes behind a text that must be readable, whatever they are. */
enum { PLAIN_SLACK = 128, PLAIN_LINE_BYTES_MIN = 6 };

/* user, movie, rating, and a fourth field that may be the timestamp. */
struct plain_layout {
    enum field_separator separator;
    bool has_fourth, wants_times; /* the second where there is the first */
};

/* Lines that are not plain, one after another: bytes [begin, end) of the text, before row `row`. */
struct plain_gap {
    uint32_t row, begin, end;
};

/* Where the ids of a row are written: bytes of the text. */
struct plain_places {
    uint32_t user_at;
    uint8_t user_length, movie_from; /* the movie begins at user_at + movie_from */
    uint8_t movie_length;
};

/* Room for at least length / PLAIN_LINE_BYTES_MIN + 1 rows and as many gaps. */
struct plain_rows {
    struct rating *ratings; /* user and movie are the ids as numbers */
    int64_t *times;         /* NULL unless wanted, as places is; times need a fourth field */
    struct plain_places *places;
    uint32_t count;
    struct plain_gap *gaps; /* rising */
    uint32_t gap_count;
};

/* The instruction sets it is written for; what is read is the same. */
enum plain_path { PLAIN_PORTABLE, PLAIN_AVX2, PLAIN_AVX512, PLAIN_PATHS };
bool plain_rows_available(enum plain_path path);
enum plain_path plain_rows_best_path(void);

/* Reads text[length], which is whole lines, each with its \n. length < 2^32; the path is available. */
void plain_rows_parse(struct plain_rows *rows, const struct plain_layout *layout, enum plain_path path,
                      const char *text, size_t length);

#endif
