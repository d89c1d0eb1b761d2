/* Checkpoints, as the coordinator sees them: when one is due, who has copied and who has written it, and where the run
 * stood. One at a time:
 *
 *   idle -> TAKING: CUT is sent, lanes stand still until every shard says TAKEN
 *        -> WRITING: lanes go on; every shard says IMAGED
 *        -> COMMITTING: JOB_COMMIT writes the manifest, which makes it count -> idle
 * When a shard or the manifest cannot be written, the checkpoint is dropped, the one before stays, and the next one is
 * tried when it is due. */
#ifndef COORDINATOR_CUTS_H
#define COORDINATOR_CUTS_H

#include "coordinator/roster.h"
#include "core/image.h"

enum cut_stage { CUT_IDLE, CUT_TAKING, CUT_WRITING, CUT_COMMITTING };

struct cuts_spec {
    bool possible;        /* there is a folder for them */
    uint64_t interval_us; /* 0: none by time */
    uint64_t steps;       /* of a lane; 0: none by steps */
    uint64_t first_number;
    uint32_t pservers, lanes;
};

struct cuts {
    struct cuts_spec spec;
    enum cut_stage stage;
    uint64_t next_number, last_us, begun_us;
    uint8_t *taken, *imaged; /* [pservers] */
    struct status failure;   /* of the one under way: the first shard's that could not write */
    struct run_position position;
    struct job job;
    uint32_t count;           /* that count */
    uint64_t saved, saved_us; /* the number of the last one, and when it was cut; 0: none by this process */
    uint64_t pause_us;
};

bool cuts_init(struct cuts *cuts, const struct cuts_spec *spec, struct status *status);
void cuts_free(struct cuts *cuts);

/* Training begins: the interval counts from here. */
void cuts_start(struct cuts *cuts, uint64_t now_us);

/* Whether lanes, all at lane_step, should stand still for a checkpoint now. */
bool cuts_due(const struct cuts *cuts, uint64_t lane_step, uint64_t now_us);

/* The step at which a grant from lane_step on must end, at the latest, for the sake of checkpoint.steps. */
uint64_t cuts_next_step(const struct cuts *cuts, uint64_t lane_step);

/* TAKING: `position` of *cuts has been filled in but for its number. */
void cuts_begin(struct cuts *cuts, const struct roster *roster, uint64_t now_us, struct outbox *out);

/* Sends CUT again to those that owe an answer. */
void cuts_repeat(const struct cuts *cuts, const struct roster *roster, struct outbox *out);

/* TAKEN and IMAGED: each files what a shard says (IMAGED says TAKEN too, should that have been lost), then the stage may move
 * on by one or two. In stage CUT_IDLE, failure says why the checkpoint was dropped. Others than the one under way are
 * ignored. */
void cuts_taken(struct cuts *cuts, uint32_t pserver, uint64_t number, uint64_t now_us, struct outbox *out);
void cuts_imaged(struct cuts *cuts, uint32_t pserver, const struct imaged_message *imaged, uint64_t now_us,
                 struct outbox *out);

/* JOB_COMMIT is done. True when the checkpoint counts; otherwise cuts->failure says why. */
bool cuts_committed(struct cuts *cuts, const struct job *job);

#endif
