/* How processes become members, and cease to be. */
#ifndef COORDINATOR_JOINING_H
#define COORDINATOR_JOINING_H

#include "coordinator/state.h"

/* HELLO: seats the sender, lets it wait or refuses it. A worker that takes a dead one's seat finds its lanes given to
 * others; a pserver's death ends the run. */
void joining_hello(struct coordinator *coordinator, const struct event *event, struct outbox *out);

/* READY: with the last one that is needed, training begins; a worker that comes later takes lanes that have no owner, or
 * waits for the next grant. */
void joining_ready(struct coordinator *coordinator, struct seat *seat, uint64_t now_us, struct outbox *out);

/* WELCOME or TOPOLOGY again to all who have said hello and are not ready. */
void joining_repeat(const struct coordinator *coordinator, struct outbox *out);

/* A worker is gone: its lanes and slices go to others at once. */
void joining_lose_worker(struct coordinator *coordinator, struct seat *seat, const char *why, uint64_t now_us,
                         struct outbox *out);

/* LEAVE: lets a worker go (blocked: when its parts are at home); for a pserver the whole run comes to rest and ends. */
void joining_leave(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                   struct outbox *out);

/* Parts are at home: lets those go who wait for that. */
void joining_release(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

#endif
