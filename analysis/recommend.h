/* The best movies for many users: what a double loop over users and movies with dot_bias_score would find, to
 * the last bit and in the same order, but computed in blocks of users x blocks of movies.
 *
 * A block's scores come from one matrix product (model/products.h). Those that cannot be among the best by more
 * than the product's rounding error are passed over, whole vectors at a time; the few others are looked up in
 * the user's seen movies and scored once more by dot_bias_score. So the result does not depend on blocks,
 * threads or the machine's matrix kernels. Of equal scores the movie with the smaller row comes first.
 *
 * Memory does not grow with users x movies: per thread twice a block of scores (512 KiB), of the best so far
 * (at most 8 MiB) and of seen movies, one bit each (at most 16 MiB, or one user's). */
#ifndef ANALYSIS_RECOMMEND_H
#define ANALYSIS_RECOMMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/catalogue.h"
#include "analysis/seen.h"
#include "core/status.h"

struct recommend_request {
    const struct catalogue *catalogue; /* count > 0; names the model, too */
    const float *rows;                 /* [..][factors + 1]: users' rows, of the model or folded in */
    const uint32_t *users;             /* [user_count]: which of them, in the order of the answers */
    size_t user_count;
    const struct seen *seen; /* by row; NULL: nothing is left out */
    uint32_t top;            /* > 0; fewer come where the catalogue has no more */
    unsigned threads;        /* 0: one per processor */
};

struct recommendation {
    uint32_t movie; /* its row in the model */
    float rating;   /* as predicted */
};

/* Gets the recommendations of a user's row, best first; count may be 0. Called in the caller's thread, user by
 * user as asked for. False, with the status filled, ends the run. */
typedef bool recommend_take(void *context, uint32_t user, const struct recommendation *best, uint32_t count,
                            struct status *status);

/* STATUS_NO_MEMORY, STATUS_BAD_DATA when a score is no finite number, or what take says. */
bool recommend_run(const struct recommend_request *request, recommend_take *take, void *context,
                   struct status *status);

#endif
