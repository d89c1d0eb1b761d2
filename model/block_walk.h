/* What block.c hands to the walk of an instruction set: everything decided, nothing left to look up. */
#ifndef MODEL_BLOCK_WALK_H
#define MODEL_BLOCK_WALK_H

#include "model/block.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define BLOCK_WALK_X86
#endif

struct block_walk_job {
    struct block_rows users, movies;
    struct block_ratings ratings;
    size_t groups; /* of BLOCK_LANES columns in a row */
    bool adagrad;
    bool has_range;
    double low, span; /* of the range */
    float mean;
    float rate, decay, epsilon;
    float bias_moves; /* 1, or 0 without biases */
    float share;      /* 1 / columns of a row that move */
};

typedef double block_walk_function(const struct block_walk_job *job);

block_walk_function block_walk_portable;
#ifdef BLOCK_WALK_X86
block_walk_function block_walk_avx2;
block_walk_function block_walk_avx512;
#endif

#endif
