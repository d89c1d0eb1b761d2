#include "pserver/reports.h"

#include <string.h>

bool reports_read(struct shard *shard, const struct event *event, uint32_t *entries,
                  struct heartbeat_message *counters, struct outbox *out, struct status *status) {
    const struct read_message *read = &event->message->read;
    uint64_t count = (uint64_t)read->users + read->movies;
    if (count > READ_ROWS_MAX || event->message->body_bytes != count * sizeof(uint32_t))
        return status_fail(status, STATUS_PROTOCOL,
                           "%llu rows in a body of %zu bytes (at most %d rows are read at once)",
                           (unsigned long long)count, event->message->body_bytes, READ_ROWS_MAX);
    if (!shard_find(shard, event->message->body, read->users, read->movies, false, entries, status))
        return false;
    size_t bytes = (size_t)count * shard_stride(shard) * sizeof(float);
    struct message values = {.kind = MESSAGE_VALUES};
    values.values = (struct values_message){read->request, (uint32_t)count};
    shard_read(shard, entries, (uint32_t)count, outbox_body(out, bytes));
    counters->reads += count;
    counters->bytes_in += event->message->body_bytes;
    counters->bytes_out += bytes;
    outbox_send(out, event->link, &values);
    return true;
}

bool reports_moments(const struct shard *shard, const struct shard_spec *spec, const struct event *event,
                     struct outbox *out, struct status *status) {
    size_t factors = spec->model.factors;
    size_t bytes = (factors + factors * factors) * sizeof(double);
    if (event->message->body_bytes != 0)
        return status_fail(status, STATUS_PROTOCOL, "it has a body");
    double *body = outbox_body(out, bytes);
    struct factor_moments moments = {.sum = body, .scatter = body + factors};
    memset(body, 0, bytes);
    shard_moments(shard, &moments);
    struct message answer = {.kind = MESSAGE_MOMENTS,
                             .moments = {event->message->moments_wanted.epochs, moments.count}};
    outbox_send(out, event->link, &answer);
    return true;
}

bool reports_project(const struct shard *shard, const struct shard_spec *spec, const struct event *event,
                     struct outbox *out, struct status *status) {
    const double *mean = event->message->body;
    size_t factors = spec->model.factors;
    uint32_t components = event->message->project.components;
    uint32_t movies = shard_rows(shard, TABLE_MOVIES);
    if (event->message->body_bytes != factors * (components + 1) * sizeof(double))
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes for %u axes",
                           event->message->body_bytes, components);
    for (uint32_t first = 0; first == 0 || first < movies; first += PROJECT_ROWS_MAX) {
        uint32_t count = movies - first < PROJECT_ROWS_MAX ? movies - first : PROJECT_ROWS_MAX;
        struct message answer = {.kind = MESSAGE_PROJECTED,
                                 .projected = {event->message->project.epochs, first, count}};
        double *scores = outbox_body(out, (size_t)count * (components + 1) * sizeof(double));
        shard_project(shard, first, count, components, mean, mean + factors, scores);
        outbox_send(out, event->link, &answer);
    }
    return true;
}
