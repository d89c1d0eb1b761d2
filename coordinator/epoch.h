/* The books of one epoch: which lanes and shards are done, and the sums of losses, added in an order that
 * does not depend on who was first. */
#ifndef COORDINATOR_EPOCH_H
#define COORDINATOR_EPOCH_H

#include "core/reports.h"
#include "proto/event.h"

struct epoch_books {
    uint32_t lanes, pservers, slices;
    uint64_t valid_count;
    struct lane_done_message *lane_sums;  /* [lanes]; count 0 and done 0 until it comes */
    uint8_t *lane_done;                   /* [lanes] */
    uint8_t *settled;                     /* [pservers] */
    struct validated_message *slice_sums; /* [slices] */
    uint8_t *slice_done;                  /* [slices] */
    uint32_t lanes_left, pservers_left, slices_left;
    uint32_t next_slice; /* the next one to deal out */
    uint64_t digest;     /* of the model, complete when pservers_left is 0 */
};

bool epoch_init(struct epoch_books *books, uint32_t lanes, uint32_t pservers, uint64_t valid_count,
                struct status *status);
void epoch_free(struct epoch_books *books);

/* Clears the books for the next epoch. */
void epoch_begin(struct epoch_books *books);

/* Each files one message; false with a sentence when it is not expected. */
bool epoch_lane_done(struct epoch_books *books, const struct lane_done_message *done, struct status *status);
bool epoch_settled(struct epoch_books *books, uint32_t pserver, uint64_t digest, struct status *status);
bool epoch_validated(struct epoch_books *books, const struct validated_message *sums, struct status *status);

/* The next slice to measure; false when all are dealt out. */
bool epoch_next_slice(struct epoch_books *books, struct validate_message *slice);

/* Fills in the losses of a report from the books. */
void epoch_losses(const struct epoch_books *books, struct epoch_report *report, double *cold_mae);

#endif
