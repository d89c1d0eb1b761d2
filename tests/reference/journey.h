/* What rows of floats are after a journey in a format, through the plain path alone. */
#ifndef TESTS_REFERENCE_JOURNEY_H
#define TESTS_REFERENCE_JOURNEY_H

#include <stddef.h>

#include "core/rating.h"

void journey(enum wire_format wire, float *values, size_t rows, size_t stride);

#endif
