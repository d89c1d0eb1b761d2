/* What a pserver knows, shared by the files of this room and by nobody else. */
#ifndef PSERVER_STATE_H
#define PSERVER_STATE_H

#include "pserver/heat.h"
#include "pserver/image.h"
#include "pserver/inbox.h"
#include "pserver/pserver.h"
#include "pserver/rates.h"
#include "pserver/replies.h"
#include "pserver/runs.h"

/* SETTLE: the one that waits for its step, and the last one done. */
struct settling {
    bool waiting, done;
    uint64_t wanted_step;
    uint64_t done_step, digest;
};

/* KEEP: the kept rows are the shard's again. */
struct keeping {
    bool back;
    uint64_t digest; /* of them */
};

/* The one copy of the shard: what is being read into it, or written from it. */
struct copying {
    struct shard_image image;
    bool taken;   /* the image's arrays are there */
    bool reading; /* JOB_READ_IMAGE is under way, and there is no shard yet */
    bool writing; /* JOB_WRITE_IMAGE is under way */
    struct job job;
    uint64_t number;       /* of the last checkpoint cut, 0 before the first */
    struct status outcome; /* of it, unless it is being written */
};

struct pserver {
    struct pserver_spec spec;
    struct member member;
    uint64_t now_us;                /* of the event under way */
    struct welcome_message welcome; /* the first one; what the shard begins from */
    struct shard *shard;            /* NULL until WELCOME, or until the checkpoint it names has been read */
    struct gate gate;
    struct rates rates; /* minibatch, as are the next three */
    struct inbox inbox;
    struct replies replies;
    struct lane_gradients *step_lanes; /* scratch of one step: a share per lane */
    struct heat heat;                  /* minibatch, as long as there is a shard */
    struct runs runs;                  /* blocked */
    uint32_t *read_entries;            /* scratch of one READ */
    struct settling settling;
    struct keeping keeping;
    struct copying copying;
    struct heartbeat_message counters;
    union beat_tallies tallies;
};

/* Rows that lanes can have read ahead at one moment: what an image holds besides the shard's own. */
static inline uint64_t state_held_capacity(const struct pserver_spec *spec) {
    return (uint64_t)spec->gate.lanes * gate_lead(&spec->gate) * spec->shard.lane_rows;
}

#endif
