/* How an engine meets the world: an event comes in, actions go out through the outbox. Nothing else.
 *
 * An engine (coordinator, pserver, worker) does no I/O, reads no clock and starts no thread. Whoever drives
 * it (the real loop in `net`, the simulator in tests/sim) hands it one event at a time and carries out what
 * it puts into the outbox. Order: actions of one event are carried out in the order they were put; messages
 * of one link arrive in the order they were sent, or (when a link breaks) not at all. */
#ifndef PROTO_EVENT_H
#define PROTO_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"
#include "core/rating.h"
#include "core/status.h"
#include "proto/message.h"

/* A link is one end of a connection. An engine names the links it opens (below LINK_INCOMING); the world
 * names those that others open to it (LINK_INCOMING and above) and never uses a number twice. */
typedef uint32_t link_id;
enum { LINK_COORDINATOR = 0, LINK_FIRST_PSERVER = 1, LINK_INCOMING = 1u << 20 };

enum event_kind {
    EVENT_START,    /* first event; links to the coordinator exist from here on */
    EVENT_MESSAGE,  /* link, message; the message and its body live until the step returns */
    EVENT_TIMER,    /* the time asked for with outbox_wake has come (a spurious one is harmless) */
    EVENT_JOB_DONE, /* job (the very struct that was put out) has been carried out; job->status says how */
    EVENT_STOP      /* the user or the supervisor asks for an orderly end; status says why */
};

struct event {
    enum event_kind kind;
    uint64_t now_us; /* monotonic, microseconds; the only clock an engine has */
    uint64_t
        busy_us; /* spent in the engine's steps before this one, for figures alone: nothing that it decides may
                         depend on it */
    link_id link;
    const struct message *message;
    struct job *job;
    const struct status *status;
};

/* Slow or dirty work that an engine needs done, carried out by whoever drives it. The engine owns the struct
 * and all buffers it points at, and leaves them alone until EVENT_JOB_DONE. */
enum job_kind {
    JOB_LOAD_LANE,   /* worker: the ratings of (epoch, step_in_epoch, lane) -> ratings, count, minibatch */
    JOB_LOAD_BLOCK,  /* worker: block (part, stratum) -> the other fields */
    JOB_LOAD_VALID,  /* worker: validation ratings [first, first + count) -> ratings, cold */
    JOB_EPOCH_END,   /* coordinator: show and record `epoch` */
    JOB_PROGRESS,    /* coordinator: show `progress` */
    JOB_READ_IMAGE,  /* pserver: fills image.image from checkpoint image.number; long */
    JOB_WRITE_IMAGE, /* pserver: writes image.image as its part of checkpoint image.number; long */
    JOB_COMMIT,      /* coordinator: every shard has written: makes checkpoint `position` count; long */
    JOB_EPOCH_MODEL, /* coordinator: show the components and biases of `model` as they are after an epoch */
    JOB_SAVE_ROWS, /* coordinator: `row_count` rows of `table` from `first_row` on, [row][stride] -> the model
                      file */
    JOB_FINISH     /* coordinator: everything is there; commit the model, write summary.json */
};

struct job {
    enum job_kind kind;
    struct status status;
    union {
        struct {
            uint64_t epoch, step_in_epoch;
            uint32_t lane;
            struct rating *ratings; /* room for the largest lane */
            uint32_t count, minibatch;
        } lane;
        struct {
            uint32_t part, stratum;
            uint32_t count;
            const uint16_t *users,
                *movies;          /* [count] within the part and the stratum; as long as the set is open */
            const uint8_t *codes; /* [count] into levels */
            const float *levels;  /* the distinct values of all ratings, at most 256 */
        } block;
        struct {
            uint64_t first;
            uint32_t count;
            struct rating *ratings; /* room for count */
            uint8_t *cold;          /* 1 where the user or the movie has no training rating */
        } valid;
        struct {
            uint64_t number;
            uint32_t shards;         /* reading: that wrote it */
            uint64_t rates_capacity; /* reading: pairs that image->rates has room for */
            struct shard_image *image;
        } image;
        const struct run_position *position;
        const struct epoch_report *epoch;
        const struct progress_report *progress;
        const struct model_report *model;
        struct {
            enum table_id table;
            uint32_t first_row, row_count;
            const float *rows;
        } save;
        const struct final_report *finish;
    };
};

/* What a driver knows of the engine it drives, for its heartbeat. */
struct driver_figures {
    uint64_t busy_us;        /* spent in the engine's steps so far */
    uint64_t resident_bytes; /* of the process in memory; 0 when not known, or when others live in it too */
};

/* The engine's only way to act. */
struct outbox_ops {
    void *(*body)(void *world, size_t bytes);
    void (*send)(void *world, link_id link, const struct message *message);
    void (*connect)(void *world, link_id link, const char *endpoint);
    void (*job)(void *world, struct job *job);
    void (*wake)(void *world, uint64_t at_us);
    void (*log)(void *world, const char *sentence);
    void (*exit)(void *world, const struct status *status);
    uint64_t (*clock)(void *world);
    struct driver_figures (*measure)(void *world);
    void (*show)(void *world, const struct figures *figures);
};

struct outbox {
    const struct outbox_ops *ops;
    void *world;
};

/* Room for the body of the next outbox_send, 64-byte aligned, to be filled by the engine; never NULL. The
 * world owns it. Valid until that send. */
static inline void *outbox_body(struct outbox *out, size_t bytes) {
    return out->ops->body(out->world, bytes);
}

/* Sends a message over a link, with the body reserved before, if any (message->body and
 * body_bytes are ignored: the reservation says how long it is). A link that
 * is gone swallows it: deadlines and heartbeats notice. */
static inline void outbox_send(struct outbox *out, link_id link, const struct message *message) {
    out->ops->send(out->world, link, message);
}

/* Opens the link that the engine has named to an endpoint (inproc://, ipc://, tcp://). */
static inline void outbox_connect(struct outbox *out, link_id link, const char *endpoint) {
    out->ops->connect(out->world, link, endpoint);
}

/* Hands a job over; EVENT_JOB_DONE comes after this step has returned, never inside it. */
static inline void outbox_job(struct outbox *out, struct job *job) {
    out->ops->job(out->world, job);
}

/* Asks for EVENT_TIMER at a time; the engine has one timer, and the last word counts. */
static inline void outbox_wake(struct outbox *out, uint64_t at_us) {
    out->ops->wake(out->world, at_us);
}

/* One line for people, "event=joined role=pserver index=1 ...". */
static inline void outbox_log(struct outbox *out, const char *sentence) {
    out->ops->log(out->world, sentence);
}

/* The engine is done, well or badly; it gets no event after this. What was sent before is still delivered. */
static inline void outbox_exit(struct outbox *out, const struct status *status) {
    out->ops->exit(out->world, status);
}

/* Nanoseconds on a clock that only rises, for measuring how long something took. Nothing that an engine decides may depend
 * on it: in the simulator it stands still during a step. */
static inline uint64_t outbox_clock(struct outbox *out) {
    return out->ops->clock(out->world);
}

/* Asked once per heartbeat: it may cost a look into /proc. */
static inline struct driver_figures outbox_measure(struct outbox *out) {
    return out->ops->measure(out->world);
}

/* What a member has counted, for those who ask its process; copied before the call returns. */
static inline void outbox_show(struct outbox *out, const struct figures *figures) {
    out->ops->show(out->world, figures);
}

/* What a driver needs of an engine. */
struct engine {
    void *self;
    void (*step)(void *self, const struct event *event, struct outbox *out);
};

#endif
