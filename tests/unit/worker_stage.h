/* A stage for a worker's engine alone: hand-made events go in, and what it sends is kept to be looked at.
 *
 * Rows never move here: every shard answers with the same values at all times, so that what a lane computes can be
 * computed again without the engine. */
#ifndef TESTS_WORKER_STAGE_H
#define TESTS_WORKER_STAGE_H

#include "model/dot_bias.h"
#include "worker/worker.h"

enum {
    STAGE_PSERVERS = 2,
    STAGE_LANE_RATINGS = 6,
    STAGE_LANES = 2,
    STAGE_EPOCH = 4,  /* steps */
    STAGE_TOTAL = 8,  /* steps */
    STAGE_STRIDE = 8, /* of 3 factors */
    STAGE_BEAT_US = 10000,
    STAGE_TIMEOUT_US = 16 * 10000, /* so that a request is due after one beat */
    STAGE_SILENCE_US = 1000000,
    STAGE_SENT_MAX = 1024,
    STAGE_BODY_MAX = 4096,
    STAGE_JOBS_MAX = 64
};

struct sent {
    link_id link;
    struct message message; /* body points at the bytes below */
    bool taken;
    _Alignas(64) unsigned char body[STAGE_BODY_MAX];
};

struct stage {
    struct worker *worker;
    struct engine engine;
    uint64_t now_us, busy_us;
    uint64_t clock_ns, tick_ns; /* the clock that is looked at, and by how much it moves each time */
    struct sent sent[STAGE_SENT_MAX];
    uint32_t sent_count, connects;
    size_t body_bytes;                /* reserved for the next message */
    struct job *jobs[STAGE_JOBS_MAX]; /* put out and not done */
    uint32_t job_count;
    uint32_t refused;                    /* lines in the log */
    uint64_t wake_us;                    /* that the worker has asked for */
    void (*load_block)(struct job *job); /* carries out a JOB_LOAD_BLOCK; NULL: there are none */
    bool twice;                          /* every message arrives twice */
    bool ended;
    struct status outcome;
};

/* A worker that has not started. NULL when it has no memory. */
struct stage *stage_make(uint32_t lead);
struct stage *stage_make_of(const struct worker_spec *spec);
/* A worker that is ready; what it has sent is forgotten. */
struct stage *stage_open(uint32_t lead);
struct stage *stage_open_of(const struct worker_spec *spec);
void stage_close(struct stage *stage);

void stage_start(struct stage *stage);
void stage_hear(struct stage *stage, link_id link, struct message message, const void *body,
                size_t body_bytes);
void stage_topology(struct stage *stage);
void stage_welcome(struct stage *stage, link_id link);
void stage_grant(struct stage *stage, uint64_t serial, uint64_t first_step, uint64_t end_step,
                 const struct grant_lane *lanes, uint32_t count);
void stage_lane_at(struct stage *stage, uint32_t shard, uint32_t lane, uint32_t lease, uint64_t pushed,
                   double squared, uint64_t count);
/* One heartbeat later. */
void stage_tick(struct stage *stage);
/* The timer, when the worker has asked for it by now; false when not. */
bool stage_wakes(struct stage *stage);
/* Carries out the n-th waiting job. */
void stage_job(struct stage *stage, uint32_t n);
void stage_jobs(struct stage *stage);

/* The first message of a kind that has not been taken yet, or NULL. */
struct sent *stage_take(struct stage *stage, enum message_kind kind);
/* How many of a kind have been sent and not taken. */
uint32_t stage_count(const struct stage *stage, enum message_kind kind);
void stage_forget(struct stage *stage);

/* Answers a STEP with ROWS, a READ with VALUES. */
void stage_answer(struct stage *stage, const struct sent *asked);
/* Carries out jobs and answers steps and reads until nothing is left. */
void stage_run(struct stage *stage);

/* The errors of one step of a lane, computed without the engine. */
struct loss_sum stage_loss(uint64_t step, uint32_t lane);

#endif
