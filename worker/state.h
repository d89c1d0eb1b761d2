/* What a worker knows, shared by the files of this room and by nobody else. */
#ifndef WORKER_STATE_H
#define WORKER_STATE_H

#include "worker/lane.h"
#include "worker/validation.h"
#include "worker/worker.h"

/* What a grant says beside its lanes in mode blocked, and what the parts share. */
struct blocked {
    struct step_rate *rates; /* [RATES_MAX] of the steps from first_step on */
    uint64_t first_step;
    bool home;     /* the parts go home at its end */
    uint32_t jobs; /* under way, for ratings */
};

/* Where the time goes (worker/timing.h). */
struct worker_time {
    uint64_t compute_ns, wait_us, gate_us, data_us;
    uint64_t last_us, busy_us; /* of the last event */
    bool fetched;              /* it brought ratings */
    uint64_t computed_ns;      /* in its step */
};

struct worker {
    struct worker_spec spec;
    struct member member;
    struct lane *lanes;    /* [spec.lanes], those of the last grant are not closed */
    uint64_t grant_serial; /* of the last grant */
    struct blocked blocked;
    struct validation validation;
    struct row_finder finder;
    float *gradients; /* [2 * lane_capacity][stride], scratch of one step */
    bool connected;   /* to the pservers that a TOPOLOGY named */
    uint32_t pservers_joined;
    uint8_t *joined; /* [pservers] */
    struct heartbeat_message counters;
    union beat_tallies tallies;
    struct question_book questions;
    struct worker_time time;
};

#endif
