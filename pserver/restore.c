#include "pserver/restore.h"

#include <inttypes.h>
#include <string.h>

#include "model/optimiser.h"
#include "pserver/cut.h"
#include "pserver/serve_runs.h"

bool restore_begin(struct pserver *pserver, const struct welcome_message *welcome, struct outbox *out,
                   struct status *status) {
    struct copying *copying = &pserver->copying;
    if (!gate_start(&pserver->gate, welcome->lane_step, welcome->clock_step, status) ||
        !cut_reserve(pserver, status))
        return false;
    copying->reading = true;
    copying->job = (struct job){.kind = JOB_READ_IMAGE};
    copying->job.image.number = welcome->checkpoint;
    copying->job.image.shards = welcome->checkpoint_shards;
    copying->job.image.rates_capacity = OPTIMISER_WINDOW;
    copying->job.image.image = &copying->image;
    outbox_job(out, &copying->job);
    return true;
}

/* The answers that lanes had read ahead: those without rows of this shard leave no row in the image. */
static void open_replies(struct pserver *pserver, uint64_t lane_step) {
    const struct gate *gate = &pserver->gate;
    for (uint32_t lane = 0; lane < gate->spec.lanes; lane++)
        for (uint64_t step = lane_step; step < lane_step + gate_lead(&gate->spec); step++)
            if (gate_gone(gate, step))
                replies_open(&pserver->replies, lane, step, gate_need(&gate->spec, step));
}

static bool add_held(struct pserver *pserver, const struct image_held *held, uint64_t index,
                     struct status *status) {
    uint32_t lane = held->lanes[index], entry;
    size_t stride = shard_stride(pserver->shard);
    struct reply *reply =
        lane < pserver->spec.gate.lanes ? replies_find(&pserver->replies, lane, held->steps[index]) : NULL;
    float *values = reply != NULL && shard_entry(pserver->shard, held->names[index], &entry)
                        ? replies_add(&pserver->replies, reply, &entry, 1)
                        : NULL;
    if (values == NULL)
        return status_fail(status, STATUS_BAD_DATA,
                           "the checkpoint holds a row for step %" PRIu64 " of lane %u that cannot be",
                           held->steps[index], lane);
    memcpy(values, held->values + index * stride, stride * sizeof *values);
    return true;
}

static bool fill_replies(struct pserver *pserver, struct status *status) {
    const struct image_held *held = &pserver->copying.image.held;
    if (pserver->spec.runs.blocked)
        return held->count == 0 ||
               status_fail(status, STATUS_BAD_DATA, "the checkpoint holds rows read ahead, which cannot be");
    open_replies(pserver, pserver->gate.lanes[0].pushed);
    for (uint64_t i = 0; i < held->count; i++)
        if (!add_held(pserver, held, i, status))
            return false;
    return true;
}

bool restore_finish(struct pserver *pserver, struct status *status) {
    struct copying *copying = &pserver->copying;
    copying->reading = false;
    if (copying->job.status.code != STATUS_OK) {
        *status = copying->job.status;
        return false;
    }
    uint64_t expected = pserver->spec.runs.blocked ? 0 : pserver->gate.applied;
    if (copying->image.step != expected)
        return status_fail(status, STATUS_BAD_DATA,
                           "the checkpoint was cut after %" PRIu64 " steps, not %" PRIu64,
                           copying->image.step, expected);
    pserver->shard = shard_restore(&pserver->spec.shard, &copying->image, status);
    if (pserver->shard == NULL)
        return false;
    rates_start(&pserver->rates, pserver->gate.applied);
    if (pserver->spec.runs.blocked)
        serve_runs_start(pserver, pserver->gate.applied);
    return fill_replies(pserver, status);
}
