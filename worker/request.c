#include "worker/request.h"

#include <string.h>

/* Row numbers, padding, gradients: the body in its order. Returns its bytes. */
static size_t write_body(const struct worker_spec *spec, uint32_t shard, const struct plan *push,
                         const float *gradients, const struct plan *pull, struct outbox *out) {
    uint32_t pushes = push == NULL ? 0 : plan_shard_rows(push, shard);
    uint32_t pulls = plan_shard_rows(pull, shard);
    size_t stride = row_stride(spec->model.factors);
    size_t used_bytes = ((size_t)pushes + pulls) * sizeof(uint32_t), ids_bytes = message_padded(used_bytes);
    struct rows_shape shape = {spec->member.wire, (uint32_t)stride, pushes};
    size_t bytes = ids_bytes + rows_bytes(shape);
    char *body = outbox_body(out, bytes);
    uint32_t *ids = (uint32_t *)body;
    memset(body + used_bytes, 0, ids_bytes - used_bytes);
    if (pushes != 0) {
        memcpy(ids, push->rows + push->first[shard], pushes * sizeof *ids);
        rows_write(shape, body + ids_bytes, 0, pushes, gradients + push->first[shard] * stride);
    }
    if (pulls != 0)
        memcpy(ids + pushes, pull->rows + pull->first[shard], pulls * sizeof *ids);
    return bytes;
}

static void write_header(struct step_message *step, uint32_t shard, const struct plan *push,
                         const struct plan *pull) {
    step->pull_step = pull->step;
    step->pull_users = pull->users[shard];
    step->pull_movies = plan_shard_rows(pull, shard) - pull->users[shard];
    if (push == NULL)
        return;
    step->pushes = 1;
    step->push_step = push->step;
    step->push_users = push->users[shard];
    step->push_movies = plan_shard_rows(push, shard) - push->users[shard];
    step->squared = push->squared;
    step->count = push->squared_count;
}

size_t request_send(const struct lane *lane, const struct worker_spec *spec, const struct plan *push,
                    const float *gradients, const struct plan *pull, struct outbox *out) {
    size_t bytes = 0;
    for (uint32_t shard = 0; shard < spec->pservers; shard++) {
        if (!question_waits_for(&pull->question, shard))
            continue;
        struct message message = {.kind = MESSAGE_STEP};
        message.step = (struct step_message){.lane = lane->number, .lease = lane->lease};
        write_header(&message.step, shard, push, pull);
        bytes += write_body(spec, shard, push, gradients, pull, out);
        outbox_send(out, LINK_FIRST_PSERVER + shard, &message);
    }
    return bytes;
}
