#include "monitor/scroll.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

enum { FIRST_BYTES = 4096, DIGITS_MAX = 20 };

static bool grow(struct scroll *scroll, size_t needed) {
    struct status ignored;
    size_t capacity = scroll->capacity == 0 ? FIRST_BYTES : scroll->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = memory_take_raw(capacity, "an answer", &ignored);
    scroll->failed = bytes == NULL;
    if (scroll->failed)
        return false;
    if (scroll->length > 0)
        memcpy(bytes, scroll->bytes, scroll->length);
    memory_release(scroll->bytes);
    scroll->bytes = bytes;
    scroll->capacity = capacity;
    return true;
}

char *scroll_room(struct scroll *scroll, size_t more) {
    if (scroll->failed || (scroll->capacity - scroll->length < more && !grow(scroll, scroll->length + more)))
        return NULL;
    return scroll->bytes + scroll->length;
}

void scroll_put(struct scroll *scroll, const void *bytes, size_t length) {
    char *room = scroll_room(scroll, length);
    if (room == NULL || length == 0)
        return;
    memcpy(room, bytes, length);
    scroll->length += length;
}

void scroll_text(struct scroll *scroll, const char *text) {
    scroll_put(scroll, text, strlen(text));
}

void scroll_add(struct scroll *scroll, const char *format, ...) {
    char *room = scroll_room(scroll, SCROLL_FORMAT_BYTES);
    va_list arguments;
    if (room == NULL)
        return;
    va_start(arguments, format);
    int wanted = vsnprintf(room, SCROLL_FORMAT_BYTES, format, arguments);
    va_end(arguments);
    scroll->length += wanted < SCROLL_FORMAT_BYTES ? (size_t)wanted : SCROLL_FORMAT_BYTES - 1;
}

void scroll_uint(struct scroll *scroll, uint64_t value) {
    char digits[DIGITS_MAX];
    int first = DIGITS_MAX;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    scroll_put(scroll, digits + first, (size_t)(DIGITS_MAX - first));
}

void scroll_real(struct scroll *scroll, double value, int digits) {
    scroll_add(scroll, "%.*g", digits, value);
}

/* ---- three digits ---- */

enum { POWER_LEAST = -9, POWER_MOST = 38, ROUGH_BYTES = 16, CURVE_PIECE = 256 };

/* How numbers of one power of ten are written: no branch that a processor could guess wrong. */
struct layout {
    double next, scale; /* the next power of ten; what makes the number three digits before the point */
    char text[8];       /* with zeros where the digits go */
    uint8_t places[3];  /* of the digits */
    uint8_t lengths[3]; /* when so many of the digits are zeros at the end */
};

#define E(next, scale, power)                                                                                \
    {                                                                                                        \
        next, scale, "000e" power, {0, 1, 2}, {                                                              \
            sizeof "e" power + 2, sizeof "e" power + 2, sizeof "e" power + 2                                 \
        }                                                                                                    \
    }

/* LAYOUTS[i] is for numbers from 10^(POWER_LEAST + i). */
static const struct layout LAYOUTS[] = {
    E(1e-8, 1e11, "-11"),
    E(1e-7, 1e10, "-10"),
    E(1e-6, 1e9, "-9"),
    E(1e-5, 1e8, "-8"),
    E(1e-4, 1e7, "-7"),
    E(1e-3, 1e6, "-6"),
    E(1e-2, 1e5, "-5"),
    {1e-1, 1e4, "0.0000", {3, 4, 5}, {6, 5, 4}},
    {1e0, 1e3, "0.000", {2, 3, 4}, {5, 4, 3}},
    {1e1, 1e2, "0.00", {0, 2, 3}, {4, 3, 1}},
    {1e2, 1e1, "00.0", {0, 1, 3}, {4, 2, 2}},
    {1e3, 1e0, "000", {0, 1, 2}, {3, 3, 3}},
    {1e4, 1e-1, "0000", {0, 1, 2}, {4, 4, 4}},
    {1e5, 1e-2, "00000", {0, 1, 2}, {5, 5, 5}},
    {1e6, 1e-3, "000000", {0, 1, 2}, {6, 6, 6}},
    E(1e7, 1e-4, "4"),
    E(1e8, 1e-5, "5"),
    E(1e9, 1e-6, "6"),
    E(1e10, 1e-7, "7"),
    E(1e11, 1e-8, "8"),
    E(1e12, 1e-9, "9"),
    E(1e13, 1e-10, "10"),
    E(1e14, 1e-11, "11"),
    E(1e15, 1e-12, "12"),
    E(1e16, 1e-13, "13"),
    E(1e17, 1e-14, "14"),
    E(1e18, 1e-15, "15"),
    E(1e19, 1e-16, "16"),
    E(1e20, 1e-17, "17"),
    E(1e21, 1e-18, "18"),
    E(1e22, 1e-19, "19"),
    E(1e23, 1e-20, "20"),
    E(1e24, 1e-21, "21"),
    E(1e25, 1e-22, "22"),
    E(1e26, 1e-23, "23"),
    E(1e27, 1e-24, "24"),
    E(1e28, 1e-25, "25"),
    E(1e29, 1e-26, "26"),
    E(1e30, 1e-27, "27"),
    E(1e31, 1e-28, "28"),
    E(1e32, 1e-29, "29"),
    E(1e33, 1e-30, "30"),
    E(1e34, 1e-31, "31"),
    E(1e35, 1e-32, "32"),
    E(1e36, 1e-33, "33"),
    E(1e37, 1e-34, "34"),
    E(1e38, 1e-35, "35"),
    E(INFINITY, 1e-36, "36"),
};

