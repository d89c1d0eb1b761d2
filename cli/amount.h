/* Amounts on the command line: 1000000, 1e6, 10M, 2.5k, 1B. */
#ifndef CLI_AMOUNT_H
#define CLI_AMOUNT_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* A whole number of at most 2^53, optionally with a fraction, an exponent, and k, M, and G or B (thousands,
 * millions, thousand millions), as long as the result is whole. False for anything else. */
bool amount_parse(const char *text, uint64_t *amount);

/* The amount given to --option; ends the command as argp_error does unless it is a whole number from least to most. */
uint32_t amount_argument(struct argp_state *state, const char *option, const char *text, uint32_t least,
                         uint32_t most);

/* Writes 10000054 as "10,000,054" for people; returns text. */
const char *amount_show(char text[32], uint64_t amount);

/* For a parser of argp: takes the number of an option, "--top", from `least` to 2^31 - 1, or ends with a usage
 * error. */
struct argp_state;
void amount_take(uint32_t *number, const char *option, const char *text, uint32_t least,
                 const struct argp_state *state);

#endif
