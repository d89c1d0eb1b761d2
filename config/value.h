/* Between the text of an option's value and its field in struct config. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table.h"

enum { VALUE_MESSAGE_BYTES = 384, VALUE_TEXT_BYTES = 6 * CONFIG_TEXT_BYTES + 16 };

/* Why a text is not the value of an option: "'train.batch' takes a whole number, not '1e-3x'". */
struct value_mistake {
    char text[VALUE_MESSAGE_BYTES];
};

/* The field of an option in a configuration. */
void *value_field(const struct config_option *option, struct config *config);
const void *value_field_const(const struct config_option *option, const struct config *config);

/* Reads a BOOL, UINT, REAL, TEXT or CHOICE. text ends in a NUL and has no other. Numbers are decimal, the
 * whole text is the number, and it lies within the option's bounds. A TEXT is taken as it is, and must be
 * UTF-8. On failure the field is untouched. */
bool value_from_text(const struct config_option *option, const char *text, struct config *config,
                     struct value_mistake *mistake);

/* Reads a decimal number with nothing before or behind it; false for anything else, and for infinities. */
bool value_real(const char *text, double *value);

/* Reads decimal digits; a number beyond 64 bits becomes the largest one. False for anything else. */
bool value_uint(const char *text, uint64_t *value);

/* Writes a value as YAML that reads back to the same value: the shortest decimal that gives the same double,
 * a text in double quotes with `${` guarded, [0.5, 5], none, [{epochs: 3, learning_rate: 0.1}]. */
void value_to_text(const struct config_option *option, const struct config *config,
                   char text[VALUE_TEXT_BYTES]);

/* Writes the shortest decimal that reads back to the same double, "1e-8" and "0.05" and "10000". */
enum { VALUE_REAL_BYTES = 32 };
void value_print_real(double value, char text[VALUE_REAL_BYTES]);

/* What an option takes in a few words: "a whole number", "true or false", "one word". */
const char *value_type_words(enum option_type type);

/* Writes what an option takes, for people: "1 to 1048576 ratings", "`sgd`, `adam` or `adamw`" with quote
 * around words. */
void value_describe(const struct config_option *option, const char *quote, char *text, size_t bytes);

#endif
