#include "worker/question.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"

bool question_init(struct question *question, uint32_t shards, struct question_book *book,
                   struct status *status) {
    *question = (struct question){.book = book, .shards = shards};
    question->answered = memory_take(shards, "shards that have answered", status);
    return question->answered != NULL;
}

void question_free(struct question *question) {
    memory_release(question->answered);
    *question = (struct question){0};
}

/* Those that are asked have not been marked as having answered. */
static void ask(struct question *question, uint32_t asked, uint64_t now_us, uint64_t first_wait_us) {
    struct question_book *book = question->book;
    question->missing = asked;
    book->open += asked;
    book->most = book->open > book->most ? book->open : book->most;
    question->asked_us = now_us;
    question->wait_us = first_wait_us;
    question->again_us = now_us + first_wait_us;
}

void question_ask(struct question *question, uint64_t now_us, uint64_t first_wait_us) {
    question_drop(question);
    memset(question->answered, 0, question->shards);
    ask(question, question->shards, now_us, first_wait_us);
}

void question_ask_one(struct question *question, uint32_t shard, uint64_t now_us, uint64_t first_wait_us) {
    question_drop(question);
    memset(question->answered, 1, question->shards);
    question->answered[shard] = 0;
    ask(question, 1, now_us, first_wait_us);
}

bool question_answer(struct question *question, uint32_t shard, uint64_t now_us) {
    REQUIRE(question_waits_for(question, shard), "an answer is taken once");
    question->answered[shard] = 1;
    question->book->open--;
    tally_add(&question->book->answer_us, now_us - question->asked_us);
    return --question->missing == 0;
}

void question_drop(struct question *question) {
    if (question->missing == 0)
        return;
    question->book->open -= question->missing;
    question->missing = 0;
}

void question_repeat(struct question *question, uint64_t now_us) {
    question->wait_us *= 2;
    question->again_us = now_us + question->wait_us;
}

uint32_t question_silent(const struct question *question) {
    uint32_t shard = 0;
    while (shard + 1 < question->shards && question->answered[shard])
        shard++;
    return shard;
}
