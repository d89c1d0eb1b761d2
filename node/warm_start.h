/* A run that begins with the rows of a finished model (model.init_from). Rows of users and movies that the model knows, by
 * their raw ids, are the model's; the others start as configured. Optimiser state starts at zero in either case.
 *
 * The rows are written as a checkpoint of step 0, and the run goes on from it: pservers get them the way they get rows after
 * a crash, whatever their number and wherever they are, and a run that is killed begins with them again. */
#ifndef NODE_WARM_START_H
#define NODE_WARM_START_H

#include "config/config.h"
#include "data/packed_set.h"

struct warm_start {
    uint32_t users_known, movies_known; /* of the set's, by the model */
    uint32_t users, movies;             /* of the set */
    uint32_t epochs;                    /* that the model was trained for */
};

/* Checks model.init_digest against the model, or fills it in where it is empty: it is part of config_digest. Does nothing
 * without model.init_from. STATUS_CONFIG when the model has another digest, other factors, other biases or another
 * range than the configuration; errors of model_file_open. */
bool warm_start_pin(struct config *config, struct status *status);

/* Writes the rows of a pinned configuration's model, for a set, as the next checkpoint of the folder. */
bool warm_start_write(struct warm_start *start, const struct config *config, const struct packed_set *set,
                      const char *checkpoints, struct status *status);

#endif
