/* The best epoch so far, by its validation loss: whether the run should end early, and the copies of its rows that the
 * shards keep.
 *
 *   an epoch is the best so far, and others follow -> KEEPING: KEEP goes to every shard; when all have KEPT, the next begins
 *   the run ends, and its last epoch was not the best -> KEEPING: KEEP with back; when all have KEPT, the rows are those
 *   of the best epoch again; they are validated once more, and saved
 * What is remembered here goes into every checkpoint, and the copies are part of the shards' images: a run that is taken up
 * decides as it would have. */
#ifndef COORDINATOR_BEST_H
#define COORDINATOR_BEST_H

#include "coordinator/roster.h"
#include "core/image.h"
#include "model/patience.h"

struct best_spec {
    bool keeps;        /* the model is to be that of the best epoch */
    uint32_t patience; /* epochs without improvement that end the run; 0: none do */
    double threshold;  /* relative improvement that counts for it */
    uint32_t pservers;
};

struct best {
    struct best_spec spec;
    struct patience lowest, patience; /* any improvement; one beyond the threshold */
    uint32_t epoch;                   /* of the lowest loss, counted from 1; 0: none was finite */
    bool back;                        /* the rows of that epoch are to be the shards' again */
    uint8_t *answered;                /* [pservers] */
    uint32_t left;                    /* pservers that have not answered */
    uint64_t digest;                  /* of the rows that are back */
};

bool best_init(struct best *best, const struct best_spec *spec, struct status *status);
void best_free(struct best *best);

/* To and from the position of a checkpoint. */
void best_describe(const struct best *best, struct run_position *position);
void best_take_up(struct best *best, const struct run_position *position);

/* An epoch, counted from 1, has ended. */
void best_told(struct best *best, uint32_t epoch, double validation_loss);

/* Whether the run should end although epochs are left. */
bool best_is_over(const struct best *best);

/* Whether the rows after this epoch must be kept before others follow; whether others must be taken back when it was the last. */
bool best_must_keep(const struct best *best, uint32_t epoch);
bool best_must_take_back(const struct best *best, uint32_t epoch);

/* Sends KEEP to every shard; then again to those that owe an answer. */
void best_ask(struct best *best, bool back, const struct roster *roster, struct outbox *out);
void best_repeat(const struct best *best, const struct roster *roster, struct outbox *out);

/* KEPT of a shard: *repeated when it was known, or answers another question; all have answered when left is 0. */
void best_kept(struct best *best, uint32_t pserver, const struct kept_message *kept, bool *repeated);

#endif
