#include "worker/retries.h"

#include "worker/blocked.h"
#include "worker/opening.h"
#include "worker/training.h"

/* Ends the worker when a question has been open for too long; true when it did. */
static bool gives_up(struct worker *worker, const struct question *question, const char *what,
                     uint64_t number, uint64_t now_us, struct outbox *out) {
    uint64_t patience_us = worker->spec.request_timeout_us + worker->spec.member.silence_us;
    if (question->missing == 0 || now_us - question->asked_us <= patience_us)
        return false;
    member_fail(&worker->member, out, STATUS_UNAVAILABLE,
                "worker %u: pserver %u has not answered for %.1f s (%s %llu)", worker->spec.member.index,
                question_silent(question), (double)(now_us - question->asked_us) / 1e6, what,
                (unsigned long long)number);
    return true;
}

static void tick_slice(struct worker *worker, struct plan *plan, uint64_t now_us, struct outbox *out) {
    if (plan->state != PLAN_ASKED ||
        gives_up(worker, &plan->question, "rows of validation slice", (uint32_t)plan->step, now_us, out) ||
        !question_due(&plan->question, now_us))
        return;
    worker->counters.repeats += plan->question.missing;
    validation_read(plan, &worker->counters, out);
    question_repeat(&plan->question, now_us);
}

static void tick_opening(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    if (!gives_up(worker, &lane->opening, "opening of lane", lane->number, now_us, out) &&
        question_due(&lane->opening, now_us))
        opening_ask_again(worker, lane, now_us, out);
}

/* The step after the last one that is due; older ones go along with it, since a shard that has missed them takes no
 * later push. */
static uint64_t due_end(const struct lane *lane, const struct worker_spec *spec, uint64_t now_us) {
    uint64_t step = lane->next_pull;
    for (; step > lane->next_step; step--) {
        const struct plan *plan = lane_plan_in(lane, spec, step - 1, PLAN_ASKED);
        if (plan != NULL && question_due(&plan->question, now_us))
            break;
    }
    return step;
}

static void tick_lane(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    uint64_t end = due_end(lane, &worker->spec, now_us);
    for (uint64_t step = lane->next_step; step < lane->next_pull; step++) {
        struct plan *plan = lane_plan_in(lane, &worker->spec, step, PLAN_ASKED);
        if (plan == NULL)
            continue;
        if (gives_up(worker, &plan->question, "rows of step", step, now_us, out))
            return;
        if (step < end)
            training_ask_again(worker, lane, plan, now_us, out);
    }
}

static void tick_run(struct worker *worker, const struct lane *lane, struct run *run, uint64_t now_us,
                     struct outbox *out) {
    if ((run->state == RUN_ASKED || run->state == RUN_PUSHED) && !worker->member.ended &&
        !gives_up(worker, &run->question, run_errand(run), run->number, now_us, out) &&
        question_due(&run->question, now_us))
        blocked_ask_again(worker, lane, run, now_us, out);
}

static void tick_part(struct worker *worker, const struct lane *lane, uint64_t now_us, struct outbox *out) {
    for (int i = 0; i < ROUNDS_KEPT; i++)
        tick_run(worker, lane, &lane->part->rounds[i].stratum, now_us, out);
    tick_run(worker, lane, &lane->part->users, now_us, out);
}

void retries_tick(struct worker *worker, uint64_t now_us, struct outbox *out) {
    for (int i = 0; i < VALID_SLICES_AHEAD && !worker->member.ended; i++)
        tick_slice(worker, &worker->validation.places[i].plan, now_us, out);
    for (uint32_t number = 0; number < worker->spec.lanes && !worker->member.ended; number++) {
        struct lane *lane = &worker->lanes[number];
        if (lane->state == LANE_OPENING)
            tick_opening(worker, lane, now_us, out);
        else if (lane->state == LANE_OPEN && worker->spec.blocked)
            tick_part(worker, lane, now_us, out);
        else if (lane->state == LANE_OPEN)
            tick_lane(worker, lane, now_us, out);
    }
}
