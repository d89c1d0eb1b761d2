#include "data/ratings_reader.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "data/fields.h"
#include "data/number.h"
#include "data/text_source.h"

enum { SHOWN_BYTES = 24 };

struct ratings_reader {
    struct text_source *source;
    enum field_separator separator;
    bool wants_times;
    int user, movie, rating, time; /* columns; time -1: not read */
    size_t width;                  /* fields of a row */
    bool has_pending;              /* the first line was no header: it is the next row */
    struct text_line pending;
};

static const char *const USER_NAMES[] = {"userid", "user", "uid", NULL};
static const char *const MOVIE_NAMES[] = {"movieid", "movie", "mid", "itemid", "item", "iid", NULL};
static const char *const RATING_NAMES[] = {"rating", "ratings", "score", "stars", NULL};
static const char *const TIME_NAMES[] = {"timestamp", "time", "ts", NULL};

/* A field as it may be shown in a sentence: short, and without bytes that would move a cursor. */
static const char *show(char shown[SHOWN_BYTES + 4], const struct field *field) {
    size_t length = field->length < SHOWN_BYTES ? field->length : SHOWN_BYTES;
    for (size_t i = 0; i < length; i++)
        shown[i] = isprint((unsigned char)field->bytes[i]) ? field->bytes[i] : '?';
    snprintf(shown + length, 4, "%s", field->length > SHOWN_BYTES ? "..." : "");
    return shown;
}

/* Takes the columns from a header; false when the line is none. */
static bool take_header(struct ratings_reader *reader, const struct fields *header) {
    reader->user = fields_find(header, USER_NAMES);
    reader->movie = fields_find(header, MOVIE_NAMES);
    reader->rating = fields_find(header, RATING_NAMES);
    reader->time = fields_find(header, TIME_NAMES);
    reader->width = header->count;
    return reader->user >= 0 && reader->movie >= 0 && reader->rating >= 0;
}

static bool fail_header(const struct ratings_reader *reader, const struct text_line *line,
                        struct status *status) {
    const char *missing = reader->user < 0    ? "users (userId, user, user_id)"
                          : reader->movie < 0 ? "movies (movieId, movie, itemId, item)"
                                              : "ratings (rating, score, stars)";
    return status_fail(status, STATUS_BAD_DATA, "line %llu: the header names no column of %s",
                       (unsigned long long)line->number, missing);
}

/* No header: user, item, rating[, timestamp], and the first line says how many fields a row has. */
static void take_positions(struct ratings_reader *reader, const struct fields *first) {
    reader->user = 0;
    reader->movie = 1;
    reader->rating = 2;
    reader->time = first->count > 3 ? 3 : -1;
    reader->width = first->count < 3 ? 3 : first->count;
}

static enum text_outcome next_line(struct ratings_reader *reader, struct text_line *line,
                                   struct status *status) {
    enum text_outcome outcome;
    do
        outcome = text_source_next(reader->source, line, status);
    while (outcome == TEXT_LINE && line->length == 0 && !line->too_long);
    return outcome;
}

static bool take_columns(struct ratings_reader *reader, struct status *status) {
    struct fields fields;
    const char *reason;
    enum text_outcome outcome = next_line(reader, &reader->pending, status);
    struct text_line *line = &reader->pending;
    if (outcome == TEXT_END)
        return status_fail(status, STATUS_BAD_DATA, "the file is empty");
    if (outcome == TEXT_FAILED)
        return false;
    reader->separator = fields_separator(line->bytes, line->length);
    if (line->too_long || !fields_cut(&fields, reader->separator, line->bytes, line->length, &reason))
        return status_fail(status, STATUS_BAD_DATA, "line %llu: the first line %s",
                           (unsigned long long)line->number, line->too_long ? "is too long" : reason);
    if (!take_header(reader, &fields)) {
        if (reader->separator == FIELDS_COMMA)
            return fail_header(reader, line, status);
        take_positions(reader, &fields);
        reader->has_pending = true;
    }
    if (!reader->wants_times)
        reader->time = -1;
    return true;
}

