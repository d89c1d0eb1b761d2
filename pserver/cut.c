#include "pserver/cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pserver/settle.h"

bool cut_reserve(struct pserver *pserver, struct status *status) {
    struct copying *copying = &pserver->copying;
    if (copying->taken)
        return true;
    copying->taken =
        image_init(&copying->image, &pserver->spec.shard, state_held_capacity(&pserver->spec), status);
    if (!copying->taken)
        image_free(&copying->image);
    return copying->taken;
}

/* Lanes that stand still have the rows of all steps that they read ahead. */
static bool check_held(const struct pserver *pserver, uint64_t lane_step, struct status *status) {
    for (uint32_t lane = 0; lane < pserver->spec.gate.lanes; lane++)
        for (uint64_t step = lane_step; step < lane_step + gate_lead(&pserver->spec.gate); step++)
            if (gate_gone(&pserver->gate, step) && replies_find(&pserver->replies, lane, step) == NULL)
                return status_fail(status, STATUS_PROTOCOL,
                                   "lane %u has not read the rows of step %" PRIu64 " yet", lane, step);
    return true;
}

static void hold(struct pserver *pserver, uint32_t lane, const struct reply *reply) {
    struct image_held *held = &pserver->copying.image.held;
    size_t stride = shard_stride(pserver->shard);
    for (uint32_t i = 0; i < reply->count; i++) {
        held->lanes[held->count + i] = lane;
        held->steps[held->count + i] = reply->step;
        held->names[held->count + i] = shard_name(pserver->shard, reply->entries[i]);
    }
    memcpy(held->values + held->count * stride, reply->values, reply->count * stride * sizeof(float));
    held->count += reply->count;
}

static void copy(struct pserver *pserver, uint64_t lane_step) {
    struct shard_image *image = &pserver->copying.image;
    shard_image(pserver->shard, image);
    image->held.count = 0;
    for (uint32_t lane = 0; lane < pserver->spec.gate.lanes; lane++)
        for (uint64_t step = lane_step; step < lane_step + gate_lead(&pserver->spec.gate); step++) {
            const struct reply *reply = replies_find(&pserver->replies, lane, step);
            if (reply != NULL && gate_gone(&pserver->gate, step))
                hold(pserver, lane, reply);
        }
}

static void tell_taken(const struct pserver *pserver, struct outbox *out) {
    struct message taken = {.kind = MESSAGE_TAKEN, .taken = {pserver->copying.number}};
    outbox_send(out, LINK_COORDINATOR, &taken);
}

static void tell_imaged(const struct pserver *pserver, struct outbox *out) {
    const struct status *outcome = &pserver->copying.outcome;
    struct message imaged = {.kind = MESSAGE_IMAGED};
    imaged.imaged.number = pserver->copying.number;
    imaged.imaged.code = outcome->code;
    if (outcome->code != STATUS_OK)
        snprintf(imaged.imaged.reason, sizeof imaged.imaged.reason, "%.*s",
                 (int)sizeof imaged.imaged.reason - 1, outcome->text);
    outbox_send(out, LINK_COORDINATOR, &imaged);
}

static void write_copy(struct pserver *pserver, struct outbox *out) {
    struct copying *copying = &pserver->copying;
    copying->writing = true;
    copying->job = (struct job){.kind = JOB_WRITE_IMAGE};
    copying->job.image.number = copying->number;
    copying->job.image.image = &copying->image;
    outbox_job(out, &copying->job);
}

/* In mode blocked only some steps of a lane are seen here: none that is still to come, and none beyond. */
static bool stands(const struct pserver *pserver, const struct cut_message *cut, struct status *status) {
    if (!pserver->spec.runs.blocked)
        return gate_stands(&pserver->gate, cut->lane_step, cut->clock_step, status);
    return (cut->lane_step == cut->clock_step && pserver->gate.applied >= cut->lane_step &&
            !settle_has_passed(pserver, cut->lane_step)) ||
           status_fail(status, STATUS_PROTOCOL, "lanes do not stand at step %" PRIu64, cut->lane_step);
}

static bool check(const struct pserver *pserver, const struct cut_message *cut, struct status *status) {
    const struct copying *copying = &pserver->copying;
    if (cut->number <= copying->number)
        return status_fail(status, STATUS_PROTOCOL, "checkpoint %" PRIu64 " comes after checkpoint %" PRIu64,
                           cut->number, copying->number);
    if (copying->writing)
        return status_fail(status, STATUS_PROTOCOL, "checkpoint %" PRIu64 " is still being written",
                           copying->number);
    return stands(pserver, cut, status) && check_held(pserver, cut->lane_step, status);
}

bool cut_take(struct pserver *pserver, const struct cut_message *cut, struct outbox *out,
              struct status *status) {
    struct copying *copying = &pserver->copying;
    bool again = copying->number != 0 && cut->number == copying->number;
    if (!again && !check(pserver, cut, status))
        return false;
    if (again)
        pserver->counters.repeats++;
    else {
        copying->number = cut->number;
        copying->outcome = (struct status){.code = STATUS_OK};
        if (cut_reserve(pserver, &copying->outcome))
            copy(pserver, cut->lane_step);
    }
    tell_taken(pserver, out);
    if (!again && copying->taken)
        write_copy(pserver, out);
    if (!copying->writing)
        tell_imaged(pserver, out);
    return true;
}

void cut_written(struct pserver *pserver, struct outbox *out) {
    pserver->copying.writing = false;
    pserver->copying.outcome = pserver->copying.job.status;
    tell_imaged(pserver, out);
}
