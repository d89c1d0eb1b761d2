#include "data/plain_rows.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/bytes.h"

/* An id has at most ID_DIGITS, either part of a rating too, so that a rating is exact in a double
 * (data/number.c); a timestamp has at most twice EIGHT. */
enum { ID_DIGITS = 7, EIGHT = 8, LINE_MAX = 63 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#ifdef __SSE2__
ALWAYS_INLINE uint64_t digits_of_16(const char *at) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i value = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    return (uint64_t)(uint32_t)_mm_movemask_epi8(is_digit);
}

/* Bit i is set when at[i] is no digit, for i < 64. */
ALWAYS_INLINE uint64_t marks_of(const char *at) {
    return ~(digits_of_16(at) | digits_of_16(at + 16) << 16 | digits_of_16(at + 32) << 32 |
             digits_of_16(at + 48) << 48);
}
#else
ALWAYS_INLINE uint64_t marks_of(const char *at) {
    uint64_t marks = 0;
    for (int i = 0; i < 64; i++)
        marks |= (uint64_t)((unsigned char)(at[i] - '0') > 9) << i;
    return marks;
}
#endif

/* The number that 1 to 8 digits are: neighbours are joined to pairs, fours and an eight. What lies behind
 * the digits is shifted out. */
ALWAYS_INLINE uint32_t number_of(const char *at, size_t length) {
    uint64_t x = (bytes_u64(at) - UINT64_C(0x3030303030303030)) << ((64 - 8 * length) & 63);
    x = (x * 10 + (x >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x * 100 + (x >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (uint32_t)(x * 10000 + (x >> 32));
}

/* A line while it is read: the places of what is no digit are taken off one by one. */
struct cursor {
    const char *line;
    uint64_t marks;
    size_t at; /* where the next field begins */
    bool doubt;
};

/* The length of the digits that begin at cursor->at; the mark behind them is taken off. */
ALWAYS_INLINE size_t take_digits(struct cursor *cursor) {
    size_t end = (size_t)__builtin_ctzll(cursor->marks | UINT64_C(1) << LINE_MAX);
    cursor->marks &= cursor->marks - 1;
    return end - cursor->at;
}

/* Steps over digits and the separator behind them. */
ALWAYS_INLINE void step(struct cursor *cursor, size_t length, char separator, size_t width) {
    const char *behind = cursor->line + cursor->at + length;
    cursor->doubt |= behind[0] != separator;
    if (width == 2) {
        cursor->doubt |= behind[1] != separator;
        cursor->marks &= cursor->marks - 1;
    }
    cursor->at += length + width;
}

ALWAYS_INLINE uint32_t take_id(struct cursor *cursor, char separator, size_t width) {
    const char *begin = cursor->line + cursor->at;
    size_t length = take_digits(cursor);
    cursor->doubt |= length - 1 >= ID_DIGITS || (begin[0] == '0' && length > 1);
    step(cursor, length, separator, width);
    return number_of(begin, length);
}

/* The digits of a rating, up to what ends it; the same quotient as in data/number.c, so the same bits. */
ALWAYS_INLINE float take_value(struct cursor *cursor, size_t *length) {
    static const double POWERS[EIGHT] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    const char *begin = cursor->line + cursor->at;
    size_t whole = take_digits(cursor), fraction;
    cursor->doubt |= whole - 1 >= ID_DIGITS;
    *length = 0;
    if (begin[whole] != '.') {
        *length = whole;
        return (float)(double)number_of(begin, whole);
    }
    cursor->at += whole + 1;
    fraction = take_digits(cursor);
    *length = fraction;
    if (whole == 1 && fraction == 1)
        return (float)((double)(10 * (begin[0] - '0') + begin[2] - '0') / 10.0);
    cursor->doubt |= fraction - 1 >= ID_DIGITS;
    if (cursor->doubt)
        return 0;
    double digits =
        (double)number_of(begin, whole) * POWERS[fraction] + (double)number_of(begin + whole + 1, fraction);
    return (float)(digits / POWERS[fraction]);
}

ALWAYS_INLINE int64_t take_time(struct cursor *cursor, size_t length) {
    const char *begin = cursor->line + cursor->at;
    cursor->doubt |= length - 1 >= 2 * EIGHT;
    if (length <= EIGHT)
        return number_of(begin, length);
    return (int64_t)number_of(begin, length - EIGHT) * 100000000 + number_of(begin + length - EIGHT, EIGHT);
}

/* Reads the line at `line`; its length with the \n, or 0 when it is not plain. */
ALWAYS_INLINE size_t parse_line(const char *line, char separator, size_t width, bool has_fourth,
                                struct rating *rating, int64_t *time) {
    struct cursor cursor = {.line = line, .marks = marks_of(line)};
    size_t length;
    uint32_t user = take_id(&cursor, separator, width);
    uint32_t movie = take_id(&cursor, separator, width);
    float value = take_value(&cursor, &length);
    if (has_fourth) {
        step(&cursor, length, separator, width);
        length = take_digits(&cursor);
        if (time != NULL)
            *time = take_time(&cursor, length);
    }
    size_t end = cursor.at + length;
    end += line[end] == '\r';
    if (cursor.doubt || end > LINE_MAX || line[end] != '\n')
        return 0;
    *rating = (struct rating){user, movie, value};
    return end + 1;
}

/* The line at `begin` goes to the gap before row `row`. Returns where the next one begins. */
static size_t leave(struct plain_rows *rows, uint32_t row, const char *text, size_t begin, size_t length) {
    const char *newline = memchr(text + begin, '\n', length - begin);
    size_t end = newline == NULL ? length : (size_t)(newline - text) + 1;
    struct plain_gap *last = rows->gap_count == 0 ? NULL : &rows->gaps[rows->gap_count - 1];
    if (last != NULL && last->row == row)
        last->end = (uint32_t)end;
    else
        rows->gaps[rows->gap_count++] = (struct plain_gap){row, (uint32_t)begin, (uint32_t)end};
    return end;
}

ALWAYS_INLINE void parse_text(struct plain_rows *rows, const char *text, size_t length, char separator,
                              size_t width, bool has_fourth, bool wants_times) {
    struct rating *ratings = rows->ratings;
    uint32_t count = 0;
    for (size_t at = 0; at < length;) {
        int64_t *time = wants_times ? &rows->times[count] : NULL;
        size_t used = parse_line(text + at, separator, width, has_fourth, &ratings[count], time);
        /* A line may seem to end in the slack. */
        if (used == 0 || used > length - at) {
            at = leave(rows, count, text, at, length);
        } else {
            at += used;
            count++;
        }
    }
    rows->count = count;
}

/* A copy of the loop for every layout, with the layout's questions answered. */
void plain_rows_parse(struct plain_rows *rows, const struct plain_layout *layout, const char *text,
                      size_t length) {
    char separator = layout->separator == FIELDS_TAB ? '\t' : layout->separator == FIELDS_COLONS ? ':' : ',';
    rows->count = rows->gap_count = 0;
    if (layout->separator != FIELDS_COLONS && layout->wants_times)
        parse_text(rows, text, length, separator, 1, true, true);
    else if (layout->separator != FIELDS_COLONS && layout->has_fourth)
        parse_text(rows, text, length, separator, 1, true, false);
    else if (layout->separator != FIELDS_COLONS)
        parse_text(rows, text, length, separator, 1, false, false);
    else if (layout->wants_times)
        parse_text(rows, text, length, separator, 2, true, true);
    else if (layout->has_fourth)
        parse_text(rows, text, length, separator, 2, true, false);
    else
        parse_text(rows, text, length, separator, 2, false, false);
}
