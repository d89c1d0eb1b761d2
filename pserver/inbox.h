/* The requests of all lanes that wait: their row lists as entries, and their gradients.
 *
 * A request that completes a step is applied straight from the message's body; only one that has to wait, or comes in sixteen
 * bits, is copied (inbox_keep), into memory that was taken at the start. Every size is bounded by the configuration.
 */
#ifndef PSERVER_INBOX_H
#define PSERVER_INBOX_H

#include "proto/event.h"
#include "pserver/shard.h"

struct request {
    bool pushes, pulls; /* what is still to be done */
    link_id link;       /* whom to answer */
    uint64_t push_step, pull_step;
    uint32_t push_count, pull_count, pull_movies; /* rows; movies are the last of those pulled */
    uint32_t *push_entries, *pull_entries;        /* [lane_rows] each */
    const float *gradients; /* in the message's body; in kept after inbox_keep, and where it
                                                     came in sixteen bits */
    float *kept;            /* [lane_rows][stride] */
};

struct inbox {
    uint32_t lanes, depth, lane_rows, stride;
    enum wire_format wire;    /* of gradients; float32 unless it is set after inbox_init */
    struct request *requests; /* [lanes][depth] */
    uint32_t *entries;        /* behind all push_entries and pull_entries */
    float *kept;              /* behind all kept gradients */
    uint32_t *asked;          /* [lane_rows] scratch of inbox_asked */
};

bool inbox_init(struct inbox *inbox, uint32_t lanes, uint32_t depth, uint32_t lane_rows, uint32_t stride,
                struct status *status);
void inbox_free(struct inbox *inbox);

struct request *inbox_request(const struct inbox *inbox, uint32_t lane, uint32_t place);

/* The entries that a STEP pulls, in its order, for one that is not filed because its answer is known; they stay until the
 * next call. NULL and a sentence when anything in it is wrong. */
const uint32_t *inbox_asked(struct inbox *inbox, const struct message *message, struct shard *shard,
                            struct status *status);

/* Checks a STEP against the shard and files it at its lane's place. NULL and a sentence when anything in it
 * is wrong; then nothing has changed. The lane's number has been checked. */
struct request *inbox_accept(struct inbox *inbox, const struct event *event, struct shard *shard,
                             uint32_t place, struct status *status);

/* Copies the gradients of a request that still waits, before its message goes. */
void inbox_keep(struct inbox *inbox, struct request *request);

/* Bytes that inbox_init takes. */
size_t inbox_bytes(uint32_t lanes, uint32_t depth, uint32_t lane_rows, uint32_t stride);

#endif
