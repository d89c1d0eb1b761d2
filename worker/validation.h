/* Slices of validation in the hands of a worker: load, read the rows, sum the errors, tell the coordinator.
 * Rows stand still while an epoch is validated, and a slice's sums do not depend on who computes it. */
#ifndef WORKER_VALIDATION_H
#define WORKER_VALIDATION_H

#include "worker/plan.h"
#include "worker/worker.h"

struct validation {
    struct plan plans[VALID_SLICES_AHEAD];
    struct slot_rating *cold; /* [VALID_SLICE] scratch */
};

bool validation_init(struct validation *validation, const struct worker_spec *spec, struct status *status);
void validation_free(struct validation *validation);

/* VALIDATE: puts out the job; false with a sentence when all places are taken. */
bool validation_start(struct validation *validation, const struct validate_message *slice, struct outbox *out,
                      struct status *status);

/* The job of a slice is done: asks the shards for its rows. False when the job is none of these. */
bool validation_loaded(struct validation *validation, const struct worker_spec *spec,
                       struct row_finder *finder, const struct job *job, uint64_t now_us, struct outbox *out);

/* VALUES from a shard; with the last one the slice is measured and VALIDATED sent. */
bool validation_values(struct validation *validation, const struct worker_spec *spec, uint32_t shard,
                       const struct message *message, struct outbox *out, struct status *status);

#endif
