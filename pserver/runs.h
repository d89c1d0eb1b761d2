/* Mode blocked: the runs of rows that workers take away and bring back, their versions, and who waits for which.
 *
 * A run is a part of the users, of which every shard has some rows, or a stratum of the movies, which lives whole on one
 * shard (model/partition.h): a range of rows of the whole table, and here one run of places. Its version is the number of
 * pushes that this shard has accepted for it. So of a lane's steps a shard sees those whose stratum lives here, and waits
 * for the first of them that has not been pushed; the least over all shards is where the lane stands. model/rotation.h says which part
 * visits a stratum in which round and after how many visits, so every version is read by one part in one round, and a push of it
 * counts when it is based on the version that is there: an older one has been seen, a newer one is too early. The version
 * alone says whether a lane has made a step, so pushes of a lane may come in any order.
 *
 * A part is read and written by its own lane only. A pull whose version is still to come waits; a lane waits for its part
 * and two strata at most. This module knows rows by their place, and nothing of what they hold. */
#ifndef PSERVER_RUNS_H
#define PSERVER_RUNS_H

#include "model/partition.h"
#include "proto/event.h"
#include "pserver/shard.h"

/* Pulls of one lane that can wait: its part, the stratum of its round, and the next one. */
enum { RUN_PULLS_MAX = 3 };

struct runs_spec {
    bool blocked;           /* false: this run trains in minibatches, and nothing here is used */
    uint32_t parts, strata; /* 1 <= parts <= strata; a part is a lane */
    uint32_t shard, shards; /* this one among all */
};

struct run_name {
    enum table_id table; /* TABLE_USERS: a part; TABLE_MOVIES: a stratum */
    uint32_t run;
};

struct waiting_pull {
    bool waits;
    struct run_name name;
    uint64_t version;
    link_id link; /* whom to answer */
};

struct runs_lane {
    struct waiting_pull pulls[RUN_PULLS_MAX];
    uint32_t lease;         /* that the next two belong to */
    uint64_t lease_step;    /* steps made when its owner opened the lane */
    uint64_t lease_version; /* and the version of its part */
    uint64_t end; /* the step after the latest one pushed here, and what the owner said with that one */
    double squared;
    uint64_t count;
};

struct runs {
    struct runs_spec spec;
    bool known;                      /* RUNS has come */
    uint32_t *firsts[TABLE_COUNT];   /* [parts + 1], [strata + 1]: RUNS */
    struct partition movies;         /* likewise */
    uint64_t *versions[TABLE_COUNT]; /* [parts], [strata] */
    struct runs_lane *lanes;         /* [parts] */
    uint64_t waiting;                /* pulls that wait, of all lanes */
};

/* Takes all memory; none when the mode is another. False and status on failure; to be given back either way. */
bool runs_init(struct runs *runs, const struct runs_spec *spec, struct status *status);
void runs_free(struct runs *runs);

/* Bytes that runs_init takes. */
size_t runs_bytes(const struct runs_spec *spec);

/* Takes the boundaries of a RUNS message, or finds that they are those it has. False with a sentence when they are others,
 * or do not cut these tables into the runs of this configuration. */
bool runs_place(struct runs *runs, const struct message *message, uint32_t users, uint32_t movies,
                struct status *status);

/* Every lane has made lane_step steps and all parts are at home. Parts count from 0 again: they are not the same rows in
 * other hands, and lanes are opened anew. */
void runs_start(struct runs *runs, uint64_t lane_step);

/* A lane belongs to this lease from now on; what an older one waits for is forgotten. */
void runs_lease(struct runs *runs, uint32_t lane, uint32_t lease, uint64_t lane_step);

/* Where a run lies on this shard. Its name has been checked. */
struct shard_run runs_find(const struct runs *runs, struct run_name name);

/* A lane's first step from `step` on whose stratum lives here; GATE_STEPS_MAX when none ever does. */
uint64_t runs_next_step(const struct runs *runs, uint32_t lane, uint64_t step);

/* Whether a lane has pushed a step from `step` on. */
bool runs_beyond(const struct runs *runs, uint64_t step);

/* Steps to tell people that this shard has seen, when `waits_for` is the first one that it waits for: that may be one of the
 * next epoch, or none. */
uint64_t runs_clock(const struct runs *runs, uint64_t waits_for);

uint64_t runs_version(const struct runs *runs, struct run_name name);

/* Whether a lane may ever read this version of this run, and, of what it may, whether the version had gone before its owner
 * came; false with a sentence. The lane's number has been checked. */
bool runs_check_pull(const struct runs *runs, const struct run_pull_message *pull, struct status *status);

/* Whether a lane may ever push this run, based on this version, from this step, and whether the version is not still to
 * come; false with a sentence. The lane's number has been checked. */
bool runs_check_push(const struct runs *runs, const struct run_push_message *push, struct status *status);

/* Whether a push based on this version has been accepted before. */
bool runs_seen(const struct runs *runs, struct run_name name, uint64_t version);

/* A push has been accepted: the run has its next version, and a stratum's lane the sums that came with it. */
void runs_pushed(struct runs *runs, const struct run_push_message *push);

/* Whether a lane's push of a step, whose stratum lives here, has been accepted. */
bool runs_stepped(const struct runs *runs, uint32_t lane, uint64_t step);

/* Lets a pull wait, or changes the link of the one that waits already (*again). False with a sentence when the lane has too
 * many. */
bool runs_wait(struct runs *runs, const struct run_pull_message *pull, link_id link, bool *again,
               struct status *status);

/* Whether a lane waits for a run as it now is; the pull waits no more, and *link is whom to answer. */
bool runs_due(struct runs *runs, uint32_t lane, struct run_name name, link_id *link);

#endif
