/* One plain line of ratings (data/plain_rows.h), read where its end and the places of what is no digit are known: common to all
 * instruction sets. Nothing here waits for the line before, so that a processor works on several lines at once. */
#ifndef DATA_PLAIN_LINE_H
#define DATA_PLAIN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/rating.h"

/* An id has at most PLAIN_DIGITS, either part of a rating too, so that a rating is exact in a double (data/number.c); a timestamp
 * has at most twice PLAIN_EIGHT. The marks of a line end with bit 63, so a line is shorter. */
enum { PLAIN_DIGITS = 7, PLAIN_EIGHT = 8, PLAIN_LENGTH_MIN = 5, PLAIN_LENGTH_MAX = 62 };

#define PLAIN_INLINE static inline __attribute__((always_inline))

/* How fields are separated: once or twice by the same byte. */
struct plain_shape {
    char separator;
    size_t width;
    bool has_fourth;
};

/* A line while it is read. */
struct plain_line {
    const char *bytes;
    uint64_t marks; /* bit i is set when bytes[i] is no digit, bit 63 always */
    size_t at;      /* where the next field begins: far below 63 */
};

/* The user of the line before, since a user's ratings often lie together: a line that begins with the same id and the separator
 * behind it needs no second look. */
struct plain_user {
    uint64_t prefix, mask;
    uint32_t number;
    uint32_t length;
};

/* Nobody: no line begins with its end. */
#define PLAIN_NOBODY ((struct plain_user){.prefix = '\n', .mask = 0xFF})

/* The number that 1 to 8 digits are: what lies behind them is shifted out, neighbours are joined to pairs, fours and an eight. */
PLAIN_INLINE uint32_t plain_number(const char *at, size_t length) {
    uint64_t x = bytes_u64(at) << ((64 - 8 * length) & 63) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    x = (x * (10 * 256 + 1) >> 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x * (100 * 65536 + 1) >> 16) & UINT64_C(0x0000FFFF0000FFFF);
    return (uint32_t)(x * (UINT64_C(10000) * 4294967296 + 1) >> 32);
}

/* How many digits begin at a place of the line. */
PLAIN_INLINE size_t plain_digits(const struct plain_line *line, size_t at) {
    return (size_t)__builtin_ctzll(line->marks >> at);
}

/* Steps over a separator. */
PLAIN_INLINE bool plain_step(struct plain_line *line, const struct plain_shape *shape) {
    const char *at = line->bytes + line->at;
    line->at += shape->width;
    return at[0] == shape->separator && (shape->width == 1 || at[1] == shape->separator);
}

/* The id of so many digits; false when they are too many, none, or begin with a zero that is not all of it. */
PLAIN_INLINE bool plain_id(const char *at, size_t length, uint32_t *number) {
    enum { NONE = UINT32_MAX };
    static const uint32_t LEAST[64] = {
        NONE, 0,    10,   100,  1000, 10000, 100000, 1000000, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
        NONE, NONE, NONE, NONE, NONE, NONE,  NONE,   NONE,    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
        NONE, NONE, NONE, NONE, NONE, NONE,  NONE,   NONE,    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
        NONE, NONE, NONE, NONE, NONE, NONE,  NONE,   NONE,    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE};
    *number = plain_number(at, length);
    return *number >= LEAST[length];
}

/* The user of a line that begins otherwise than the one before; nobody when it is not plain. */
struct plain_user plain_meet(const struct plain_line line, char separator);

/* The rating that begins at line.at and has more digits than usual, or fewer; the same quotient as in data/number.c, so the
 * same bits. *length gets its length, 0 when it is not plain. */
float plain_long_value(const struct plain_line line, size_t *length);

/* A digit, a point and a digit. */
PLAIN_INLINE float plain_tenths(char whole, char tenth) {
#define TENTHS(d)                                                                                            \
    d##.0f, d##.1f, d##.2f, d##.3f, d##.4f, d##.5f, d##.6f, d##.7f, d##.8f, d##.9f, 0, 0, 0, 0, 0, 0
    static const float VALUES[10 * 16] = {TENTHS(0), TENTHS(1), TENTHS(2), TENTHS(3), TENTHS(4),
                                          TENTHS(5), TENTHS(6), TENTHS(7), TENTHS(8), TENTHS(9)};
#undef TENTHS
    return VALUES[(whole & 0xF) << 4 | (tenth & 0xF)];
}

/* The rating at line.at and its length. */
PLAIN_INLINE float plain_value(const struct plain_line *line, size_t *length) {
    const char *begin = line->bytes + line->at;
    if ((line->marks >> line->at & 0xF) == 0xA && begin[1] == '.') {
        *length = 3;
        return plain_tenths(begin[0], begin[2]);
    }
    size_t other_length;
    float value = plain_long_value(*line, &other_length);
    *length = other_length;
    return value;
}

PLAIN_INLINE int64_t plain_time(const char *at, size_t length) {
    if (length <= PLAIN_EIGHT)
        return plain_number(at, length);
    return (int64_t)plain_number(at, length - PLAIN_EIGHT) * 100000000 +
           plain_number(at + length - PLAIN_EIGHT, PLAIN_EIGHT);
}

#endif
