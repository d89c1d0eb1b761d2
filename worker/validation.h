/* Slices of validation in the hands of a worker: load, read the rows, sum the errors, tell the coordinator.
 * Rows stand still while an epoch is validated, and a slice's sums do not depend on who computes it, nor on how often. */
#ifndef WORKER_VALIDATION_H
#define WORKER_VALIDATION_H

#include "worker/plan.h"
#include "worker/worker.h"

enum { VALID_ANSWERS_KEPT = 2 * VALID_SLICES_AHEAD };

struct slice_place {
    struct plan plan; /* plan.step is the name of what it holds or loads: epoch << 32 | slice */
    struct validate_message
        wanted; /* another one while the job of a slice that has been given up is under way */
};

struct validation {
    struct slice_place places[VALID_SLICES_AHEAD];
    uint32_t epoch;                                    /* the newest that has been asked for */
    uint64_t asked_end;                                /* no name from here on was ever asked for */
    struct validated_message done[VALID_ANSWERS_KEPT]; /* the last answers, for when one is lost */
    uint64_t done_count;
    struct slot_rating *cold; /* [VALID_SLICE] scratch */
};

/* book: see question_init. */
bool validation_init(struct validation *validation, const struct worker_spec *spec,
                     struct question_book *book, struct status *status);
void validation_free(struct validation *validation);

/* VALIDATE: puts out the job. A slice in work or of an older epoch is ignored, one that has just been measured is told
 * again; a newer epoch takes the places of older ones. False with a sentence when all places are taken. */
bool validation_start(struct validation *validation, const struct validate_message *slice, struct outbox *out,
                      struct status *status);

/* The job of a slice is done: asks the shards for its rows. False when the job is none of these. */
bool validation_loaded(struct validation *validation, const struct worker_spec *spec,
                       struct row_finder *finder, const struct job *job, uint64_t now_us,
                       struct heartbeat_message *counters, struct outbox *out);

/* VALUES from a shard; with the last one the slice is measured and VALIDATED sent. One that came before is ignored. */
bool validation_values(struct validation *validation, const struct worker_spec *spec,
                       const struct event *event, struct heartbeat_message *counters, struct outbox *out,
                       struct status *status);

/* READs the rows of an asked plan from the shards that have not answered. */
void validation_read(const struct plan *plan, struct heartbeat_message *counters, struct outbox *out);

#endif
