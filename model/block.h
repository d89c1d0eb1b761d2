/* The innermost loop of mode `blocked`: one worker walks the ratings of a block, one after another, on private
 * copies of the rows of a part (users) and of a stratum (movies).
 *
 * For a rating r of user row p, b and movie row q, c, and all of it with the rows as they were before the visit:
 *     z = p.q + (b + c) + mean,  r^ = z, or low + (high - low) * sigmoid(z),  e = r^ - r,  h = e * dr^/dz
 *     p <- (1 - x*decay) * p - x*h * q      q <- (1 - y*decay) * q - y*h * p
 *     b <- (1 - x*decay) * b - x*h          c <- (1 - y*decay) * c - y*h
 * which is a step down the gradient of e^2 / 2 + decay / 2 * (|p|^2 + b^2 + |q|^2 + c^2): the L2 is paid per visit.
 *     sgd       x = y = learning_rate
 *     adagrad   s += mean over the user's factors and its bias of g^2,  x = learning_rate / (sqrt(s) + epsilon),
 *               and y likewise for the movie: one sum per row, g the gradient above, so that for a user
 *               sum of g^2 = h^2 |q|^2 + 2 h decay p.q + decay^2 |p|^2 + (h + decay b)^2
 * Row-wise adagrad is that of Duchi, Hazan and Singer 2011 with a row as one coordinate, as in SPEC 3 and 6.
 *
 * Same bits on every path (AVX-512, AVX2, portable): a dot product runs in BLOCK_LANES partial sums over the columns
 * k, k + 16, ..., folded 16 -> 8 -> 4 -> 2 -> 1 by halves; products are rounded before they are added (no fused
 * operation: measured, it buys nothing here); roots and quotients are IEEE's; the sigmoid is that of model/dot_bias.h.
 *
 * Same bits as one by one, faster than one by one: four consecutive ratings that share no row are worked on side by
 * side, while the products of the next four are already being summed. So a block is walked fastest when no two of any
 * eight consecutive ratings share a row; one sorted by user is walked at a third of the rate. */
#ifndef MODEL_BLOCK_H
#define MODEL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/spec.h"

enum { BLOCK_LANES = 16, BLOCK_ROWS_MAX = 65536, BLOCK_VALUES_MAX = 256 };

enum block_rule { BLOCK_SGD, BLOCK_ADAGRAD };

struct block_spec {
    const struct model_spec
        *model; /* factors, has_bias, range and mean; without biases b = c = 0 and never move */
    enum block_rule rule;
    float learning_rate;
    float decay;   /* L2 per visit; learning_rate * decay < 1 */
    float epsilon; /* adagrad: outside the root, > 0 */
};

/* What belongs to a row beside its factors, in eight bytes, so that a visit finds both on one cache line. */
struct block_scalars {
    float bias;
    float sum; /* adagrad: s, >= 0; sgd never touches it */
};

/* The rows of a part or of a stratum. The caller owns both arrays (memory_take aligns them as wanted). */
struct block_rows {
    float *factors; /* [count][block_stride], aligned to 64 bytes; columns from `factors` on are padding, 0 */
    struct block_scalars *scalars; /* [count] */
    uint32_t count;                /* at most BLOCK_ROWS_MAX */
};

/* A row's factors fill whole cache lines: K rounded up to BLOCK_LANES. The bias lies elsewhere, since as a column it
 * would cost a fifth line at K = 64 and a second one at 16. */
static inline size_t block_stride(uint32_t factors) {
    return ((size_t)factors + BLOCK_LANES - 1) / BLOCK_LANES * BLOCK_LANES;
}

/* The ratings of a block, five bytes each. Local row numbers are below the counts of the rows and codes below the
 * number of values: whoever reads them from a file checks it. */
struct block_ratings {
    const uint16_t *users;
    const uint16_t *movies;
    const uint8_t *codes;
    size_t count;        /* 0 is allowed */
    const float *values; /* what the codes stand for, in rating units; at most BLOCK_VALUES_MAX of them */
};

/* Fills rows from count rows in the layout of model/spec.h, one after another, and sums [count] (NULL: all 0). */
void block_rows_load(uint32_t factors, const float *source, const float *sums, struct block_rows rows);

/* The way back: writes count rows with their padding, and the sums unless NULL. */
void block_rows_store(uint32_t factors, struct block_rows rows, float *target, float *sums);

/* Visits the ratings in their order. Returns the sum of e^2, each from before its visit, added in that order; it is not
 * finite when training has diverged. users and movies do not overlap. */
double block_walk(const struct block_spec *spec, struct block_rows users, struct block_rows movies,
                  const struct block_ratings *ratings);

/* The instruction sets, from the slowest; block_walk uses the best that this machine has. */
enum block_path { BLOCK_PORTABLE, BLOCK_AVX2, BLOCK_AVX512, BLOCK_PATHS };

const char *block_path_name(enum block_path path);
bool block_path_available(enum block_path path);
enum block_path block_best_path(void);

/* block_walk on a path that is available. */
double block_walk_on(enum block_path path, const struct block_spec *spec, struct block_rows users,
                     struct block_rows movies, const struct block_ratings *ratings);

#endif
