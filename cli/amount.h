/* Amounts on the command line: 1000000, 1e6, 10M, 2.5k, 1B. */
#ifndef CLI_AMOUNT_H
#define CLI_AMOUNT_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* A whole number of at most 2^53, optionally with a fraction, an exponent, and k, M, and G or B (thousands,
 * millions, thousand millions), as long as the result is whole. False for anything else. */
bool amount_parse(const char *text, uint64_t *amount);

/* The amount given to --option; ends the command as argp_error does unless it is a whole number from least to most, or to
 * AMOUNT_ANY where nothing else bounds it. */
enum { AMOUNT_ANY = INT32_MAX };
uint32_t amount_argument(struct argp_state *state, const char *option, const char *text, uint32_t least,
                         uint32_t most);

/* Writes 10000054 as "10,000,054" for people; returns text. */
const char *amount_show(char text[32], uint64_t amount);

#endif
