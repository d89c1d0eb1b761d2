/* What a shard tells without training: rows as they are, sums and projections for a PCA. Each function
 * answers one message, or returns false with a sentence when the message is wrong. */
#ifndef PSERVER_REPORTS_H
#define PSERVER_REPORTS_H

#include "proto/event.h"
#include "pserver/shard.h"

enum { PROJECT_ROWS_MAX = 8192 };

/* READ -> VALUES. entries is scratch for READ_ROWS_MAX. */
bool reports_read(struct shard *shard, const struct event *event, uint32_t *entries,
                  struct heartbeat_message *counters, struct outbox *out, struct status *status);

/* MOMENTS_WANTED -> MOMENTS. */
bool reports_moments(const struct shard *shard, const struct shard_spec *spec, const struct event *event,
                     struct outbox *out, struct status *status);

/* PROJECT -> one PROJECTED per PROJECT_ROWS_MAX movies, and at least one. */
bool reports_project(const struct shard *shard, const struct shard_spec *spec, const struct event *event,
                     struct outbox *out, struct status *status);

#endif
