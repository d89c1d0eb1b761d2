#include "model/start.h"

#include <string.h>

#include "core/rng.h"

/* The streams of a run's seed: a row's start uses stream (table << 32 | row), counters are columns. */
static double start_unit(const struct model_spec *spec, enum table_id table, uint32_t row, uint32_t column) {
    return rng_unit(spec->seed, (uint64_t)table << 32 | row, column);
}

void start_row(const struct model_spec *spec, enum table_id table, uint32_t row, float *values) {
    uint32_t columns = spec->factors + (spec->has_bias ? 1 : 0);
    memset(values, 0, row_stride(spec->factors) * sizeof *values);
    for (uint32_t column = 0; column < columns; column++) {
        double unit = start_unit(spec, table, row, column);
        double place = spec->init == INIT_SYMMETRIC ? 2 * unit - 1 : unit;
        values[column] = (float)(spec->init_scale * place);
    }
}
