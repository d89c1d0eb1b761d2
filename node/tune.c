#include "node/tune.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/signals.h"

enum { GRACE_MS = 20000 };

struct tune {
    const struct tune_spec *spec;
    struct trial *trials;
    uint32_t count;
    struct process *processes; /* [jobs] */
    struct trial **busy;       /* [jobs] whose process that is; NULL: none runs */
    int wake[2];               /* a pipe that a signal writes to */
    bool interrupted;
};

static void on_signal(void *context, int number) {
    const struct tune *tune = context;
    ssize_t written = write(tune->wake[1], &number, sizeof number);
    (void)written; /* it is empty before the first signal, and the second ends the program */
}

static bool is_wanted(const struct trial *trial, uint32_t until) {
    return trial->state == TRIAL_OPEN && !trial->dropped && trial->epochs < until;
}

static bool is_busy(const struct tune *tune, const struct trial *trial) {
    for (uint32_t job = 0; job < tune->spec->jobs; job++)
        if (tune->busy[job] == trial)
            return true;
    return false;
}

static struct trial *next_trial(const struct tune *tune, uint32_t until) {
    for (uint32_t i = 0; i < tune->count; i++)
        if (is_wanted(&tune->trials[i], until) && !is_busy(tune, &tune->trials[i]))
            return &tune->trials[i];
    return NULL;
}

static bool start_trials(struct tune *tune, uint32_t until, struct status *status) {
    for (uint32_t job = 0; job < tune->spec->jobs; job++) {
        struct trial *trial = tune->busy[job] == NULL ? next_trial(tune, until) : NULL;
        if (trial == NULL)
            continue;
        tune->processes[job] = (struct process){.pid = 0};
        if (!trial_start(trial, &tune->spec->launch, until, &tune->processes[job], status))
            return false;
        tune->busy[job] = trial;
    }
    return true;
}

/* A process has ended. One that was stopped, and not by us, is a wish to stop. */
static bool take_end(struct tune *tune, const struct process *process, uint32_t until,
                     struct status *status) {
    uint32_t job = (uint32_t)(process - tune->processes);
    struct trial *trial = tune->busy[job];
    tune->busy[job] = NULL;
    if (!trial_ended(trial, process, status))
        return false;
    tune->interrupted |= is_wanted(trial, until);
    if (tune->spec->told != NULL && !is_wanted(trial, until))
        tune->spec->told(tune->spec->context, trial);
    return true;
}

/* Those under way save a checkpoint and end. */
static bool stop(struct tune *tune, struct status *status) {
    process_kill_all(tune->processes, tune->spec->jobs, GRACE_MS);
    return status_fail(status, STATUS_TRY_AGAIN, "stopped; the same command goes on with the search");
}

/* Trains all that are left up to an epoch. */
static bool run_round(struct tune *tune, uint32_t until, struct status *status) {
    for (;;) {
        if (!start_trials(tune, until, status)) {
            process_kill_all(tune->processes, tune->spec->jobs, GRACE_MS);
            return false;
        }
        if (next_trial(tune, until) == NULL) {
            bool rests = true;
            for (uint32_t job = 0; job < tune->spec->jobs; job++)
                rests &= tune->busy[job] == NULL;
            if (rests)
                return true;
        }
        struct process *ended = process_wait_any(tune->processes, tune->spec->jobs, -1, tune->wake[0]);
        if (ended == NULL)
            return stop(tune, status);
        if (!take_end(tune, ended, until, status) || tune->interrupted) {
            bool failed = !tune->interrupted;
            process_kill_all(tune->processes, tune->spec->jobs, GRACE_MS);
            return !failed && stop(tune, status);
        }
    }
}

/* Drops all but the best of those that have made so many epochs, whatever became of them since. */
static bool drop(struct tune *tune, uint32_t until, uint32_t *kept, struct status *status) {
    uint32_t alive = 0;
    struct trial **order = memory_take_array(tune->count, sizeof(struct trial *), "trials", status);
    if (order == NULL)
        return false;
    for (uint32_t i = 0; i < tune->count; i++)
        if (!tune->trials[i].dropped && trial_score(&tune->trials[i], until))
            order[alive++] = &tune->trials[i];
    qsort(order, alive, sizeof(struct trial *), trial_compare_scores);
    *kept = (alive + tune->spec->halving - 1) / tune->spec->halving;
    for (uint32_t i = *kept; i < alive; i++)
        order[i]->dropped = true;
    memory_release(order);
    return true;
}

static bool any_left(const struct tune *tune) {
    return next_trial(tune, UINT32_MAX) != NULL;
}

/* The last one needs no more rounds. */
static bool run_rounds(struct tune *tune, struct status *status) {
    uint64_t until = tune->spec->min_epochs;
    uint32_t kept = tune->spec->halving == 0 ? 1 : tune->count;
    while (any_left(tune)) {
        uint32_t end = kept <= 1 || until > UINT32_MAX ? UINT32_MAX : (uint32_t)until;
        if (!run_round(tune, end, status) || (kept > 1 && any_left(tune) && !drop(tune, end, &kept, status)))
            return false;
        until *= tune->spec->halving;
    }
    return true;
}

static bool run_heard(struct tune *tune, struct status *status) {
    if (pipe2(tune->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot open a pipe");
    struct signals *signals = signals_start(on_signal, tune, status);
    bool good = signals != NULL && run_rounds(tune, status);
    signals_stop(signals);
    close(tune->wake[0]);
    close(tune->wake[1]);
    return good;
}

bool tune_run(const struct tune_spec *spec, struct trial *trials, uint32_t count, struct status *status) {
    struct tune tune = {.spec = spec, .trials = trials, .count = count};
    tune.processes = memory_take_array(spec->jobs, sizeof *tune.processes, "trials", status);
    tune.busy = memory_take_array(spec->jobs, sizeof *tune.busy, "trials", status);
    bool good = tune.processes != NULL && tune.busy != NULL && run_heard(&tune, status);
    memory_release(tune.processes);
    memory_release(tune.busy);
    return good;
}
