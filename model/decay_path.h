/* What a gap of steps without gradient does to a row of sgd, as one 2x2 matrix.
 *
 * A step without gradient is linear, [w; v] <- M [w; v], and M depends on the step alone. The path keeps the
 * M of every step of a window and, above them, a binary tree of products: a node of level l stands for 2^l
 * steps that start at a multiple of 2^l. A gap is the product of the few nodes that tile it, found in O(log
 * gap); which nodes these are, and in which order they are multiplied, depends on the two ends of the gap
 * alone, so a product that is asked for again is remembered and has the same bits. (Inverting prefix products would need one product, but their determinant is a power of the momentum:
 * after some hundred steps they are singular.) */
#ifndef MODEL_DECAY_PATH_H
#define MODEL_DECAY_PATH_H

#include <stdint.h>

#include "core/status.h"

/* w' = ww*w + wv*v,  v' = vw*w + vv*v. */
struct decay_matrix {
    double ww, wv, vw, vv;
};

struct decay_path;

/* An empty path over 2^levels steps. NULL and status on failure; given back with decay_path_free. */
struct decay_path *decay_path_new(unsigned levels, struct status *status);
void decay_path_free(struct decay_path *path);

/* Says what step `index` of the window does. Steps are set one after another, by rising index. */
void decay_path_set(struct decay_path *path, uint32_t index, struct decay_matrix matrix);

/* The product over steps from, from + 1, ..., to - 1 (the earliest acts first), all of which have been set;
 * from < to. */
struct decay_matrix decay_path_between(const struct decay_path *path, uint32_t from, uint32_t to);

#endif
