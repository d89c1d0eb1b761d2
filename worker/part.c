#include "worker/part.h"

#include "core/memory.h"

struct part *part_new(const struct worker_spec *spec, struct question_book *book, struct status *status) {
    struct part *part = memory_take(sizeof *part, "a part", status);
    bool good = part != NULL && run_init(&part->users, spec, TABLE_USERS, book, status);
    for (int i = 0; good && i < ROUNDS_KEPT; i++) {
        part->rounds[i].job_number = UINT64_MAX;
        good = run_init(&part->rounds[i].stratum, spec, TABLE_MOVIES, book, status);
    }
    if (good)
        return part;
    part_free(part);
    return NULL;
}

void part_free(struct part *part) {
    if (part == NULL)
        return;
    run_free(&part->users);
    for (int i = 0; i < ROUNDS_KEPT; i++)
        run_free(&part->rounds[i].stratum);
    memory_release(part);
}

size_t part_bytes(const struct worker_spec *spec) {
    return sizeof(struct part) + run_bytes(spec, TABLE_USERS) + ROUNDS_KEPT * run_bytes(spec, TABLE_MOVIES);
}

void part_drop(struct part *part) {
    run_move(&part->users, RUN_ABSENT);
    for (int i = 0; i < ROUNDS_KEPT; i++)
        run_move(&part->rounds[i].stratum, RUN_ABSENT);
}

struct round *part_place(struct part *part, uint64_t number) {
    return &part->rounds[number % ROUNDS_KEPT];
}

struct round *part_round_in(struct part *part, uint64_t number, enum run_state state) {
    struct round *round = part_place(part, number);
    return round->stratum.state == state && round->number == number ? round : NULL;
}

static bool is_in(const struct run *run, uint32_t number, uint64_t version, enum run_state state) {
    return run->state == state && run->number == number && run->version == version;
}

struct run *part_find(struct part *part, enum table_id table, uint32_t number, uint64_t version,
                      enum run_state state) {
    if (table == TABLE_USERS)
        return is_in(&part->users, number, version, state) ? &part->users : NULL;
    for (int i = 0; i < ROUNDS_KEPT; i++)
        if (is_in(&part->rounds[i].stratum, number, version, state))
            return &part->rounds[i].stratum;
    return NULL;
}

bool part_is_calm(const struct part *part) {
    for (int i = 0; i < ROUNDS_KEPT; i++)
        if (part->rounds[i].stratum.state != RUN_ABSENT)
            return false;
    return true;
}

bool part_wants_ratings(const struct round *round) {
    return (round->stratum.state == RUN_ASKED || round->stratum.state == RUN_HERE) && !round->loading &&
           round->job_number != round->number;
}
