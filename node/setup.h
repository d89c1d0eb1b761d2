/* From a configuration and a packed set to what each engine is told. The one place where the two meet. */
#ifndef NODE_SETUP_H
#define NODE_SETUP_H

#include "config/config.h"
#include "coordinator/coordinator.h"
#include "data/packed_set.h"
#include "net/endpoint.h"
#include "pserver/pserver.h"
#include "worker/worker.h"

/* A member's own part: digests, times, process and host. endpoint: where a pserver listens, else "". */
struct member_spec setup_member(const struct config *config, enum role role, uint32_t index,
                                uint64_t data_digest, const char *endpoint);

struct coordinator_spec setup_coordinator(const struct config *config, const struct packed_set *set);
struct pserver_spec setup_pserver(const struct config *config, uint32_t index, const char *endpoint);
struct worker_spec setup_worker(const struct config *config, const struct packed_set *set, uint32_t index);

/* The model to train on a set: the configuration's, with the mean rating when it asks for one. */
struct model_spec setup_model(const struct config *config, const struct packed_set *set);

/* Whoever agrees on it reads the same ratings, in mode blocked in the same blocks; checkpoints carry it. */
uint64_t setup_ratings_digest(const struct packed_set *set);

/* Where a member's process listens with its page (monitor/listener.h): on the loopback interface, unless members are spread
 * over hosts (transport tcp) and the run's own page is to be seen from other hosts; then where pservers listen. */
void setup_page_listen(const struct config *config, char text[ENDPOINT_BYTES]);

/* Where others find a page that listens at `address`. On every interface its host is cluster.advertise, else the own address on
 * the route to the coordinator. */
void setup_page_address(const struct config *config, const char *coordinator, const char *address,
                        char text[ENDPOINT_BYTES]);

/* How long a member's loop may stand still and count as healthy: ten heartbeats, and no less than what the coordinator bears. */
uint64_t setup_page_patience_us(const struct config *config);

/* "inproc", "ipc", "tcp". */
const char *setup_transport_name(const struct config *config);

/* Whether there is a monitor: monitor.listen is not `none`. */
bool setup_is_watched(const struct config *config);

/* What the data demand of the configuration: ratings within y_range, something to validate on for whoever watches it. */
bool setup_check(const struct config *config, const struct packed_set *set, struct status *status);

#endif
