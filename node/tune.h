/* A search: trials are trained side by side, each by `dotbias train` as a process of its own; with halving all of them for a
 * few epochs, then the best of them for more, until the best few have been trained to their end.
 *
 * A trial that goes on is the run that was paused (run.pause_after), so a trial's model is that of a run that was never
 * interrupted, and schedules that know their length are planned for the whole of it. Which trials are dropped depends on
 * their losses alone, hence not on `jobs`, nor on interruptions. */
#ifndef NODE_TUNE_H
#define NODE_TUNE_H

#include "node/trial.h"

struct tune_spec {
    struct trial_launch launch;
    uint32_t jobs;    /* trials at a time */
    uint32_t halving; /* one in so many goes on; 0: all are trained to their end */
    uint32_t
        min_epochs; /* halving: of the first round; each round has `halving` times as many as the one before */
    void (*told)(void *context,
                 const struct trial *trial); /* a trial has come to rest; NULL: nobody is told */
    void *context;
};

/* Trains until every trial is finished, dropped or failed. STATUS_TRY_AGAIN after SIGTERM or SIGINT: the trials under way have
 * saved a checkpoint. Trials stay in their order. From the program's main thread (net/process.h). */
bool tune_run(const struct tune_spec *spec, struct trial *trials, uint32_t count, struct status *status);

#endif
