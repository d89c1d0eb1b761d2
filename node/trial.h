/* One trial of a search: a run like any other, in a folder of its own. Where it stands is what its folder says, so that a
 * search that was interrupted, in whatever way, goes on:
 *   FOLDER/trial-003          the run
 *   FOLDER/trial-003.log      what `dotbias train` said
 *   FOLDER/trial-003.failed   why it is not tried again */
#ifndef NODE_TRIAL_H
#define NODE_TRIAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/search_space.h"
#include "core/status.h"
#include "net/process.h"

enum trial_state { TRIAL_OPEN, TRIAL_FINISHED, TRIAL_FAILED };

struct trial {
    uint32_t number;                               /* from 1 */
    char sets[SEARCH_AXES_MAX][SEARCH_TEXT_BYTES]; /* "train.learning_rate=0.01", one per axis */
    uint64_t digest;                               /* of its configuration */
    uint32_t planned;                              /* epochs of its schedule */
    char path[PATH_MAX - 16];                      /* of the run */
    enum trial_state state;
    bool dropped;      /* it was not among the best when others went on */
    uint32_t epochs;   /* made so far */
    double valid_rmse; /* after these, or of the finished model; NaN when it is not known */
    double score;      /* trial_score */
    char why[256];     /* it failed */
};

/* Looks into the folder. */
void trial_look(struct trial *trial);

/* What starts every trial. */
struct trial_launch {
    const char *program;     /* the path of `dotbias` */
    const char *file;        /* what it trains */
    const char *const *sets; /* of the command line */
    uint32_t set_count, axes;
};

/* Starts `dotbias train`, or goes on with it, up to an epoch; as process_spawn. */
bool trial_start(const struct trial *trial, const struct trial_launch *launch, uint32_t until,
                 struct process *process, struct status *status);

/* It has ended: finished, paused, stopped on request (true), or failed, which is written down (true as well); false when even
 * that cannot be. */
bool trial_ended(struct trial *trial, const struct process *process, struct status *status);

/* Sets the score: the validation RMSE after `until` epochs, or after the last one of a finished run, NaN when it is not known. False
 * when the trial has not come that far. What a trial has done since does not matter, so that a search that is taken up
 * decides as it did. */
bool trial_score(struct trial *trial, uint32_t until);

/* For qsort of pointers to trials: by score; by what they have come to, failures last. Unknown numbers come after known ones;
 * of equals the lower number is first. */
int trial_compare_scores(const void *one, const void *other);
int trial_compare_results(const void *one, const void *other);

#endif
