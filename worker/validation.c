#include "worker/validation.h"

#include <string.h>

#include "core/memory.h"

bool validation_init(struct validation *validation, const struct worker_spec *spec,
                     struct question_book *book, struct status *status) {
    *validation = (struct validation){0};
    validation->cold = memory_take_array(VALID_SLICE, sizeof *validation->cold, "cold ratings", status);
    if (validation->cold == NULL)
        return false;
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        if (!plan_init(&validation->places[i].plan, VALID_SLICE, spec->pservers,
                       row_stride(spec->model.factors), true, book, status))
            return false;
    return true;
}

void validation_free(struct validation *validation) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        plan_free(&validation->places[i].plan);
    memory_release(validation->cold);
    *validation = (struct validation){0};
}

static uint64_t name_of(uint32_t epoch, uint32_t slice) {
    return (uint64_t)epoch << 32 | slice;
}

static uint64_t wanted_name(const struct slice_place *place) {
    return name_of(place->wanted.epoch, place->wanted.slice);
}

static void load(struct slice_place *place, struct outbox *out) {
    struct plan *plan = &place->plan;
    question_drop(&plan->question);
    plan->state = PLAN_LOADING;
    plan->step = wanted_name(place);
    plan->count = place->wanted.count;
    plan->job.kind = JOB_LOAD_VALID;
    plan->job.valid.first = place->wanted.first;
    plan->job.valid.count = place->wanted.count;
    plan->job.valid.ratings = plan->ratings;
    plan->job.valid.cold = plan->cold;
    outbox_job(out, &plan->job);
}

static bool tell_again(const struct validation *validation, const struct validate_message *slice,
                       struct outbox *out) {
    for (uint64_t i = 0; i < validation->done_count && i < VALID_ANSWERS_KEPT; i++) {
        const struct validated_message *done = &validation->done[i];
        if (done->epoch != slice->epoch || done->slice != slice->slice)
            continue;
        struct message validated = {.kind = MESSAGE_VALIDATED, .validated = *done};
        outbox_send(out, LINK_COORDINATOR, &validated);
        return true;
    }
    return false;
}

static bool is_in_work(const struct validation *validation, const struct validate_message *slice) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        if (validation->places[i].plan.state != PLAN_FREE &&
            wanted_name(&validation->places[i]) == name_of(slice->epoch, slice->slice))
            return true;
    return false;
}

/* A free place, or else one whose slice belongs to an older epoch, or NULL. */
static struct slice_place *find_place(struct validation *validation, uint32_t epoch) {
    struct slice_place *stale = NULL;
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct slice_place *place = &validation->places[i];
        if (place->plan.state == PLAN_FREE)
            return place;
        if (place->wanted.epoch < epoch)
            stale = place;
    }
    return stale;
}

bool validation_start(struct validation *validation, const struct validate_message *slice, struct outbox *out,
                      struct status *status) {
    if (slice->epoch < validation->epoch || is_in_work(validation, slice) ||
        tell_again(validation, slice, out))
        return true;
    struct slice_place *place = find_place(validation, slice->epoch);
    if (place == NULL)
        return status_fail(status, STATUS_PROTOCOL, "%d slices are in work already", VALID_SLICES_AHEAD);
    validation->epoch = slice->epoch;
    place->wanted = *slice;
    if (place->plan.state != PLAN_LOADING) /* else its job is under way: validation_loaded goes on */
        load(place, out);
    return true;
}

static size_t read_from(const struct plan *plan, uint32_t shard, struct outbox *out) {
    uint32_t rows = plan_shard_rows(plan, shard);
    struct message read = {.kind = MESSAGE_READ};
    read.read = (struct read_message){plan->step, plan->users[shard], rows - plan->users[shard]};
    void *body = outbox_body(out, rows * sizeof *plan->rows);
    if (rows != 0)
        memcpy(body, plan->rows + plan->first[shard], rows * sizeof *plan->rows);
    outbox_send(out, LINK_FIRST_PSERVER + shard, &read);
    return rows * sizeof *plan->rows;
}

void validation_read(const struct plan *plan, struct heartbeat_message *counters, struct outbox *out) {
    for (uint32_t shard = 0; shard < plan->shards; shard++)
        if (question_waits_for(&plan->question, shard))
            counters->bytes_out += read_from(plan, shard, out);
}

bool validation_loaded(struct validation *validation, const struct worker_spec *spec,
                       struct row_finder *finder, const struct job *job, uint64_t now_us,
                       struct heartbeat_message *counters, struct outbox *out) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct slice_place *place = &validation->places[i];
        if (job != &place->plan.job)
            continue;
        if (place->plan.step != wanted_name(place)) {
            load(place, out);
            return true;
        }
        plan_build(&place->plan, finder);
        plan_asked(&place->plan, now_us, worker_first_wait_us(spec));
        if (place->plan.step >= validation->asked_end)
            validation->asked_end = place->plan.step + 1;
        validation_read(&place->plan, counters, out);
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
        .epoch = (uint32_t)(plan->step >> 32),
        .slice = (uint32_t)plan->step,
        .count = all.count,
        .squared = all.squared,
        .absolute = all.absolute,
        .cold_count = cold.count,
        .cold_squared = cold.squared,
        .cold_absolute = cold.absolute,
    };
    validation->done[validation->done_count++ % VALID_ANSWERS_KEPT] = validated.validated;
    outbox_send(out, LINK_COORDINATOR, &validated);
    plan->state = PLAN_FREE;
}

bool validation_values(struct validation *validation, const struct worker_spec *spec,
                       const struct event *event, struct heartbeat_message *counters, struct outbox *out,
                       struct status *status) {
    const struct message *message = event->message;
    uint32_t shard = event->link - LINK_FIRST_PSERVER;
    uint64_t name = message->values.request;
    if (name >= validation->asked_end)
        return status_fail(status, STATUS_PROTOCOL, "nobody reads slice %u of epoch %u", (uint32_t)name,
                           (uint32_t)(name >> 32));
    for (int i = 0; i < VALID_SLICES_AHEAD; i++) {
        struct plan *plan = &validation->places[i].plan;
        if (!plan_expects(plan, name, shard))
            continue;
        struct rows_shape shape = {WIRE_FLOAT32, plan->stride, message->values.rows};
        if (!plan_fill(plan, shard, shape, message, event->now_us, status))
            return false;
        counters->reads += message->values.rows;
        counters->bytes_in += message->body_bytes;
        if (plan->state == PLAN_READY)
            measure(validation, spec, plan, out);
    }
    return true;
}
