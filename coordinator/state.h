/* What the coordinator knows, shared by the files of this room and by nobody else. */
#ifndef COORDINATOR_STATE_H
#define COORDINATOR_STATE_H

#include "coordinator/coordinator.h"
#include "coordinator/epoch.h"
#include "coordinator/finale.h"

enum state { JOINING, TRAINING, SETTLING, VALIDATING, MOMENTS, SCORES, SAVING, FINISHING, DONE, STATE_COUNT };

struct coordinator {
    struct coordinator_spec spec;
    enum state state;
    struct roster roster;
    struct epoch_books books;
    struct finale finale;
    struct plateau_state plateau;
    uint64_t *rates_wanted; /* [pservers] first step, or UINT64_MAX */
    uint32_t epoch, epochs;
    uint64_t start_us, epoch_us, trained_us, validated_us, train_us_total, next_progress_us, next_waiting_us;
    uint64_t refused;
    double last_valid_rmse, last_loss, cold_mae;
    struct heartbeat_message seen; /* sums of the workers' counters at the last progress */
    struct shard_progress *shards;
    struct worker_progress *workers;
    struct progress_report progress;
    struct epoch_report report;
    struct final_report final;
    struct job progress_job, epoch_job, finish_job;
    bool progress_pending;
    bool job_pending;  /* the course waits for a job of the coordinator's own */
    uint64_t moved_us; /* when the run last came a bit nearer to its end */
};

/* Along the table of legal moves (coordinator.c). */
void coordinator_move(struct coordinator *coordinator, enum state to);

/* Tells everybody that the run is over, and how. */
void coordinator_stop(struct coordinator *coordinator, const struct status *status, struct outbox *out);

/* coordinator_stop with a code and a sentence. */
void coordinator_fail(struct coordinator *coordinator, struct outbox *out, enum status_code code,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
