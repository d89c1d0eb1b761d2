/* Who takes part: one place for every pserver and worker of the configuration, filled by HELLO, kept by
 * heartbeats. */
#ifndef COORDINATOR_ROSTER_H
#define COORDINATOR_ROSTER_H

#include "core/reports.h"
#include "proto/event.h"
#include "proto/member.h"

struct seat {
    enum role role;
    uint32_t index;
    bool joined, ready;
    bool leaving; /* it has asked to, and may when its parts are at home (mode blocked) */
    link_id link;
    uint64_t rival, rival_us; /* another process that says it is this member, and since when */
    struct figures now,
        before; /* the last heartbeat, or nothing since it joined; an older one to measure from */
    struct figures
        mark; /* what the next `before` will be: heartbeats also come in between, at the end of epochs */
    uint64_t now_us, before_us, mark_us; /* when they came; 0: not yet */
    uint32_t joinings; /* how often somebody has joined here; the seat remembers this and who was the last */
    struct hello_message hello;
    uint64_t heard_us; /* when a message came last */
};

struct roster_spec {
    uint32_t pservers, workers;
    uint64_t config_digest, data_digest;
    uint64_t silence_us;   /* a member this silent is lost */
    uint64_t beat_us;      /* time between two heartbeats of a member */
    enum wire_format wire; /* that every member has been told */
};

struct roster {
    struct roster_spec spec;
    struct seat *seats; /* pservers, then workers */
    uint32_t count, joined;
};

bool roster_init(struct roster *roster, const struct roster_spec *spec, struct status *status);
void roster_free(struct roster *roster);

struct seat *roster_pserver(const struct roster *roster, uint32_t index);
struct seat *roster_worker(const struct roster *roster, uint32_t index);

/* Whose link this is; NULL when no member's. */
struct seat *roster_find(const struct roster *roster, link_id link);

/* What becomes of a HELLO. */
enum admission {
    ADMISSION_NEW,      /* the seat is free: take it */
    ADMISSION_REPEATED, /* the one in the seat says hello again */
    ADMISSION_REPLACES, /* the one in the seat is dead: clear the seat, then take it */
    ADMISSION_WAITS,    /* whether the one in the seat lives is not known yet: no answer, it will ask again */
    ADMISSION_REFUSED   /* for the reason in status, whose code the process ends with */
};

/* Judges a HELLO without seating anybody; *seat is the place in question unless it is refused. Whoever started both says
 * who is dead (hello.replaces); one that replaces itself has a new connection, and keeps its seat unless that was given to nobody or
 * to another meanwhile. Without that, one who has been heard after the newcomer's first HELLO lives, and one who
 * has been silent for three heartbeats does not. */
enum admission roster_judge(struct roster *roster, const struct event *event, struct seat **seat,
                            struct status *status);

/* Seats the sender of a HELLO that was judged new; clears a seat, which remembers who was there. */
void roster_seat(struct roster *roster, struct seat *seat, const struct event *event);
void roster_clear(struct roster *roster, struct seat *seat);

uint32_t roster_ready_workers(const struct roster *roster);

bool roster_pservers_ready(const struct roster *roster);

/* Files a HEARTBEAT; false when its body is no tallies. One that follows another at once replaces it, so that rates are not
 * measured over a moment. */
bool roster_heartbeat(const struct roster *roster, struct seat *seat, const struct message *message,
                      uint64_t now_us, struct status *status);

/* Whoever kept the time has slept for a while: nobody's silence counts so far. */
void roster_forgive(struct roster *roster, uint64_t now_us);

/* The first member that has been silent for too long, or NULL. */
struct seat *roster_lost(const struct roster *roster, uint64_t now_us);

/* "pserver 1 (pid 4242 on host a)". */
void roster_name(const struct seat *seat, char *text, size_t capacity);

/* "1 of 2 pservers: index 1 not seen; 1 of 2 workers: index 0 not ready", at most capacity bytes. */
void roster_missing(const struct roster *roster, char *text, size_t capacity);

/* Fills the member part of a progress report; shards and workers have room for all. Texts in it are the seats' own
 * (coordinator/roster_progress.c). */
void roster_progress(const struct roster *roster, uint64_t now_us, struct shard_progress *shards,
                     struct worker_progress *workers, struct progress_report *report);

/* Sends a message without a body to every member that has joined. */
void roster_tell(const struct roster *roster, const struct message *message, struct outbox *out);

#endif
