/* A model of any size with rows drawn from a seed, for tests that compare with a naive loop. */
#ifndef TESTS_UNIT_ANALYSIS_MADE_UP_MODEL_H
#define TESTS_UNIT_ANALYSIS_MADE_UP_MODEL_H

#include "data/model_file.h"

struct made_up_model {
    struct model_file file; /* users "u0", "u1", ..; movies "m0", ..; titles and genres as given, or empty */
    uint64_t *offsets[4];
    char *bytes[4];
};

/* How rows differ: as they may; by multiples of 1/2, so that many scores are equal; by so little that many scores
 * differ in their last bits alone. */
enum made_up_rows { ROWS_FINE, ROWS_COARSE, ROWS_NARROW };

void made_up_model_make(struct made_up_model *model, const struct model_spec *spec, uint32_t users,
                        uint32_t movies, enum made_up_rows kind, uint64_t seed);

/* Replaces titles or genres: [movies] texts. */
void made_up_model_titles(struct made_up_model *model, const char *const *titles);
void made_up_model_genres(struct made_up_model *model, const char *const *genres);

void made_up_model_free(struct made_up_model *model);

#endif
