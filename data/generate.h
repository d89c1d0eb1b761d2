/* Ratings made from a planted model, for those who have none at hand and for those who want to know how good
 * a model could be: data/planted.h (biases, factors, noise, half stars), data/audience.h (who rates what),
 * data/made_up.h (titles).
 *
 * Everything is a function of the seed and the sizes. No user rates a movie twice. Ratings come user by user;
 * training ratings are written as they are made and only those that validate are kept (12 bytes each), so
 * memory grows with the users and movies and a tenth or so of the ratings. Which ratings validate is decided
 * as by split `hash`: importing the CSV with `--split hash` and the same fraction and seed gives the same
 * packed set. */
#ifndef DATA_GENERATE_H
#define DATA_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "data/blocks_plan.h"
#include "data/packed_writer.h"

struct generate_spec {
    const char *folder;     /* gets ratings.dotbias; made where missing */
    bool with_csv;          /* and ratings.csv, movies.csv */
    uint64_t ratings;       /* users <= ratings <= users * movies, below 2^32 */
    uint32_t users, movies; /* at least 1, below 2^31 */
    uint32_t factors;       /* 1 .. PLANTED_FACTORS_MAX */
    double noise;           /* deviation of what no model can know, >= 0, in stars */
    uint64_t seed;
    double valid_fraction; /* 0 <= fraction < 1 */
    uint64_t split_seed;
    bool is_tight;             /* training ratings in blocks only (data/generate_tight.h); without CSV */
    bool with_blocks;          /* blocks beside the ratings */
    struct blocks_shape shape; /* of the blocks; zeros: blocks_shape_for */
    unsigned threads;          /* of a tight set; 0: one per processor; the outcome is the same */
};

struct generate_summary {
    uint64_t ratings, users, movies; /* movies: those that were rated */
    uint64_t half_stars[10];         /* ratings of 0.5, 1, .. 5 */
    double truth_rmse; /* of the noise-free planted ratings on the validation ratings; NaN without those */
    struct packed_totals totals;
};

/* STATUS_USAGE when the sizes do not fit together, naming which; STATUS_CANT_CREATE, STATUS_IO,
 * STATUS_NO_MEMORY, and STATUS_BAD_DATA when nothing is left to train on. On failure nothing is left behind.
 */
bool generate_ratings(const struct generate_spec *spec, struct generate_summary *summary,
                      struct status *status);

#endif