struct ratings_reader *ratings_reader_open(const char *path, bool wants_times, struct status *status) {
    struct ratings_reader *reader = memory_take(sizeof *reader, "a ratings reader", status);
    if (reader == NULL)
        return NULL;
    reader->wants_times = wants_times;
    reader->source = text_source_open(path, status);
    if (reader->source != NULL && take_columns(reader, status))
        return reader;
    if (reader->source != NULL)
        status_context(status, "%s", path);
    ratings_reader_close(reader);
    return NULL;
}

bool ratings_reader_has_times(const struct ratings_reader *reader) {
    return reader->time >= 0;
}

static bool reject(struct ratings_row *row, const char *what, const struct field *field, const char *reason) {
    char shown[SHOWN_BYTES + 4];
    snprintf(row->reason, sizeof row->reason, "%s '%s' %s", what, show(shown, field), reason);
    return false;
}

static bool take_values(const struct ratings_reader *reader, const struct fields *fields,
                        struct ratings_row *row) {
    const struct field *rating = &fields->items[reader->rating];
    const char *reason;
    double value;
    if (!number_parse(rating->bytes, rating->length, &value, &reason))
        return reject(row, "rating", rating, reason);
    row->value = (float)value;
    if (!isfinite(row->value))
        return reject(row, "rating", rating, "is too large");
    if (reader->time < 0)
        return true;
    const struct field *time = &fields->items[reader->time];
    return number_parse_whole(time->bytes, time->length, &row->time, &reason) ||
           reject(row, "timestamp", time, reason);
}

static bool take_row(const struct ratings_reader *reader, const struct text_line *line,
                     struct ratings_row *row) {
    struct fields fields;
    const char *reason = "is too long";
    row->line = line->number;
    row->time = 0;
    if (line->too_long || !fields_cut(&fields, reader->separator, line->bytes, line->length, &reason)) {
        snprintf(row->reason, sizeof row->reason, "the line %s", reason);
        return false;
    }
    if (fields.count != reader->width) {
        snprintf(row->reason, sizeof row->reason, "the line has %zu field%s, not %zu", fields.count,
                 fields.count == 1 ? "" : "s", reader->width);
        return false;
    }
    const struct field *user = &fields.items[reader->user], *movie = &fields.items[reader->movie];
    if (user->length == 0 || movie->length == 0) {
        snprintf(row->reason, sizeof row->reason, "the %s id is empty", user->length == 0 ? "user" : "movie");
        return false;
    }
    row->user = user->bytes;
    row->user_length = user->length;
    row->movie = movie->bytes;
    row->movie_length = movie->length;
    return take_values(reader, &fields, row);
}

enum ratings_outcome ratings_reader_next(struct ratings_reader *reader, struct ratings_row *row,
                                         struct status *status) {
    struct text_line line = reader->pending;
    enum text_outcome outcome = reader->has_pending ? TEXT_LINE : next_line(reader, &line, status);
    reader->has_pending = false;
    if (outcome == TEXT_FAILED)
        return RATINGS_FAILED;
    if (outcome == TEXT_END)
        return RATINGS_END;
    return take_row(reader, &line, row) ? RATINGS_ROW : RATINGS_REJECT;
}

bool ratings_reader_layout(const struct ratings_reader *reader, struct plain_layout *layout) {
    *layout = (struct plain_layout){reader->separator, reader->width == 4, reader->time >= 0};
    return reader->user == 0 && reader->movie == 1 && reader->rating == 2 &&
           (reader->width == 3 || reader->width == 4);
}

bool ratings_reader_block(struct ratings_reader *reader, char *room, size_t capacity, size_t *length) {
    return !reader->has_pending && text_source_block(reader->source, room, capacity, length);
}

uint64_t ratings_reader_count(struct ratings_reader *reader, uint64_t lines) {
    return text_source_count(reader->source, lines);
}

enum ratings_outcome ratings_reader_line(const struct ratings_reader *reader, char *bytes, size_t length,
                                         uint64_t number, struct ratings_row *row) {
    struct text_line line = text_line_of(bytes, length, number);
    if (line.length == 0 && !line.too_long)
        return RATINGS_BLANK;
    return take_row(reader, &line, row) ? RATINGS_ROW : RATINGS_REJECT;
}

void ratings_reader_close(struct ratings_reader *reader) {
    if (reader == NULL)
        return;
    text_source_close(reader->source);
    memory_release(reader);
}
