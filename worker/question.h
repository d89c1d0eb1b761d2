/* A question put to every shard, or to one: who has answered, and when to ask the others again.
 *
 * Messages can be lost with a link, so a question is repeated to the silent shards alone, after a wait that doubles each
 * time; every question of a worker may safely be asked twice. */
#ifndef WORKER_QUESTION_H
#define WORKER_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "core/tally.h"

/* All questions of a worker, counted by the shards they were put to. */
struct question_book {
    uint64_t open, most;    /* not answered; the most of them since the last heartbeat */
    struct tally answer_us; /* from the first asking to the answer */
};

struct question {
    struct question_book *book;
    uint32_t shards, missing; /* of all; those that were asked and have not answered */
    uint8_t *answered;        /* [shards], or never asked */
    uint64_t asked_us;        /* the first time */
    uint64_t again_us, wait_us;
};

/* The book outlives the question; NULL for one that will never be asked. */
bool question_init(struct question *question, uint32_t shards, struct question_book *book,
                   struct status *status);
void question_free(struct question *question);

/* It is being asked for the first time, of every shard or of one: nobody has answered, and it is due again in
 * first_wait_us. */
void question_ask(struct question *question, uint64_t now_us, uint64_t first_wait_us);
void question_ask_one(struct question *question, uint32_t shard, uint64_t now_us, uint64_t first_wait_us);

/* A shard has answered; true for the last one. It must have been waited for. */
bool question_answer(struct question *question, uint32_t shard, uint64_t now_us);

/* Nobody waits for an answer any more. */
void question_drop(struct question *question);

/* It has been asked again: the next wait is twice as long. */
void question_repeat(struct question *question, uint64_t now_us);

/* The first shard that has not answered; there must be one. */
uint32_t question_silent(const struct question *question);

static inline bool question_waits_for(const struct question *question, uint32_t shard) {
    return shard < question->shards && question->missing != 0 && !question->answered[shard];
}

static inline bool question_due(const struct question *question, uint64_t now_us) {
    return question->missing != 0 && now_us >= question->again_us;
}

#endif
