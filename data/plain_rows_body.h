/* The loop of data/plain_rows.h for one instruction set: included with ROWS_FUNCTION, the name to define, ROWS_TARGET, its target
 * attribute, ROWS_DIGITS and ROWS_NEWLINES, which give a bit for each of the 64 bytes at a place, and ROWS_EIGHT, which reads eight
 * lines at once where they are the usual ones (data/plain_eight.h). */
#include "data/plain_eight.h"

enum { PIECE_BYTES = 4096, LANES = 64, SURE_ENDS = 4 };

#define ROWS_INLINE static inline __attribute__((always_inline)) ROWS_TARGET

/* Where lines end in text[begin, begin + length), as places from `begin` on. Their number. Most groups of 64 bytes have at most
 * SURE_ENDS: so many are written without asking. */
ROWS_INLINE uint32_t find_ends(uint16_t *ends, const char *text, size_t length) {
    uint32_t count = 0;
    for (size_t at = 0; at < length; at += LANES) {
        uint64_t newlines = ROWS_NEWLINES(text + at);
        if (length - at < LANES)
            newlines &= (UINT64_C(1) << (length - at)) - 1;
        uint32_t found = (uint32_t)__builtin_popcountll(newlines);
        for (uint32_t i = 0; i < SURE_ENDS; i++, newlines &= newlines - 1)
            ends[count + i] = (uint16_t)(at + (size_t)__builtin_ctzll(newlines | UINT64_C(1) << 63));
        for (uint32_t i = SURE_ENDS; i < found; i++, newlines &= newlines - 1)
            ends[count + i] = (uint16_t)(at + (size_t)__builtin_ctzll(newlines));
        count += found;
    }
    return count;
}

/* Reads bytes[end], a line without its \n, into row `row`; false when it is not plain. */
ROWS_INLINE bool read_line(const struct plain_rows *rows, uint32_t row, const char *text, size_t begin,
                           size_t end, struct plain_user *user, const struct plain_shape *shape) {
    struct plain_line line = {text + begin, ~ROWS_DIGITS(text + begin) | UINT64_C(1) << 63, 0};
    size_t length, movie_at;
    uint32_t movie;
    if (end - PLAIN_LENGTH_MIN > PLAIN_LENGTH_MAX - PLAIN_LENGTH_MIN)
        return false;
    if (((bytes_u64(line.bytes) ^ user->prefix) & user->mask) != 0)
        *user = plain_meet(line, shape->separator);
    line.at = user->length;
    if (user->length == 0 || !plain_step(&line, shape))
        return false;
    movie_at = line.at;
    length = plain_digits(&line, movie_at);
    line.at += length;
    if (rows->places != NULL)
        rows->places[row] =
            (struct plain_places){(uint32_t)begin, (uint8_t)user->length, (uint8_t)movie_at, (uint8_t)length};
    if (!plain_id(line.bytes + movie_at, length, &movie) || !plain_step(&line, shape))
        return false;
    rows->ratings[row] = (struct rating){user->number, movie, plain_value(&line, &length)};
    line.at += length;
    if (length == 0)
        return false;
    if (shape->has_fourth) {
        if (!plain_step(&line, shape))
            return false;
        length = plain_digits(&line, line.at);
        if (length - 1 >= 2 * PLAIN_EIGHT)
            return false;
        if (rows->times != NULL)
            rows->times[row] = plain_time(line.bytes + line.at, length);
        line.at += length;
    }
    return line.at == end - (line.bytes[end - 1] == '\r');
}

ROWS_INLINE void read_text(struct plain_rows *rows, const char *text, size_t length,
                           const struct plain_shape shape) {
    uint16_t ends[PIECE_BYTES + SURE_ENDS];
    const struct plain_rows to = *rows;
    struct plain_user user = PLAIN_NOBODY;
    uint32_t row = 0;
    size_t begin = 0;
    rows->gap_count = 0;
    for (size_t at = 0; at < length; at += PIECE_BYTES) {
        uint32_t count = find_ends(ends, text + at, length - at < PIECE_BYTES ? length - at : PIECE_BYTES);
        uint32_t single = 0; /* lines before this one are read singly */
        for (uint32_t i = 0; i < count; i++) {
            size_t end = at + ends[i];
            const struct eight_lines lines = {text + at, text + begin, ends + i};
            if (i >= single && i + EIGHT <= count) {
                if (ROWS_EIGHT(&to, row, text, &lines, &user, &shape)) {
                    row += EIGHT;
                    i += EIGHT - 1;
                    begin = at + ends[i] + 1;
                    continue;
                }
                single = i + EIGHT;
            }
            if (read_line(&to, row, text, begin, end - begin, &user, &shape)) {
                row++;
            } else {
                rows->count = row;
                plain_rows_leave(rows, begin, end + 1);
            }
            begin = end + 1;
        }
    }
    rows->count = row;
}

/* A copy of the loop for each question that matters. */
ROWS_TARGET void ROWS_FUNCTION(struct plain_rows *rows, const struct plain_layout *layout, const char *text,
                               size_t length) {
    char separator = layout->separator == FIELDS_TAB ? '\t' : layout->separator == FIELDS_COLONS ? ':' : ',';
    if (layout->separator == FIELDS_COLONS && layout->has_fourth)
        read_text(rows, text, length, (struct plain_shape){separator, 2, true});
    else if (layout->separator == FIELDS_COLONS)
        read_text(rows, text, length, (struct plain_shape){separator, 2, false});
    else if (layout->has_fourth)
        read_text(rows, text, length, (struct plain_shape){separator, 1, true});
    else
        read_text(rows, text, length, (struct plain_shape){separator, 1, false});
}
