/* What the coordinator knows, shared by the files of this room and by nobody else. */
#ifndef COORDINATOR_STATE_H
#define COORDINATOR_STATE_H

#include "coordinator/best.h"
#include "coordinator/coordinator.h"
#include "coordinator/cuts.h"
#include "coordinator/epoch.h"
#include "coordinator/finale.h"
#include "coordinator/lanes.h"
#include "model/lr_find.h"

enum state {
    JOINING,
    TRAINING,
    CUTTING,
    SETTLING,
    VALIDATING,
    KEEPING,
    MOMENTS,
    SCORES,
    SAVING,
    FINISHING,
    DONE,
    STATE_COUNT
};

/* The run at a moment; the report points at the arrays. */
struct snapshot {
    struct progress_report report;
    struct shard_progress *shards;   /* [pservers] */
    struct worker_progress *workers; /* [workers] */
};

struct coordinator {
    struct coordinator_spec spec;
    enum state state;
    struct roster roster;
    struct lane_books lanes;
    struct epoch_books books;
    struct cuts cuts;
    struct finale finale;
    struct plateau_state plateau;
    struct best best;
    struct lr_find curve; /* of a run that looks for a learning rate */
    double curve_squared; /* sums of the epoch at its last point */
    uint64_t curve_ratings;
    uint64_t *rates_wanted; /* [pservers] first step, or UINT64_MAX */
    uint32_t epoch, epochs;
    bool last;                 /* the epoch that has ended is the run's last one */
    uint64_t lane_step;        /* made by every lane, as of the last grant that ended */
    uint64_t first_step;       /* at which this process took the run up */
    double seconds_before;     /* of training, by processes before this one */
    uint64_t grant_steps;      /* of the next grant */
    struct step_rate *rates;   /* [RATES_MAX] blocked: of the grant's steps; else NULL */
    uint64_t grant_us;         /* when the last one began */
    bool stopping;             /* as soon as a checkpoint is saved */
    struct status stop_status; /* why */
    uint64_t born_us;          /* the first event came; start_us: training began */
    uint64_t start_us, epoch_us, trained_us, validated_us, train_us_total;
    uint64_t model_us; /* when the model was last shown, or training began */
    uint64_t next_progress_us, next_waiting_us, last_tick_us;
    uint64_t refused, repeats;
    uint32_t workers_lost;
    double last_valid_rmse, last_loss, cold_mae;
    struct heartbeat_message seen;    /* sums of the workers' counters at the last progress */
    struct snapshot progress, ending; /* as last shown; when all was over */
    struct epoch_report report;
    struct model_report model;
    struct final_report final;
    struct job progress_job, epoch_job, model_job, finish_job;
    bool progress_pending;
    bool job_pending;                    /* the course waits for a job of the coordinator's own */
    uint64_t moved_us;                   /* when the run last came a bit nearer to its end */
    uint64_t repeat_us, repeat_after_us; /* when to ask again, and the time after that */
};

/* Along the table of legal moves (coordinator.c). */
void coordinator_move(struct coordinator *coordinator, enum state to);

/* Whether the run is one that looks for a learning rate. */
static inline bool coordinator_finds_rate(const struct coordinator *coordinator) {
    return coordinator->spec.schedule.kind == SCHEDULE_LR_FIND;
}

/* The run has come a bit nearer to its end. */
void coordinator_moved(struct coordinator *coordinator, uint64_t now_us);

/* Tells everybody that the run is over, and how. */
void coordinator_stop(struct coordinator *coordinator, const struct status *status, struct outbox *out);

/* coordinator_stop with a code and a sentence. */
void coordinator_fail(struct coordinator *coordinator, struct outbox *out, enum status_code code,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One line for people. */
void coordinator_say(struct outbox *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
