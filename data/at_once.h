/* An import in one pass over its file: ratings whose fate is known when they come go to the packed set at once, and only those
 * that validate are kept, 12 bytes each. This is so for split `hash` while ratings come user by user and no pair comes twice, as in
 * the files of MovieLens. Where it turns out not to be so the pass gives up, and data/import.h begins again with all ratings in
 * memory: what is written is the same. */
#ifndef DATA_AT_ONCE_H
#define DATA_AT_ONCE_H

#include "data/duplicates.h"
#include "data/errands.h"
#include "data/histogram.h"
#include "data/packed_writer.h"
#include "data/rating_list.h"

/* Starts as zeros, but for the folder and the number of threads. It must not move. */
struct at_once {
    const char *folder;           /* of the packed set */
    unsigned threads;             /* with more than one, another thread writes */
    struct packed_writer *writer; /* begun with the first rating; then errands are the writer's */
    struct errands errands;
    struct train_batch *batches; /* at the errands' places */
    unsigned place;              /* that is being filled */
    struct pair_watch watch;
    struct rating_list valid;
    uint64_t count;       /* ratings taken */
    bool has_many_values; /* told by who writes, with a failure */
    bool gave_up;         /* then functions return false without a status */
};

/* Takes the next ratings; movies is the number of rows that they may name. */
bool at_once_take(struct at_once *at_once, const struct rating *ratings, const uint8_t *is_valid,
                  size_t count, size_t movies, struct status *status);

/* After the last rating: lets the rest be written, or gives up when there is none to train on. */
bool at_once_end(struct at_once *at_once, struct status *status);

/* Makes the set visible, as packed_writer_commit, when all is written; or gives up. */
bool at_once_commit(struct at_once *at_once, const struct packed_about *about, struct packed_totals *totals,
                    struct histogram *histogram, struct status *status);

/* Gives the memory back; a set that is not committed leaves nothing behind. */
void at_once_clear(struct at_once *at_once);

#endif
