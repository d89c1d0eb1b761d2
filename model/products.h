/* All scores of a block of users and a block of movies at once, as one matrix product (OpenBLAS sgemm), and
 * how far they may be from the model's own (model/dot_bias.h).
 *
 * A movie's row [q, c] is used as it lies in a model file; a user's is turned into [p, 1], so that the movie's
 * bias is one more product and
 *     [p, 1] . [q, c] = p.q + c = z - (b + mean).
 * What remains is the same for all movies of a user. sgemm adds in an order of its own, which depends on the
 * machine and on where a row lies in its block; so its scores only tell which movies may be among the best. */
#ifndef MODEL_PRODUCTS_H
#define MODEL_PRODUCTS_H

#include <stddef.h>

#include "model/spec.h"

/* Writes [p, 1] of a user's row [p, b], both factors + 1 floats. */
void products_user(uint32_t factors, const float *row, float *user);

/* scores[user_count][movie_count] = users[user_count][factors + 1] . movies[movie_count][factors + 1]. Runs in
 * the caller's thread; any number of threads may call it at once. */
void products_scores(uint32_t factors, const float *users, size_t user_count, const float *movies,
                     size_t movie_count, float *scores);

/* The length of a row's factors, in double. */
double products_norm(uint32_t factors, const float *row);

/* No product of products_scores, with b and mean added, differs by more from dot_bias_score, for a user's row
 * [p, b] and movies with |q| <= movie_norm and |c| <= movie_bias. Both sums have at most factors + 4 terms, and
 * each errs by at most gamma_n = n u / (1 - n u) times the sum of its terms' magnitudes (Higham 2002, Accuracy
 * and Stability of Numerical Algorithms, section 3.1), which Cauchy and Schwarz bound. */
double products_error(const struct model_spec *spec, const float *user_row, double movie_norm,
                      double movie_bias);

#endif
