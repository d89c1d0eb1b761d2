/* A pserver engine on a bench: driven event by event, by a coordinator and workers that are only messages, with an outbox
 * that records. One shard, few rows, adam with dense decay. Rates are told as soon as they are asked for. Lane l is worked
 * on over link LINK_INCOMING + l under lease 1, unless a test says otherwise. Failures stop the test. */
#ifndef TESTS_UNIT_PSERVER_BENCH_H
#define TESTS_UNIT_PSERVER_BENCH_H

#include "pserver/pserver.h"

enum { USERS = 9, MOVIES = 6, FACTORS = 3, STRIDE = 8, LANES = 2, LANE_ROWS = 6, PULLED = 3 };
enum { BODY_BYTES = 4096, SENT_MAX = 4096, RATES_KNOWN = 64, BEAT_US = 1000000 };

/* Room for a lane's rows, and for the tallies of a heartbeat. */
enum {
    ROWS_BYTES = LANE_ROWS * STRIDE * sizeof(float),
    SENT_BYTES = ROWS_BYTES > sizeof(union beat_tallies) ? ROWS_BYTES : sizeof(union beat_tallies)
};

struct sent {
    struct message message;
    link_id link;
    _Alignas(64) unsigned char body[SENT_BYTES];
};

struct bench {
    struct pserver_spec spec;
    struct pserver *pserver;
    struct engine engine;
    struct outbox out;
    _Alignas(64) unsigned char body[BODY_BYTES];
    size_t body_bytes;
    struct sent sent[SENT_MAX];
    size_t sent_count;
    struct job *job;
    int refused, ended;
    enum status_code ended_with;
    bool rates_wanted, rates_withheld;
    uint64_t first_rate;
    uint64_t clock_ns, tick_ns; /* the clock that is looked at, and by how much it moves each time */
};

struct request_plan {
    link_id link;
    uint32_t lane, lease;
    bool pushes;
    uint64_t step; /* that is pushed, or else pulled */
};

/* A pserver that has not been welcomed, also one of any kind; one that stands at step 0 with all lanes open; its end. */
void bench_make(struct bench *bench, enum gate_kind kind, uint32_t staleness);
void bench_make_of(struct bench *bench, const struct pserver_spec *spec);
void bench_open(struct bench *bench, enum gate_kind kind, uint32_t staleness);
void bench_close(struct bench *bench);

/* Events. */
void bench_hand(struct bench *bench, link_id link, struct message *message, const void *body, size_t bytes);
void bench_finish_job(struct bench *bench, enum status_code code);
void bench_beat(struct bench *bench);

/* The coordinator's messages. */
void bench_welcome(struct bench *bench, uint64_t checkpoint, uint64_t lane_step, uint64_t clock_step);
void bench_tell_rates(struct bench *bench);
void bench_settle(struct bench *bench, uint64_t step);
void bench_cut(struct bench *bench, uint64_t number, uint64_t lane_step, uint64_t clock_step);

/* The workers' messages. Every lane-step has PULLED different rows, two users and a movie, which bench_name_rows tells.
 * Gradients are those rows plus noise when `read` is given, else noise. */
void bench_open_lane(struct bench *bench, link_id link, uint32_t lane, uint32_t lease);
void bench_name_rows(uint32_t *rows, uint32_t lane, uint64_t step);
void bench_send_step(struct bench *bench, const struct request_plan *plan, const float *read);
void bench_push(struct bench *bench, uint32_t lane, uint64_t step);
void bench_pull(struct bench *bench, uint32_t lane, uint64_t step);

/* The first pulls of all lanes that begin at a step; steps first .. end - 1 of all lanes, on the rows they have read. */
void bench_pull_ahead(struct bench *bench, uint64_t first);
void bench_train(struct bench *bench, uint64_t first, uint64_t end);

/* What was sent: the newest message of a kind (or NULL) and their number; the newest rows for a lane's step (or NULL); the
 * counters of a heartbeat. */
const struct sent *bench_last(const struct bench *bench, enum message_kind kind);
int bench_count(const struct bench *bench, enum message_kind kind);
const struct sent *bench_rows(const struct bench *bench, uint32_t lane, uint64_t step);
struct heartbeat_message bench_counters(struct bench *bench);

#endif
