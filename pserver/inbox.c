#include "pserver/inbox.h"

#include <string.h>

#include "core/memory.h"
#include "proto/rows.h"

size_t inbox_bytes(uint32_t lanes, uint32_t depth, uint32_t lane_rows, uint32_t stride) {
    size_t requests = (size_t)lanes * depth;
    return requests * (sizeof(struct request) + 2 * (size_t)lane_rows * sizeof(uint32_t) +
                       (size_t)lane_rows * stride * sizeof(float)) +
           lane_rows * sizeof(uint32_t);
}

bool inbox_init(struct inbox *inbox, uint32_t lanes, uint32_t depth, uint32_t lane_rows, uint32_t stride,
                struct status *status) {
    size_t count = (size_t)lanes * depth;
    *inbox = (struct inbox){.lanes = lanes, .depth = depth, .lane_rows = lane_rows, .stride = stride};
    inbox->requests = memory_take_array(count, sizeof *inbox->requests, "requests", status);
    inbox->entries = memory_take_array(count * 2 * lane_rows, sizeof *inbox->entries, "requests", status);
    inbox->kept = memory_take_array(count * lane_rows, stride * sizeof(float), "waiting gradients", status);
    inbox->asked = memory_take_array(lane_rows, sizeof *inbox->asked, "requests", status);
    if (inbox->requests == NULL || inbox->entries == NULL || inbox->kept == NULL || inbox->asked == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        inbox->requests[i].push_entries = inbox->entries + i * 2 * lane_rows;
        inbox->requests[i].pull_entries = inbox->requests[i].push_entries + lane_rows;
        inbox->requests[i].kept = inbox->kept + i * lane_rows * stride;
    }
    return true;
}

void inbox_free(struct inbox *inbox) {
    memory_release(inbox->requests);
    memory_release(inbox->entries);
    memory_release(inbox->kept);
    memory_release(inbox->asked);
    *inbox = (struct inbox){0};
}

struct request *inbox_request(const struct inbox *inbox, uint32_t lane, uint32_t place) {
    return &inbox->requests[(size_t)lane * inbox->depth + place];
}

static struct rows_shape gradients_of(const struct inbox *inbox, const struct step_message *step) {
    return (struct rows_shape){inbox->wire, inbox->stride, step->push_users + step->push_movies};
}

/* Row numbers, and what they are padded with. */
static size_t ids_bytes(const struct step_message *step) {
    uint32_t pushes = step->push_users + step->push_movies, pulls = step->pull_users + step->pull_movies;
    return message_padded(((size_t)pushes + pulls) * sizeof(uint32_t));
}

/* The counts of a STEP against what one lane can hold, and against the bytes that came. */
static bool check_sizes(const struct inbox *inbox, const struct message *message, struct status *status) {
    const struct step_message *step = &message->step;
    uint64_t pushes = (uint64_t)step->push_users + step->push_movies;
    uint64_t pulls = (uint64_t)step->pull_users + step->pull_movies;
    if (!step->pushes && pushes != 0)
        return status_fail(status, STATUS_PROTOCOL, "rows to push without a push");
    if (pushes > inbox->lane_rows || pulls > inbox->lane_rows)
        return status_fail(status, STATUS_PROTOCOL, "%llu rows pushed and %llu pulled, a lane has at most %u",
                           (unsigned long long)pushes, (unsigned long long)pulls, inbox->lane_rows);
    size_t expected = ids_bytes(step) + rows_bytes(gradients_of(inbox, step));
    if (message->body_bytes != expected)
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes where %zu were announced",
                           message->body_bytes, expected);
    return rows_check(gradients_of(inbox, step), (const char *)message->body + ids_bytes(step), status);
}

const uint32_t *inbox_asked(struct inbox *inbox, const struct message *message, struct shard *shard,
                            struct status *status) {
    const struct step_message *step = &message->step;
    const uint32_t *rows = message->body;
    bool good = check_sizes(inbox, message, status) &&
                shard_find(shard, rows + step->push_users + step->push_movies, step->pull_users,
                           step->pull_movies, false, inbox->asked, status);
    return good ? inbox->asked : NULL;
}

/* Floats stay where they are for now. */
static const float *take_gradients(const struct inbox *inbox, const struct request *request,
                                   const struct message *message) {
    const char *body = (const char *)message->body + ids_bytes(&message->step);
    if (inbox->wire == WIRE_FLOAT32)
        return (const float *)(const void *)body;
    rows_read(gradients_of(inbox, &message->step), body, 0, request->push_count, request->kept);
    return request->kept;
}

struct request *inbox_accept(struct inbox *inbox, const struct event *event, struct shard *shard,
                             uint32_t place, struct status *status) {
    const struct step_message *step = &event->message->step;
    struct request *request = inbox_request(inbox, step->lane, place);
    const uint32_t *rows = event->message->body;
    if (!check_sizes(inbox, event->message, status))
        return NULL;
    if (request->pushes || request->pulls) {
        status_fail(status, STATUS_PROTOCOL, "lane %u has more than %u requests open", step->lane,
                    inbox->depth);
        return NULL;
    }
    uint32_t pushes = step->push_users + step->push_movies;
    uint32_t pulls = step->pull_users + step->pull_movies;
    if (!shard_find(shard, rows, step->push_users, step->push_movies, true, request->push_entries, status) ||
        !shard_find(shard, rows + pushes, step->pull_users, step->pull_movies, false, request->pull_entries,
                    status))
        return NULL;
    request->pushes = step->pushes != 0;
    request->pulls = true;
    request->link = event->link;
    request->push_step = step->push_step;
    request->pull_step = step->pull_step;
    request->push_count = pushes;
    request->pull_count = pulls;
    request->pull_movies = step->pull_movies;
    request->gradients = take_gradients(inbox, request, event->message);
    return request;
}

void inbox_keep(struct inbox *inbox, struct request *request) {
    if (!request->pushes || request->push_count == 0 || request->gradients == request->kept)
        return;
    memcpy(request->kept, request->gradients, (size_t)request->push_count * inbox->stride * sizeof(float));
    request->gradients = request->kept;
}
