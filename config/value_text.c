#include "config/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/source.h"

/* "1e-08" -> "1e-8", "1e+06" -> "1e6". */
static void tidy_exponent(char *text) {
    char *in = strchr(text, 'e'), *out;
    if (in == NULL)
        return;
    out = ++in;
    if (*in == '-')
        *out++ = *in++;
    else if (*in == '+')
        in++;
    while (*in == '0' && in[1] != '\0')
        in++;
    memmove(out, in, strlen(in) + 1);
}

void value_print_real(double value, char text[VALUE_REAL_BYTES]) {
    if (fabs(value) < 1e6 && value == floor(value)) {
        snprintf(text, VALUE_REAL_BYTES, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, VALUE_REAL_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    tidy_exponent(text);
}

static unsigned code_point(const char *at, size_t width) {
    unsigned value = (unsigned char)at[0] & (width == 1 ? 0x7Fu : 0x7Fu >> width);
    for (size_t i = 1; i < width; i++)
        value = value << 6 | ((unsigned char)at[i] & 0x3F);
    return value;
}

/* Whether YAML 1.1, section 5.1, lets a character stand for itself between double quotes, on one line. */
static bool is_plain(unsigned code) {
    bool is_break = code == 0x85 || code == 0x2028 || code == 0x2029;
    bool is_printable =
        (code >= 0x20 && code <= 0x7E) || (code >= 0xA0 && code != 0xFEFF && (code & 0xFFFE) != 0xFFFE);
    return is_printable && !is_break;
}

/* In double quotes; `${` gets a second dollar, so that it is read as text and not as a variable. */
static void print_text(const char *value, char *text) {
    size_t left = strlen(value);
    *text++ = '"';
    while (left > 0) {
        size_t width = source_character(value, left);
        unsigned code = code_point(value, width == 0 ? 1 : width);
        if (value[0] == '$' && value[1] == '{')
            *text++ = '$';
        if (code == '"' || code == '\\')
            *text++ = '\\';
        if (is_plain(code)) {
            memcpy(text, value, width);
            text += width;
        } else {
            text += sprintf(text, code < 0x10000 ? "\\u%04X" : "\\U%08X", code);
        }
        value += width == 0 ? 1 : width;
        left -= width == 0 ? 1 : width;
    }
    memcpy(text, "\"", 2);
}

static void print_range(const struct option_range *range, char *text) {
    char low[VALUE_REAL_BYTES], high[VALUE_REAL_BYTES];
    value_print_real(range->low, low);
    value_print_real(range->high, high);
    if (range->given)
        snprintf(text, VALUE_TEXT_BYTES, "[%s, %s]", low, high);
    else
        snprintf(text, VALUE_TEXT_BYTES, "none");
}

static void print_phases(const struct option_phases *phases, char *text) {
    char rate[VALUE_REAL_BYTES];
    char *at = text;
    if (phases->count == 0) {
        snprintf(text, VALUE_TEXT_BYTES, "none");
        return;
    }
    for (uint32_t i = 0; i < phases->count; i++) {
        value_print_real(phases->items[i].learning_rate, rate);
        at += sprintf(at, "%s{epochs: %" PRIu32 ", learning_rate: %s}", i == 0 ? "[" : ", ",
                      phases->items[i].epochs, rate);
    }
    memcpy(at, "]", 2);
}

void value_to_text(const struct config_option *option, const struct config *config,
                   char text[VALUE_TEXT_BYTES]) {
    const void *field = value_field_const(option, config);
    switch (option->type) {
    case OPTION_TYPE_BOOL:
        snprintf(text, VALUE_TEXT_BYTES, "%s", *(const bool *)field ? "true" : "false");
        break;
    case OPTION_TYPE_UINT:
        snprintf(text, VALUE_TEXT_BYTES, "%" PRIu64, *(const uint64_t *)field);
        break;
    case OPTION_TYPE_REAL:
        value_print_real(*(const double *)field, text);
        break;
    case OPTION_TYPE_TEXT:
        print_text(field, text);
        break;
    case OPTION_TYPE_CHOICE:
        option_choice(option, *(const unsigned *)field, text);
        break;
    case OPTION_TYPE_RANGE:
        print_range(field, text);
        break;
    case OPTION_TYPE_PHASES:
        print_phases(field, text);
        break;
    }
}

/* "a", "a or b", "a, b or c". */
static void describe_choices(const struct config_option *option, const char *quote, char *text,
                             size_t bytes) {
    char word[CHOICE_BYTES], next[CHOICE_BYTES];
    size_t length = 0;
    for (unsigned i = 0; option_choice(option, i, word) && length < bytes; i++) {
        const char *joint = i == 0 ? "" : option_choice(option, i + 1, next) ? ", " : " or ";
        int written = snprintf(text + length, bytes - length, "%s%s%s%s", joint, quote, word, quote);
        length += (size_t)written;
    }
}

static void describe_real(const struct config_option *option, char *text, size_t bytes) {
    char low[VALUE_REAL_BYTES], high[VALUE_REAL_BYTES];
    value_print_real(option->real_low, low);
    value_print_real(option->real_high, high);
    if (isfinite(option->real_high))
        snprintf(text, bytes, "%s to %s%s%s", low, high, option->unit[0] == '\0' ? "" : " ", option->unit);
    else
        snprintf(text, bytes, "at least %s%s%s", low, option->unit[0] == '\0' ? "" : " ", option->unit);
}

void value_describe(const struct config_option *option, const char *quote, char *text, size_t bytes) {
    switch (option->type) {
    case OPTION_TYPE_BOOL:
        snprintf(text, bytes, "%strue%s or %sfalse%s", quote, quote, quote, quote);
        break;
    case OPTION_TYPE_UINT:
        snprintf(text, bytes, "%" PRIu64 " to %" PRIu64 "%s%s", option->uint_low, option->uint_high,
                 option->unit[0] == '\0' ? "" : " ", option->unit);
        break;
    case OPTION_TYPE_REAL:
        describe_real(option, text, bytes);
        break;
    case OPTION_TYPE_TEXT:
        snprintf(text, bytes, "text");
        break;
    case OPTION_TYPE_CHOICE:
        describe_choices(option, quote, text, bytes);
        break;
    case OPTION_TYPE_RANGE:
        snprintf(text, bytes, "%s[low, high]%s or %snone%s", quote, quote, quote, quote);
        break;
    case OPTION_TYPE_PHASES:
        snprintf(text, bytes, "a list of %s{epochs, learning_rate}%s or %snone%s", quote, quote, quote,
                 quote);
        break;
    }
}

const char *value_type_words(enum option_type type) {
    static const char *const words[] = {
        [OPTION_TYPE_BOOL] = "true or false",
        [OPTION_TYPE_UINT] = "a whole number",
        [OPTION_TYPE_REAL] = "a number",
        [OPTION_TYPE_TEXT] = "text",
        [OPTION_TYPE_CHOICE] = "one word",
        [OPTION_TYPE_RANGE] = "[low, high] or none",
        [OPTION_TYPE_PHASES] = "a list of {epochs, learning_rate} or none",
    };
    return words[type];
}
