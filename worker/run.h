/* A run of rows in the hands of a worker: a part of the users or a stratum of the movies, in the layout of the kernel
 * (model/block.h), and how far it is on its way from the shards and back to them.
 *
 * Users are dealt out to the shards like cards, so shard s has of a part the rows r with r % shards == s, and each shard is
 * asked and told, also one that has no row of the part, since each counts the pushes. A stratum lives whole on one shard,
 * and is a matter between that one and us (model/partition.h). Rows travel in rising order, their sums of squared
 * gradients behind them when the optimiser is row-wise adagrad.
 *
 * In sixteen bits a stratum comes rounded, and what goes back are the changes of its rows: a step that is smaller than the
 * last place of a rounded row is not lost, since the shards keep float32. A part always travels as float32
 * (pserver/serve_runs.c says why). */
#ifndef WORKER_RUN_H
#define WORKER_RUN_H

#include "model/block.h"
#include "proto/event.h"
#include "worker/question.h"
#include "worker/worker.h"

enum run_state {
    RUN_ABSENT, /* nothing of it is here */
    RUN_ASKED,  /* its rows are on their way */
    RUN_HERE,   /* its rows may be moved */
    RUN_PUSHED, /* sent back; its rows stand still until every shard has accepted them, to be sent again if need be */
    RUN_STATES
};

struct run {
    enum run_state state;
    enum table_id table;
    uint32_t number;
    uint32_t first_row; /* row number of rows.scalars[0] */
    uint64_t version; /* pushes that its rows, when they came, had seen; RUN_NEWEST until a shard has told */
    struct block_rows rows; /* count: of this run */
    float *pulled; /* [largest][row_stride] the rows as they came; NULL where they travel as float32 */
    struct question question; /* asked: for its rows; pushed: for receipts */
    uint64_t step;            /* pushed: the lane's steps up to which these rows have been moved, minus one */
    double momentum, squared; /* pushed, as in RUN_PUSH */
    uint64_t count;
};

/* Takes memory for the largest run of a table. book: see question_init. On failure what was taken stays with the run until run_free. */
bool run_init(struct run *run, const struct worker_spec *spec, enum table_id table,
              struct question_book *book, struct status *status);
void run_free(struct run *run);

/* Bytes that run_init takes. */
size_t run_bytes(const struct worker_spec *spec, enum table_id table);

/* An absent run gets a name. */
void run_name(struct run *run, const struct worker_spec *spec, uint32_t number, uint64_t version);

/* From one state to another; it must be a move that the table in run.c allows. */
void run_move(struct run *run, enum run_state state);

/* Puts the question that its state asks, for the first time, to those who have rows of it. */
void run_ask(struct run *run, const struct worker_spec *spec, uint64_t now_us);

/* What it waits for, in words: "rows of stratum", ... */
const char *run_errand(const struct run *run);

/* Rows of the run that a shard has, and the bytes of a body with so many rows. */
uint32_t run_shard_rows(const struct run *run, const struct worker_spec *spec, uint32_t shard);
size_t run_body_bytes(const struct run *run, const struct worker_spec *spec, uint32_t rows);

/* Takes the body of a shard's RUN_ROWS; false with a sentence when its size is not what was asked for. */
bool run_fill(struct run *run, const struct worker_spec *spec, uint32_t shard, const struct message *message,
              struct status *status);

/* Writes the body for a shard: run_body_bytes of its rows. */
void run_write(const struct run *run, const struct worker_spec *spec, uint32_t shard, void *body);

#endif
