/* One prediction, taken apart: p_u . q_i + b_u + c_i (+ mean) -> z -> rating (SPEC.md 2), from a finished
 * model.
 *
 * Users and movies that the model does not know get a stand-in row (SPEC.md 9). With a range, or with a mean
 * in the score, that row is zero: what is left is mid-range or mean plus the known bias. A model with neither
 * keeps its level in the biases (or in the factors), so there the stand-in is its table's mean row, weighted
 * by training ratings: the average movie, the average user. A user or movie that is known but has no training
 * rating is "cold": its row is its start, decayed, and is used as it is. */
#ifndef ANALYSIS_PREDICTION_H
#define ANALYSIS_PREDICTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/id_index.h"
#include "analysis/titles.h"
#include "core/rating.h"
#include "core/status.h"
#include "data/model_file.h"

/* A model ready to answer by raw id. Borrows the model file. */
struct predictor {
    const struct model_file *model;
    struct titles titles;
    struct id_index indexes[TABLE_COUNT];
    float *stand_ins[TABLE_COUNT]; /* [stride], for unknown ids */
    float *rows[TABLE_COUNT];      /* [stride], scratch of prediction_make */
};

bool predictor_open(struct predictor *predictor, const struct model_file *model, struct status *status);
void predictor_close(struct predictor *predictor);

/* Writes the [stride] row of a dense number, or the stand-in for ID_UNKNOWN. */
void predictor_row(const struct predictor *predictor, enum table_id table, uint32_t row, float *values);

/* True for an unknown id and for one without a training rating. */
bool predictor_is_cold(const struct predictor *predictor, enum table_id table, uint32_t row);

struct prediction {
    uint32_t rows[TABLE_COUNT];   /* ID_UNKNOWN where the model does not know the id */
    uint32_t counts[TABLE_COUNT]; /* training ratings; 0 for an unknown one */
    double dot, user_bias, movie_bias, mean;
    double score;  /* z */
    double rating; /* r^ */
};

/* Predicts for raw ids of any bytes. */
struct prediction prediction_make(struct predictor *predictor, const char *user, size_t user_length,
                                  const char *movie, size_t movie_length);

/* One product of p . q. */
struct prediction_term {
    uint32_t factor;
    double user, movie, product;
};

/* Writes the largest products, whatever their sign, of the prediction that was made last; of equals the smaller
 * factor comes first. Returns how many: `most`, or all factors. */
uint32_t prediction_terms(const struct predictor *predictor, struct prediction_term *terms, uint32_t most);

/* What a reader should know about this prediction, in words: "unknown movie: ...; cold user: ...". Empty when
 * both are known and trained. */
enum { PREDICTION_NOTE_BYTES = 512 };
void prediction_note(const struct predictor *predictor, const struct prediction *prediction, char *note);

#endif
