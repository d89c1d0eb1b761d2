#include "worker/validation.h"

#include <string.h>

#include "core/memory.h"

bool validation_init(struct validation *validation, const struct worker_spec *spec, struct status *status) {
    *validation = (struct validation){0};
    validation->cold = memory_take_array(VALID_SLICE, sizeof *validation->cold, "cold ratings", status);
    if (validation->cold == NULL)
        return false;
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        if (!plan_init(&validation->plans[i], VALID_SLICE, spec->pservers, row_stride(spec->model.factors),
                       true, status))
            return false;
    return true;
}

void validation_free(struct validation *validation) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        plan_free(&validation->plans[i]);
    memory_release(validation->cold);
    *validation = (struct validation){0};
}

bool validation_start(struct validation *validation, const struct validate_message *slice, struct outbox *out,
                      struct status *status) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct plan *plan = &validation->plans[i];
        if (plan->state != PLAN_FREE)
            continue;
        plan->state = PLAN_LOADING;
        plan->step = slice->slice;
        plan->count = slice->count;
        plan->job.kind = JOB_LOAD_VALID;
        plan->job.valid.first = slice->first;
        plan->job.valid.count = slice->count;
        plan->job.valid.ratings = plan->ratings;
        plan->job.valid.cold = plan->cold;
        outbox_job(out, &plan->job);
        return true;
    }
    return status_fail(status, STATUS_PROTOCOL, "%d slices are in work already", VALID_SLICES_AHEAD);
}

static void read_rows(const struct plan *plan, uint32_t shard, struct outbox *out) {
    uint32_t rows = plan_shard_rows(plan, shard);
    struct message read = {.kind = MESSAGE_READ};
    read.read = (struct read_message){plan->step, plan->users[shard], rows - plan->users[shard]};
    memcpy(outbox_body(out, rows * sizeof *plan->rows), plan->rows + plan->first[shard],
           rows * sizeof *plan->rows);
    outbox_send(out, LINK_FIRST_PSERVER + shard, &read);
}

bool validation_loaded(struct validation *validation, const struct worker_spec *spec,
                       struct row_finder *finder, const struct job *job, uint64_t now_us,
                       struct outbox *out) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct plan *plan = &validation->plans[i];
        if (job != &plan->job)
            continue;
        plan_build(plan, finder);
        plan_asked(plan, now_us);
        for (uint32_t shard = 0; shard < spec->pservers; shard++)
            read_rows(plan, shard, out);
        return true;
    }
    return false;
}

static void measure(struct validation *validation, const struct worker_spec *spec, struct plan *plan,
                    struct outbox *out) {
    struct loss_sum all = {0}, cold = {0};
    uint32_t cold_count = 0;
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->cold[i])
            validation->cold[cold_count++] = plan->slots[i];
    dot_bias_evaluate(&spec->model, plan->slots, plan->count, plan->values, &all);
    dot_bias_evaluate(&spec->model, validation->cold, cold_count, plan->values, &cold);
    struct message validated = {.kind = MESSAGE_VALIDATED};
    validated.validated = (struct validated_message){
        .slice = (uint32_t)plan->step,
        .count = all.count,
        .squared = all.squared,
        .absolute = all.absolute,
        .cold_count = cold.count,
        .cold_squared = cold.squared,
        .cold_absolute = cold.absolute,
    };
    outbox_send(out, LINK_COORDINATOR, &validated);
    plan->state = PLAN_FREE;
}

bool validation_values(struct validation *validation, const struct worker_spec *spec, uint32_t shard,
                       const struct message *message, struct outbox *out, struct status *status) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct plan *plan = &validation->plans[i];
        if (plan->state != PLAN_ASKED || plan->step != message->values.request)
            continue;
        if (!plan_fill(plan, shard, message->values.rows, message, status))
            return false;
        if (plan->state == PLAN_READY)
            measure(validation, spec, plan, out);
        return true;
    }
    return status_fail(status, STATUS_PROTOCOL, "nobody reads slice %llu",
                       (unsigned long long)message->values.request);
}
