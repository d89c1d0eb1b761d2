/* Where rows start: U(-a, a) or U(0, a), keyed by (seed, table, row, column), so that a row's start does not depend on
 * which shard holds it. The bias column starts like a factor when the model has biases, else at 0; padding is 0. */
#ifndef MODEL_START_H
#define MODEL_START_H

#include "core/rating.h"
#include "model/spec.h"

/* Writes row_stride(spec->factors) floats. */
void start_row(const struct model_spec *spec, enum table_id table, uint32_t row, float *values);

#endif
