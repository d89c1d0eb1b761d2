/* The engine of the coordinator: who takes part, how far lanes may go, at which rate, how good the model is, and the
 * end.
 *
 * States, and the only moves between them (coordinator/coordinator.c has the table):
 *   JOINING -> TRAINING -> SETTLING -> VALIDATING -> TRAINING -> ... -> VALIDATING
 *           -> MOMENTS -> SCORES -> SAVING -> FINISHING -> DONE
 *   VALIDATING -> MOMENTS -> SCORES -> TRAINING also after other epochs, when somebody wants to see the model
 *   TRAINING, or what else comes before it -> CUTTING -> TRAINING: lanes stand still while the shards are copied for a checkpoint
 *   VALIDATING -> KEEPING -> TRAINING: the shards keep a copy of the best epoch's rows (coordinator/best.h)
 *   VALIDATING -> KEEPING -> VALIDATING -> MOMENTS: at the end the copy takes the place of the rows, and is measured again
 *   TRAINING -> FINISHING: a run that looks for a learning rate (coordinator/curve.h) has found out enough
 * TRAINING goes from grant to grant, each a fraction of a second of steps, at whose end every shard has accepted every
 * push. What has not been answered for a while is asked again; whoever is asked twice answers twice.
 *
 * In mode blocked a worker keeps the rows of its parts from grant to grant; they come home, to the pservers, at the end of an
 * epoch and before a checkpoint. Only then can lanes change hands.
 *
 * A worker that is lost, or leaves, costs its lanes: others take them over at once (blocked: when its parts are at home;
 * otherwise the run ends as with a lost pserver). The loss of a pserver, and a run in
 * which nothing moves any more, end in DONE with STATUS_UNAVAILABLE: whoever started the processes starts them again, from
 * the newest checkpoint. Every other failure leads to DONE too: the first one is told to all members in a STOP and is the
 * run's outcome. EVENT_STOP with STATUS_TRY_AGAIN lets the lanes come to rest and ends after a checkpoint. */
#ifndef COORDINATOR_COORDINATOR_H
#define COORDINATOR_COORDINATOR_H

#include "coordinator/best.h"
#include "coordinator/cuts.h"
#include "coordinator/roster.h"
#include "core/reports.h"
#include "model/schedule.h"
#include "proto/event.h"

struct coordinator_spec {
    struct roster_spec roster;
    struct schedule_spec schedule;
    struct best_spec best; /* pservers are filled in */
    uint32_t users, movies, factors;
    uint64_t train_count, valid_count, data_digest;
    uint64_t
        config_digest; /* of the meaning alone, for checkpoints; the roster's knows the cluster's shape too */
    uint32_t batch, lanes;
    bool independent; /* ssp, asp: every lane's push is a step of its own */
    bool blocked;     /* mode blocked: a lane is a part of the users, a step a round of the rotation */
    uint32_t strata;  /* blocked: rounds of an epoch */
    const uint32_t *part_first;    /* blocked: [lanes + 1] user rows; lives as long as the engine */
    const uint32_t *stratum_first; /* blocked: [strata + 1] movie rows; likewise */
    uint32_t components;
    bool show_model;            /* JOB_EPOCH_MODEL is put out, for the last epoch and for others */
    uint64_t model_interval_us; /* that end at least this long after the one shown before */
    const char *transport;      /* for the report */
    uint64_t start_timeout_us, progress_us;
    uint32_t workers_min;  /* ready at the start */
    uint32_t pause_epoch;  /* the run is saved and ends after this many epochs; 0: it does not */
    struct cuts_spec cuts; /* pservers and lanes are filled in */
    const struct run_position
        *resume; /* where to take the run up; NULL: at its beginning. Lives as long as the engine */
    uint64_t request_timeout_us; /* once training has begun, something must move within this time */
};

struct coordinator;

struct coordinator *coordinator_new(const struct coordinator_spec *spec, struct status *status);
void coordinator_free(struct coordinator *coordinator);
struct engine coordinator_engine(struct coordinator *coordinator);

/* Steps of one epoch that a lane makes, and that a shard's clock counts. */
uint64_t coordinator_lane_steps(const struct coordinator_spec *spec);
uint64_t coordinator_clock_steps(const struct coordinator_spec *spec);

#endif
