#include "cli/amount.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/number.h"

static double unit_of(char letter) {
    switch (letter) {
    case 'k':
    case 'K':
        return 1e3;
    case 'M':
        return 1e6;
    case 'G':
    case 'B':
        return 1e9;
    default:
        return 1;
    }
}

bool amount_parse(const char *text, uint64_t *amount) {
    const char *reason;
    double value;
    size_t length = strlen(text);
    double unit = length > 0 ? unit_of(text[length - 1]) : 1;
    if (!number_parse(text, unit > 1 ? length - 1 : length, &value, &reason))
        return false;
    value *= unit;
    if (!(value >= 0 && value <= 0x1.0p53) || value != floor(value))
        return false;
    *amount = (uint64_t)value;
    return true;
}

uint32_t amount_argument(struct argp_state *state, const char *option, const char *text, uint32_t least,
                         uint32_t most) {
    uint64_t amount = 0;
    if (amount_parse(text, &amount) && amount >= least && amount <= most)
        return (uint32_t)amount;
    if (most == AMOUNT_ANY)
        argp_error(state, "--%s takes a number from %u on, not '%s'", option, least, text);
    else
        argp_error(state, "--%s: '%s' is not a whole number from %u to %u", option, text, least, most);
    return least;
}

const char *amount_show(char text[32], uint64_t amount) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)amount);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}
