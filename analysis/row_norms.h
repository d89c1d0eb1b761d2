/* How long the embeddings of a table are, by how often their user or movie was rated: what weight decay leaves of rows
 * that few ratings speak for. */
#ifndef ANALYSIS_ROW_NORMS_H
#define ANALYSIS_ROW_NORMS_H

#include <stdint.h>

#include "core/rating.h"
#include "data/model_file.h"

/* Buckets of training ratings: 0, 1, 2-3, 4-7, ... 2^31 and more. */
enum { ROW_NORM_BUCKETS = 33 };

struct row_norms {
    struct {
        uint64_t rows;
        double norm_sum; /* of |p| or |q|, the bias left out */
    } buckets[ROW_NORM_BUCKETS];
};

void row_norms_measure(struct row_norms *norms, const struct model_file *model, enum table_id table);

/* The bucket of a number of ratings, and the smallest number of a bucket. */
unsigned row_norms_bucket(uint32_t count);
uint32_t row_norms_least(unsigned bucket);

/* The root mean square of |p| where training begins. */
double row_norms_start(const struct model_spec *spec);

#endif
