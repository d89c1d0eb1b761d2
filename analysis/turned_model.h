/* A model whose movies were rotated: with the users turned alike every prediction is the same, which shows what in a
 * picture of the factors is the model's and what is the axes'. */
#ifndef ANALYSIS_TURNED_MODEL_H
#define ANALYSIS_TURNED_MODEL_H

#include "data/model_file.h"

/* Copies the model with its movie rows under a rotation that the seed gives (a product of reflections; the
 * biases stay). It borrows all else, and the users are left as they were. Given back with turned_model_free.
 * STATUS_NO_MEMORY. */
bool turned_model_make(struct model_file *turned, const struct model_file *model, uint64_t seed,
                       struct status *status);
void turned_model_free(struct model_file *turned);

#endif
