/* Ratings that are marked, and those that are not. */
#ifndef DATA_DIVIDE_H
#define DATA_DIVIDE_H

#include <stddef.h>
#include <stdint.h>

#include "core/rating.h"

/* So many ratings behind those that are written may be overwritten. */
enum { DIVIDE_SLACK = 16 };

/* Copies ratings[count] to where they belong, each part in its order: marks are 0 or 1. Returns how many are marked. */
size_t divide(const struct rating *ratings, const uint8_t *marks, size_t count, struct rating *unmarked,
              struct rating *marked);

#endif
