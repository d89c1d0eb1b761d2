/* The exact path in one thread and one process: what a cluster must compute, without one.
 * Rows of both tables lie in one array, users first. */
#ifndef TESTS_REFERENCE_LOCAL_TRAINER_H
#define TESTS_REFERENCE_LOCAL_TRAINER_H

#include "core/rating.h"
#include "journey.h"
#include "model/dot_bias.h"
#include "model/optimiser.h"

struct local_trainer {
    struct model_spec model;
    enum wire_format
        wire; /* of rows and gradients on their way; float32 unless it is set after local_trainer_new */
    struct optimiser *optimiser;
    uint32_t users, movies;
    size_t stride;
    float *value, *first, *second; /* [users + movies][stride] */
    uint64_t *next_step;           /* [users + movies] */
    uint32_t *slot_of;             /* [users + movies], 1 + the row's slot in the step at hand, 0: none */
    uint32_t *row_of;              /* [slots] */
    struct slot_rating *ratings;   /* [batch] */
    float *gathered, *gradients;   /* [2 * batch][stride] */
};

/* Rows start as start_row says. Fails the test at hand when memory is short. */
struct local_trainer local_trainer_new(const struct model_spec *model, const struct optimiser_spec *optimiser,
                                       uint32_t users, uint32_t movies, uint32_t batch);
void local_trainer_free(struct local_trainer *trainer);

/* One step on count <= batch ratings, one lane. */
void local_trainer_step(struct local_trainer *trainer, const struct rating *ratings, uint32_t count,
                        struct step_rate rate, struct loss_sum *loss);

/* Brings every row up to date. */
void local_trainer_sweep(struct local_trainer *trainer);

#endif
