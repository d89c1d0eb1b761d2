/* The trials of `dotbias tune`, and the folder that they lie in. */
#ifndef CLI_TUNE_PLAN_H
#define CLI_TUNE_PLAN_H

#include "cli/launch.h"
#include "config/search_space.h"
#include "node/trial.h"

enum { TUNE_TRIALS_MAX = 10000 };

struct tune_plan {
    const char *file; /* a configuration or ratings */
    struct launch_sets *sets;
    struct search_space space;
    uint64_t random, seed; /* random: number of trials, 0: a grid */
    uint32_t halving, min_epochs;
    char folder[PATH_MAX - 64]; /* absolute after tune_plan_open */
    struct trial *trials;
    uint32_t count;
};

/* Makes the trials and loads the configuration of each: mistakes are printed on stderr, those of the first trial that has any. Returns
 * the exit code, 0 when all is well. To be given back with tune_plan_free in every case. */
int tune_plan_make(struct tune_plan *plan);

/* Makes the folder, or finds it with a search that was the same: *goes_on. Looks where its trials stand. STATUS_CANT_CREATE when
 * it holds something else. */
bool tune_plan_open(struct tune_plan *plan, bool *goes_on, struct status *status);

void tune_plan_free(struct tune_plan *plan);

#endif
