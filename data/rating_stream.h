/* The rows of a ratings file in their order: plain lines by the run, with ids as numbers, everything else row
 * by row as from data/ratings_reader.h. Several threads may read plain lines (data/plain_rows.h) side by
 * side; what comes out does not depend on their number. */
#ifndef DATA_RATING_STREAM_H
#define DATA_RATING_STREAM_H

#include "data/ratings_reader.h"
#include "data/split.h"

/* The file's rows on the lines line, line + 1, ...: ids are numbers, written in decimal in the file. */
struct rating_run {
    uint64_t line;
    struct rating *ratings; /* may be changed; valid until the next call, as times is */
    const int64_t *times;   /* NULL unless wanted, as is_valid is */
    const uint8_t *is_valid;
    size_t count; /* at least 1 */
};

enum stream_outcome { STREAM_RUN, STREAM_ROW, STREAM_REJECT, STREAM_END, STREAM_FAILED };

struct rating_stream;

/* threads >= 1, the caller's among them. Otherwise as ratings_reader_open. */
struct rating_stream *rating_stream_open(const char *path, bool wants_times, unsigned threads,
                                         struct status *status);

/* Runs shall come with marks: whether split `hash` (*split, borrowed) puts a rating into validation. Before the first row is
 * taken. */
void rating_stream_mark(struct rating_stream *stream, const struct split_spec *split);

/* Whether rows come with timestamps. */
bool rating_stream_has_times(const struct rating_stream *stream);

/* What comes next: fills run, or row. STREAM_FAILED fills status. */
enum stream_outcome rating_stream_next(struct rating_stream *stream, struct rating_run *run,
                                       struct ratings_row *row, struct status *status);

/* NULL is allowed. */
void rating_stream_close(struct rating_stream *stream);

#endif
