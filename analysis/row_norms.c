#include "analysis/row_norms.h"

#include <math.h>

unsigned row_norms_bucket(uint32_t count) {
    unsigned bucket = 0;
    for (; count > 0; count >>= 1)
        bucket++;
    return bucket;
}

uint32_t row_norms_least(unsigned bucket) {
    return bucket == 0 ? 0 : UINT32_C(1) << (bucket - 1);
}

double row_norms_start(const struct model_spec *spec) {
    return spec->init_scale * sqrt(spec->factors / 3.0);
}

static double norm_of(const float *row, uint32_t factors) {
    double sum = 0;
    for (uint32_t k = 0; k < factors; k++)
        sum += (double)row[k] * row[k];
    return sqrt(sum);
}

void row_norms_measure(struct row_norms *norms, const struct model_file *model, enum table_id table) {
    uint32_t rows = table == TABLE_USERS ? model->users : model->movies, factors = model->spec.factors;
    const float *values = table == TABLE_USERS ? model->user_rows : model->movie_rows;
    const uint32_t *counts = table == TABLE_USERS ? model->user_counts : model->movie_counts;
    *norms = (struct row_norms){0};
    for (uint32_t row = 0; row < rows; row++) {
        unsigned bucket = row_norms_bucket(counts[row]);
        norms->buckets[bucket].rows++;
        norms->buckets[bucket].norm_sum += norm_of(values + (size_t)row * (factors + 1), factors);
    }
}
