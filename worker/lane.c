#include "worker/lane.h"

#include "core/memory.h"

uint32_t lane_ring(const struct worker_spec *spec) {
    return 2 * spec->lead + 4;
}

uint32_t lane_capacity(const struct worker_spec *spec) {
    return spec->blocked ? 0 : (spec->batch + spec->lanes - 1) / spec->lanes;
}

static bool take_plans(struct lane *lane, const struct worker_spec *spec, struct question_book *book,
                       struct status *status) {
    lane->plans = memory_take_array(lane_ring(spec), sizeof *lane->plans, "plans of a lane", status);
    if (lane->plans == NULL)
        return false;
    for (uint32_t i = 0; i < lane_ring(spec); i++)
        if (!plan_init(&lane->plans[i], lane_capacity(spec), spec->pservers, row_stride(spec->model.factors),
                       false, book, status))
            return false;
    return true;
}

static bool take_part(struct lane *lane, const struct worker_spec *spec, struct question_book *book,
                      struct status *status) {
    lane->part = part_new(spec, book, status);
    return lane->part != NULL;
}

bool lane_take(struct lane *lane, const struct worker_spec *spec, uint32_t number, struct question_book *book,
               struct status *status) {
    if (lane->plans != NULL || lane->part != NULL)
        return true;
    lane->number = number;
    return (spec->blocked ? take_part(lane, spec, book, status) : take_plans(lane, spec, book, status)) &&
           question_init(&lane->opening, spec->pservers, book, status);
}

void lane_free(struct lane *lane, const struct worker_spec *spec) {
    for (uint32_t i = 0; lane->plans != NULL && i < lane_ring(spec); i++)
        plan_free(&lane->plans[i]);
    memory_release(lane->plans);
    part_free(lane->part);
    question_free(&lane->opening);
    *lane = (struct lane){0};
}

void lane_close(struct lane *lane, const struct worker_spec *spec) {
    if (lane->state == LANE_CLOSED)
        return;
    lane->state = LANE_CLOSED;
    question_drop(&lane->opening);
    if (lane->part != NULL)
        part_drop(lane->part);
    for (uint32_t i = 0; lane->plans != NULL && i < lane_ring(spec); i++)
        plan_drop(&lane->plans[i]);
}

void lane_begin(struct lane *lane, uint64_t step, struct lane_sums sums) {
    lane->state = LANE_OPEN;
    lane->opened_at = lane->next_step = lane->next_pull = lane->next_load = step;
    lane->sums = sums;
}

struct plan *lane_plan(const struct lane *lane, const struct worker_spec *spec, uint64_t step) {
    return &lane->plans[step % lane_ring(spec)];
}

struct plan *lane_plan_in(const struct lane *lane, const struct worker_spec *spec, uint64_t step,
                          enum plan_state state) {
    struct plan *plan = lane_plan(lane, spec, step);
    return plan->state == state && plan->step == step ? plan : NULL;
}

struct plan *lane_push_of(const struct lane *lane, const struct worker_spec *spec, uint64_t pull_step) {
    if (pull_step < lane->opened_at + 1 + spec->lead)
        return NULL;
    return lane_plan_in(lane, spec, pull_step - 1 - spec->lead, PLAN_PUSHED);
}

static void put_job(const struct lane *lane, const struct worker_spec *spec, struct plan *plan,
                    struct outbox *out) {
    plan->state = PLAN_LOADING;
    plan->job.kind = JOB_LOAD_LANE;
    plan->job.lane.epoch = plan->step / spec->steps_per_epoch;
    plan->job.lane.step_in_epoch = plan->step % spec->steps_per_epoch;
    plan->job.lane.lane = lane->number;
    plan->job.lane.ratings = plan->ratings;
    outbox_job(out, &plan->job);
}

bool lane_load(struct lane *lane, const struct worker_spec *spec, struct outbox *out) {
    bool is_there = false;
    while (lane->next_load <= spec->total_steps + spec->lead &&
           lane->next_load <= lane->next_step + 2 + spec->lead) {
        struct plan *plan = lane_plan(lane, spec, lane->next_load);
        if (plan->state != PLAN_FREE)
            break;
        plan->step = lane->next_load++;
        if (plan->step < spec->total_steps) {
            put_job(lane, spec, plan, out);
        } else {
            plan_build_empty(plan);
            is_there = true;
        }
    }
    return is_there;
}

struct plan *lane_first_pull(const struct lane *lane, const struct worker_spec *spec) {
    if (lane->next_pull > lane->opened_at + spec->lead)
        return NULL;
    return lane_plan_in(lane, spec, lane->next_pull, PLAN_LOADED);
}

/* The first pulls travel alone, so that one may be lost and the push of the first step arrive: the shard could then apply
 * that step, and the rows that the lost pull wanted would be gone. So the first push waits for all of them; later ones
 * bring their pulls along. */
static bool has_begun(const struct lane *lane, const struct worker_spec *spec) {
    if (lane->next_step != lane->opened_at)
        return true;
    for (uint64_t step = lane->opened_at; step <= lane->opened_at + spec->lead; step++)
        if (lane_plan_in(lane, spec, step, PLAN_READY) == NULL)
            return false;
    return true;
}

bool lane_can_compute(const struct lane *lane, const struct worker_spec *spec) {
    uint64_t pull_step = lane->next_step + 1 + spec->lead;
    return lane->next_step < lane->end_step && lane->next_pull == pull_step && has_begun(lane, spec) &&
           lane_plan_in(lane, spec, lane->next_step, PLAN_READY) != NULL &&
           lane_plan_in(lane, spec, pull_step, PLAN_LOADED) != NULL;
}

void lane_tell_done(struct lane *lane, struct outbox *out) {
    struct message done = {.kind = MESSAGE_LANE_DONE};
    done.lane_done = (struct lane_done_message){.lane = lane->number,
                                                .lease = lane->lease,
                                                .end_step = lane->end_step,
                                                .count = lane->sums.count,
                                                .squared = lane->sums.squared};
    lane->told = true;
    outbox_send(out, LINK_COORDINATOR, &done);
}

bool lane_is_finished(const struct lane *lane, const struct worker_spec *spec) {
    return lane->next_step == lane->end_step &&
           lane_plan_in(lane, spec, lane->end_step + spec->lead, PLAN_READY) != NULL;
}