#undef E

_Static_assert(sizeof LAYOUTS / sizeof LAYOUTS[0] == POWER_MOST - POWER_LEAST + 1, "a layout each");

/* The layout for a float of at least 1e-9: a guess from its power of two, and one comparison. */
static const struct layout *layout_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int binary = (int)(bits >> 52 & 2047) - 1023;
    int power = binary * 1233 >> 12; /* 1233 / 4096 is the decimal logarithm of 2 */
    const struct layout *layout = &LAYOUTS[power < POWER_LEAST ? 0 : power - POWER_LEAST];
    return layout + (value >= layout->next);
}

static size_t put_rough(char *at, double value) {
    const struct layout *layout = layout_of(value);
    unsigned digits = (unsigned)(value * layout->scale + 0.5);
    if (digits == 1000) {
        digits = 100;
        layout++;
    }
    memcpy(at, layout->text, sizeof layout->text);
    at[layout->places[0]] = (char)('0' + digits / 100);
    at[layout->places[1]] = (char)('0' + digits / 10 % 10);
    at[layout->places[2]] = (char)('0' + digits % 10);
    return layout->lengths[(digits % 10 == 0) + (digits % 100 == 0)];
}

/* One number, null when it is none; the end of it. */
static char *put_value(char *at, float value) {
    double size = fabs((double)value);
    bool negative = value < 0;
    if (!isfinite(size)) {
        memcpy(at, "null", 4);
        return at + 4;
    }
    *at = '-';
    if (size < 1e-9) {
        *at = '0';
        return at + 1;
    }
    return at + negative + put_rough(at + negative, size);
}

void scroll_curve(struct scroll *scroll, const float *values, size_t count, size_t stride) {
    for (size_t i = 0; i < count; i += CURVE_PIECE) {
        size_t end = count - i < CURVE_PIECE ? count : i + CURVE_PIECE;
        char *at = scroll_room(scroll, CURVE_PIECE * ROUGH_BYTES);
        if (at == NULL)
            return;
        for (size_t j = i; j < end; j++) {
            at = put_value(at, values[j * stride]);
            *at++ = ',';
        }
        scroll->length = (size_t)(at - scroll->bytes) - (end == count);
    }
}

size_t scroll_character(const char *bytes, size_t left) {
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } FORMS[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                 {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                 {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    const unsigned char *at = (const unsigned char *)bytes;
    size_t form = 0, count = sizeof FORMS / sizeof FORMS[0];
    while (form < count && (at[0] < FORMS[form].first_low || at[0] > FORMS[form].first_high))
        form++;
    if (form == count || FORMS[form].length > left)
        return 0;
    for (size_t i = 1; i < FORMS[form].length; i++) {
        unsigned char low = i == 1 ? FORMS[form].second_low : 0x80;
        unsigned char high = i == 1 ? FORMS[form].second_high : 0xBF;
        if (at[i] < low || at[i] > high)
            return 0;
    }
    return FORMS[form].length;
}

void scroll_free(struct scroll *scroll) {
    memory_release(scroll->bytes);
    *scroll = (struct scroll){0};
}
