#include "data/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64, EXACT_DIGITS = 15, EXACT_POWER = 22 };

struct decimal {
    bool negative;
    uint64_t digits; /* all digits as one whole number, while they fit */
    int digit_count; /* leading zeros not counted */
    int exponent;    /* value = digits * 10^exponent */
};

static bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

static const char *take_digits(const char *at, const char *end, struct decimal *decimal, int exponent_step) {
    for (; at < end && is_digit(*at); at++) {
        if (decimal->digit_count < EXACT_DIGITS + 1)
            decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
        decimal->digit_count += decimal->digit_count > 0 || *at != '0';
        decimal->exponent += exponent_step;
    }
    return at;
}

static const char *take_exponent(const char *at, const char *end, struct decimal *decimal) {
    int exponent = 0;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++)
        if (exponent < 10000)
            exponent = exponent * 10 + (*at - '0');
    decimal->exponent += negative ? -exponent : exponent;
    return at;
}

/* digits[.digits][(e|E)[sign]digits], with a sign in front or not; false unless all of the text is that. */
static bool take_decimal(const char *text, size_t length, struct decimal *decimal) {
    const char *at = text, *end = text + length, *start;
    *decimal = (struct decimal){.negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    start = at;
    at = take_digits(at, end, decimal, 0);
    if (at == start)
        return false;
    if (at < end && *at == '.') {
        start = ++at;
        at = take_digits(at, end, decimal, -1);
        if (at == start)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = take_exponent(at + 1, end, decimal);
    return at == end;
}

/* Up to 15 digits and a power of ten up to 10^22 are both exact in a double, so one rounded operation gives
 * the nearest double (Clinger 1990, "How to read floating point numbers accurately"). */
static bool exact(const struct decimal *decimal, double *value) {
    static const double POWERS[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (decimal->digit_count > EXACT_DIGITS || abs(decimal->exponent) > EXACT_POWER)
        return false;
    double digits = (double)decimal->digits;
    *value = decimal->exponent < 0 ? digits / POWERS[-decimal->exponent] : digits * POWERS[decimal->exponent];
    *value = decimal->negative ? -*value : *value;
    return true;
}

bool number_parse(const char *text, size_t length, double *value, const char **reason) {
    char copy[TEXT_MAX];
    struct decimal decimal;
    *reason = length == 0 ? "is empty" : length >= TEXT_MAX ? "is too long for a number" : "is not a number";
    if (length == 0 || length >= TEXT_MAX || !take_decimal(text, length, &decimal))
        return false;
    if (exact(&decimal, value))
        return true;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *value = strtod(copy, NULL);
    *reason = "is too large";
    return isfinite(*value);
}

bool number_parse_whole(const char *text, size_t length, int64_t *value, const char **reason) {
    double real;
    size_t sign = length > 0 && text[0] == '-';
    uint64_t digits = 0;
    size_t i = sign;
    while (i < length && i < sign + 18 && is_digit(text[i]))
        digits = digits * 10 + (uint64_t)(text[i++] - '0');
    if (i == length && i > sign) {
        *value = sign ? -(int64_t)digits : (int64_t)digits;
        return true;
    }
    if (!number_parse(text, length, &real, reason))
        return false;
    *reason = "is too large";
    if (fabs(real) >= 9e18)
        return false;
    *value = (int64_t)floor(real);
    return true;
}
