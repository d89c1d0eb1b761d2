/* Ratings from a text file, row by row: CSV with a header (columns found by name), or `::` or tab separated
 * (user, item, rating[, timestamp]; MovieLens 1M, 10M and 100K), plain or packed.
 *
 * Columns are userId/user/uid, movieId/movie/itemId/item/..., rating/score/stars and, if asked for,
 * timestamp/time/ts; upper case, spaces, `_` and `-` in names do not matter, other columns are passed over.
 * Ids are bytes of any kind and not empty. A rating is a strict decimal number. A row that cannot be read is
 * a reject: handed out with its line and a reason, never dropped. Blank lines are passed over. */
#ifndef DATA_RATINGS_READER_H
#define DATA_RATINGS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/plain_rows.h"

enum { RATINGS_REASON_BYTES = 128 };

struct ratings_row {
    uint64_t line;
    const char *user, *movie; /* not terminated; valid until the next call */
    size_t user_length, movie_length;
    float value;
    int64_t time;                      /* 0 unless timestamps were asked for */
    char reason[RATINGS_REASON_BYTES]; /* of a reject */
};

enum ratings_outcome { RATINGS_ROW, RATINGS_REJECT, RATINGS_BLANK, RATINGS_END, RATINGS_FAILED };

struct ratings_reader;

/* wants_times: read timestamps, if the file has them. A CSV file without a proper header and an empty file
 * are STATUS_BAD_DATA. Otherwise as text_source_open. */
struct ratings_reader *ratings_reader_open(const char *path, bool wants_times, struct status *status);

/* Whether rows come with timestamps: they were asked for, and there is a column of them. */
bool ratings_reader_has_times(const struct ratings_reader *reader);

/* The next row, good or bad. RATINGS_FAILED fills status: the file could not be read on. */
enum ratings_outcome ratings_reader_next(struct ratings_reader *reader, struct ratings_row *row,
                                         struct status *status);

/* For those who read many lines at once (data/rating_stream.h): how plain lines of the file look; false when
 * its columns are not user, movie, rating[, anything]. */
bool ratings_reader_layout(const struct ratings_reader *reader, struct plain_layout *layout);

/* Whole lines, unread and unnumbered: as text_source_block and text_source_count. */
bool ratings_reader_block(struct ratings_reader *reader, char *room, size_t capacity, size_t *length);
uint64_t ratings_reader_count(struct ratings_reader *reader, uint64_t lines);

/* Reads a line of a block, without its \n and with its number; its bytes may be changed. RATINGS_BLANK when
 * nothing is on it. */
enum ratings_outcome ratings_reader_line(const struct ratings_reader *reader, char *bytes, size_t length,
                                         uint64_t number, struct ratings_row *row);

/* NULL is allowed. */
void ratings_reader_close(struct ratings_reader *reader);

#endif
