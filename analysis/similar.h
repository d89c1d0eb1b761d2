/* Movies (or users) whose factors are near those of one: what the model takes for alike. Biases take no part. */
#ifndef ANALYSIS_SIMILAR_H
#define ANALYSIS_SIMILAR_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/top_list.h"
#include "core/status.h"
#include "data/model_file.h"

/* With x.y = sum over factors of x y, |x|^2 = x.x, all in double and in their order:
 *   cosine  x.y / (|x| |y|), 0 where either is 0
 *   dot     x.y
 *   euclid  -|x - y|, so that the larger is the nearer here, too */
enum similar_metric { SIMILAR_COSINE, SIMILAR_DOT, SIMILAR_EUCLID };

double similar_score(enum similar_metric metric, uint32_t factors, const float *one, const float *other);

/* Fills list, best first, with the rows of a table that are nearest to `row`, which is not among them, of those
 * with at least least_ratings training ratings. Of equals the smaller row comes first. */
void similar_find(const struct model_file *model, enum table_id table, uint32_t row,
                  enum similar_metric metric, uint32_t least_ratings, struct top_list *list);

#endif
