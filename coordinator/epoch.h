/* The books of an epoch's end: which shards have settled, which slices of the validation ratings are measured and by whom,
 * and the sums of errors, added in an order that does not depend on who was first. */
#ifndef COORDINATOR_EPOCH_H
#define COORDINATOR_EPOCH_H

#include "core/reports.h"
#include "proto/event.h"

#define SLICE_UNDEALT UINT32_MAX

struct epoch_books {
    uint32_t pservers, slices;
    uint64_t valid_count;
    uint8_t *settled;                     /* [pservers] */
    struct validated_message *slice_sums; /* [slices] */
    uint8_t *slice_done;                  /* [slices] */
    uint32_t *slice_worker;               /* [slices] who measures it, or SLICE_UNDEALT */
    uint32_t pservers_left, slices_left;
    uint32_t first_undealt; /* no slice before it is undealt */
    uint64_t digest;        /* of the model, complete when pservers_left is 0 */
};

bool epoch_init(struct epoch_books *books, uint32_t pservers, uint64_t valid_count, struct status *status);
void epoch_free(struct epoch_books *books);

/* Clears the books for the next epoch. */
void epoch_begin(struct epoch_books *books);

/* A shard has settled; *repeated when that was known. */
void epoch_settled(struct epoch_books *books, uint32_t pserver, uint64_t digest, bool *repeated);

/* Files the sums of a slice, *repeated when they were there; false with a sentence when nobody was to measure it. */
bool epoch_validated(struct epoch_books *books, const struct validated_message *sums, bool *repeated,
                     struct status *status);

/* Deals the next slice to a worker; false when all are dealt out. */
bool epoch_deal_slice(struct epoch_books *books, uint32_t worker, struct validate_message *slice);

/* Whether a worker has this many slices to measure. */
bool epoch_is_busy(const struct epoch_books *books, uint32_t worker, uint32_t slices);

/* A slice again, for whoever measures it. */
void epoch_name_slice(const struct epoch_books *books, uint32_t number, struct validate_message *slice);

/* A worker is gone: what it has not measured is undealt again. */
void epoch_take_back(struct epoch_books *books, uint32_t worker);

/* Fills in the validation losses of a report from the books. */
void epoch_losses(const struct epoch_books *books, struct epoch_report *report, double *cold_mae);

#endif
