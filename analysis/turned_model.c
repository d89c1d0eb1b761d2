#include "analysis/turned_model.h"

#include <string.h>

#include "core/memory.h"
#include "core/rng.h"

/* An even number of reflections is a rotation. */
enum { ROUNDS = 8 };

/* q -= 2 (q.n / n.n) n: Householder's reflection. */
static void reflect(float *row, const double *normal, double length, uint32_t factors) {
    double dot = 0;
    for (uint32_t k = 0; k < factors; k++)
        dot += row[k] * normal[k];
    for (uint32_t k = 0; k < factors; k++)
        row[k] = (float)(row[k] - 2 * dot / length * normal[k]);
}

static void reflect_all(float *rows, const struct model_file *model, uint64_t seed, uint64_t round) {
    uint32_t factors = model->spec.factors;
    double normal[FACTORS_MAX], length = 0;
    for (uint32_t k = 0; k < factors; k++) {
        normal[k] = rng_unit(seed, round, k) - 0.5;
        length += normal[k] * normal[k];
    }
    for (uint32_t movie = 0; movie < model->movies; movie++)
        reflect(rows + (size_t)movie * (factors + 1), normal, length, factors);
}

bool turned_model_make(struct model_file *turned, const struct model_file *model, uint64_t seed,
                       struct status *status) {
    size_t count = (size_t)model->movies * (model->spec.factors + 1);
    float *rows = memory_take_array(count, sizeof *rows, "a rotated model", status);
    if (rows == NULL)
        return false;
    memcpy(rows, model->movie_rows, count * sizeof *rows);
    for (uint64_t round = 0; round < ROUNDS; round++)
        reflect_all(rows, model, seed, round);
    *turned = *model;
    turned->movie_rows = rows;
    return true;
}

void turned_model_free(struct model_file *turned) {
    memory_release((void *)turned->movie_rows);
    turned->movie_rows = NULL;
}
