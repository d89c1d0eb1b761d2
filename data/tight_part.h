/* One part of a tight set, made by one thread; see data/generate_tight.h. */
#ifndef DATA_TIGHT_PART_H
#define DATA_TIGHT_PART_H

#include "core/rating.h"
#include "data/audience.h"
#include "data/blocks_writer.h"
#include "data/generate.h"
#include "data/planted.h"
#include "data/split.h"
#include "data/string_list.h"

enum { TIGHT_VALUES = 10 }; /* code c is (c + 1) / 2 stars */

/* What all parts are made from; nobody changes it while they are made. */
struct tight_world {
    const struct generate_spec *spec;
    struct split_spec split;
    struct planted planted;
    struct audience audience;
    struct blocks_side parts, strata;
    struct string_list user_ids, movie_ids;
};

/* A part, and the memory it is made in, which serves one part after another. */
struct tight_part {
    struct audience audience;
    uint32_t *chosen;    /* [movies]: of one user */
    uint32_t *user_ends; /* per user of the part */
    uint32_t *movies;
    uint8_t *codes;
    uint64_t capacity; /* of the two above */
    struct rating *valid;
    size_t valid_capacity;
    uint32_t count;         /* training ratings */
    uint64_t valid_count;   /* validation ratings */
    uint32_t *movie_counts; /* [movies]: training ratings */
    uint64_t half_stars[TIGHT_VALUES], valid_half_stars[TIGHT_VALUES];
    double truth_squares; /* over the validation ratings */
    struct part_blocks blocks;
    struct status status; /* of making it */
};

/* Memory that does not depend on the part. STATUS_NO_MEMORY; cleared by the caller in every case. */
bool tight_part_prepare(struct tight_part *made, const struct tight_world *world, struct status *status);
void tight_part_clear(struct tight_part *made);

/* Makes a part, leaving in made->status how that went. */
void tight_part_make(struct tight_part *made, const struct tight_world *world, uint32_t part);

/* The deviation from the planted rating and what comes of it; used for every set that is generated. */
float generate_value(const struct generate_spec *spec, uint32_t user, uint32_t movie, float truth);

#endif
