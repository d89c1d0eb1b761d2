#include "config/value.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"
#include "config/source.h"
#include "core/contract.h"

enum { SHOWN_BYTES = 60, DESCRIPTION_BYTES = 192 };

static bool fail(struct value_mistake *mistake, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct value_mistake *mistake, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(mistake->text, sizeof mistake->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool fail_type(struct value_mistake *mistake, const struct config_option *option, const char *text) {
    const char *wanted = value_type_words(option->type);
    if (text[0] == '\0')
        return fail(mistake, "'%s.%s' takes %s, not nothing", option->section, option->name, wanted);
    return fail(mistake, "'%s.%s' takes %s, not '%.*s'", option->section, option->name, wanted, SHOWN_BYTES,
                text);
}

static bool fail_bounds(struct value_mistake *mistake, const struct config_option *option, const char *text) {
    char bounds[DESCRIPTION_BYTES];
    value_describe(option, "", bounds, sizeof bounds);
    return fail(mistake, "'%s.%s' is %.*s, but must be %s", option->section, option->name, SHOWN_BYTES, text,
                bounds);
}

void *value_field(const struct config_option *option, struct config *config) {
    return (char *)config + option->offset;
}

const void *value_field_const(const struct config_option *option, const struct config *config) {
    return (const char *)config + option->offset;
}

bool value_real(const char *text, double *value) {
    char *end;
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789+-.eE") != length)
        return false;
    double number = strtod(text, &end);
    if (*end != '\0' || end == text || !isfinite(number))
        return false;
    *value = number;
    return true;
}

bool value_uint(const char *text, uint64_t *value) {
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789") != length)
        return false;
    *value = strtoull(text, NULL, 10);
    return true;
}

static bool set_bool(const struct config_option *option, const char *text, bool *field,
                     struct value_mistake *mistake) {
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return fail_type(mistake, option, text);
    *field = is_true;
    return true;
}

static bool set_uint(const struct config_option *option, const char *text, uint64_t *field,
                     struct value_mistake *mistake) {
    uint64_t value, ignored;
    if (text[0] == '-' && value_uint(text + 1, &ignored))
        return fail_bounds(mistake, option, text);
    errno = 0;
    if (!value_uint(text, &value))
        return fail_type(mistake, option, text);
    if (errno == ERANGE || value < option->uint_low || value > option->uint_high)
        return fail_bounds(mistake, option, text);
    *field = value;
    return true;
}

static bool set_real(const struct config_option *option, const char *text, double *field,
                     struct value_mistake *mistake) {
    double value;
    if (!value_real(text, &value))
        return fail_type(mistake, option, text);
    if (value < option->real_low || value > option->real_high)
        return fail_bounds(mistake, option, text);
    *field = value;
    return true;
}

static bool set_text(const struct config_option *option, const char *text, char *field,
                     struct value_mistake *mistake) {
    size_t length = strlen(text);
    if (length >= CONFIG_TEXT_BYTES)
        return fail(mistake, "'%s.%s' is longer than %d bytes", option->section, option->name,
                    CONFIG_TEXT_BYTES - 1);
    for (size_t at = 0, width; at < length; at += width) {
        width = source_character(text + at, length - at);
        if (width == 0)
            return fail(mistake, "'%s.%s' is not valid UTF-8", option->section, option->name);
    }
    memset(field, 0, CONFIG_TEXT_BYTES);
    memcpy(field, text, length);
    return true;
}

static bool set_choice(const struct config_option *option, const char *text, unsigned *field,
                       struct value_mistake *mistake) {
    char word[CHOICE_BYTES], words[DESCRIPTION_BYTES];
    for (unsigned i = 0; option_choice(option, i, word); i++)
        if (strcmp(word, text) == 0) {
            *field = i;
            return true;
        }
    if (text[0] == '\0')
        return fail_bounds(mistake, option, "empty");
    value_describe(option, "", words, sizeof words);
    if (!nearest_choice(option, text, word))
        return fail(mistake, "'%s.%s' is '%.*s', but must be %s", option->section, option->name, SHOWN_BYTES,
                    text, words);
    return fail(mistake, "'%s.%s' is '%.*s', but must be %s (did you mean '%s'?)", option->section,
                option->name, SHOWN_BYTES, text, words, word);
}

bool value_from_text(const struct config_option *option, const char *text, struct config *config,
                     struct value_mistake *mistake) {
    void *field = value_field(option, config);
    switch (option->type) {
    case OPTION_TYPE_BOOL:
        return set_bool(option, text, field, mistake);
    case OPTION_TYPE_UINT:
        return set_uint(option, text, field, mistake);
    case OPTION_TYPE_REAL:
        return set_real(option, text, field, mistake);
    case OPTION_TYPE_TEXT:
        return set_text(option, text, field, mistake);
    case OPTION_TYPE_CHOICE:
        return set_choice(option, text, field, mistake);
    case OPTION_TYPE_RANGE:
    case OPTION_TYPE_PHASES:
        break;
    }
    REQUIRE(false, "ranges and phases are read by config/structure.h");
    return false;
}
