/* Where a run is taken up: its newest whole checkpoint, after a look at whether it belongs to this run. */
#ifndef NODE_RESUME_H
#define NODE_RESUME_H

#include "config/config.h"
#include "core/image.h"
#include "data/packed_set.h"

struct resume {
    bool found;
    struct run_position position; /* when found */
};

/* Fills resume, to be given back with resume_release in every case. checkpoints: their folder, or NULL. No checkpoint
 * is no failure: the run begins then. STATUS_CONFIG when the newest was made with another configuration,
 * STATUS_PROTOCOL when it was made of other ratings, STATUS_NO_MEMORY. */
bool resume_find(struct resume *resume, const struct config *config, const struct packed_set *set,
                 const char *checkpoints, struct status *status);
void resume_release(struct resume *resume);

/* The options that change what is computed and differ between two configurations, "train.batch (64, not 32), model.seed
 * (42, not 1)". Returns
 * how many there are; text is cut where it is full. */
size_t resume_differences(const struct config *before, const struct config *now, char *text, size_t capacity);

#endif
