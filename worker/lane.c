#include "worker/lane.h"

#include <string.h>

#include "core/memory.h"

uint32_t lane_ring(const struct worker_spec *spec) {
    return spec->lead + 3;
}

uint32_t lane_capacity(const struct worker_spec *spec) {
    return (spec->batch + spec->lanes - 1) / spec->lanes;
}

bool lane_open(struct lane *lane, const struct worker_spec *spec, uint32_t number, uint64_t first_step,
               struct status *status) {
    *lane = (struct lane){.number = number,
                          .open = true,
                          .next_step = first_step,
                          .next_pull = first_step,
                          .next_load = first_step};
    lane->plans = memory_take_array(lane_ring(spec), sizeof *lane->plans, "plans of a lane", status);
    if (lane->plans == NULL)
        return false;
    for (uint32_t i = 0; i < lane_ring(spec); i++)
        if (!plan_init(&lane->plans[i], lane_capacity(spec), spec->pservers, row_stride(spec->model.factors),
                       false, status))
            return false;
    return true;
}

void lane_free(struct lane *lane, const struct worker_spec *spec) {
    for (uint32_t i = 0; lane->plans != NULL && i < lane_ring(spec); i++)
        plan_free(&lane->plans[i]);
    memory_release(lane->plans);
    *lane = (struct lane){0};
}

struct plan *lane_plan(const struct lane *lane, const struct worker_spec *spec, uint64_t step) {
    return &lane->plans[step % lane_ring(spec)];
}

void lane_load(struct lane *lane, const struct worker_spec *spec, struct outbox *out) {
    while (lane->next_load < spec->total_steps && lane->next_load < lane->next_step + lane_ring(spec)) {
        struct plan *plan = lane_plan(lane, spec, lane->next_load);
        if (plan->state != PLAN_FREE)
            return;
        plan->state = PLAN_LOADING;
        plan->step = lane->next_load++;
        plan->job.kind = JOB_LOAD_LANE;
        plan->job.lane.epoch = plan->step / spec->steps_per_epoch;
        plan->job.lane.step_in_epoch = plan->step % spec->steps_per_epoch;
        plan->job.lane.lane = lane->number;
        plan->job.lane.ratings = plan->ratings;
        outbox_job(out, &plan->job);
    }
}

static size_t send_to_shard(const struct lane *lane, const struct worker_spec *spec, uint32_t shard,
                            const struct plan *push, const float *gradients, const struct plan *pull,
                            struct outbox *out) {
    uint32_t pushes = push == NULL ? 0 : plan_shard_rows(push, shard);
    uint32_t pulls = pull == NULL ? 0 : plan_shard_rows(pull, shard);
    size_t stride = row_stride(spec->model.factors);
    size_t ids_bytes = message_padded((pushes + pulls) * sizeof(uint32_t));
    size_t bytes = ids_bytes + pushes * stride * sizeof(float);
    uint32_t *ids = outbox_body(out, bytes);
    struct message message = {.kind = MESSAGE_STEP};
    message.step = (struct step_message){.lane = lane->number};
    memset((char *)ids + ids_bytes - (ids_bytes == 0 ? 0 : BODY_ALIGNMENT), 0,
           ids_bytes == 0 ? 0 : BODY_ALIGNMENT);
    if (push != NULL) {
        message.step.pushes = 1;
        message.step.push_step = push->step;
        message.step.push_users = push->users[shard];
        message.step.push_movies = pushes - push->users[shard];
        memcpy(ids, push->rows + push->first[shard], pushes * sizeof *ids);
        memcpy((char *)ids + ids_bytes, gradients + push->first[shard] * stride,
               pushes * stride * sizeof(float));
    }
    message.step.pull_step = push == NULL ? pull->step : push->step + 1 + spec->lead;
    if (pull != NULL) {
        message.step.pull_step = pull->step;
        message.step.pull_users = pull->users[shard];
        message.step.pull_movies = pulls - pull->users[shard];
        memcpy(ids + pushes, pull->rows + pull->first[shard], pulls * sizeof *ids);
    }
    outbox_send(out, LINK_FIRST_PSERVER + shard, &message);
    return bytes;
}

size_t lane_send(const struct lane *lane, const struct worker_spec *spec, const struct plan *push,
                 const float *gradients, struct plan *pull, uint64_t now_us, struct outbox *out) {
    size_t bytes = 0;
    if (pull != NULL)
        plan_asked(pull, now_us);
    for (uint32_t shard = 0; shard < spec->pservers; shard++)
        bytes += send_to_shard(lane, spec, shard, push, gradients, pull, out);
    return bytes;
}

bool lane_can_compute(const struct lane *lane, const struct worker_spec *spec) {
    const struct plan *plan = lane_plan(lane, spec, lane->next_step);
    uint64_t pull_step = lane->next_step + 1 + spec->lead;
    if (lane->next_step >= lane->end_step || plan->state != PLAN_READY || plan->step != lane->next_step)
        return false;
    if (lane->next_pull < pull_step && lane->next_pull < spec->total_steps)
        return false; /* the lane's first pulls go out in order, before any push */
    if (pull_step >= spec->total_steps)
        return true;
    const struct plan *pull = lane_plan(lane, spec, pull_step);
    return pull->state == PLAN_LOADED && pull->step == pull_step;
}
