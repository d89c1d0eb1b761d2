/* Numbers as people write them in ratings files, read strictly: digits, optionally a sign, a fraction and an
 * exponent, nothing before or after, and no NaN or infinity. */
#ifndef DATA_NUMBER_H
#define DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The double nearest to the decimal number in text[length]. On failure *reason says why, as the end of a
 * sentence that begins with the text ("is empty"). */
bool number_parse(const char *text, size_t length, double *value, const char **reason);

/* A whole number; a fraction is cut off downwards (1260759144.0). */
bool number_parse_whole(const char *text, size_t length, int64_t *value, const char **reason);

#endif
