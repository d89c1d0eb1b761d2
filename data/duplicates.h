/* Ratings of a (user, movie) pair that was rated before, settled under a stated policy: never summed, never
 * dropped in silence. */
#ifndef DATA_DUPLICATES_H
#define DATA_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "data/rating_list.h"

/* In the order of the configuration's choices. */
enum duplicate_rule {
    DUPLICATE_KEEP_LAST, /* the last rating counts */
    DUPLICATE_TAKE_MEAN, /* the last rating stays, with the mean of all the pair's values */
    DUPLICATE_REFUSE,    /* the import fails */
};

enum { DUPLICATES_SHOWN = 10 };

struct duplicates {
    uint64_t count; /* ratings that repeat an earlier one */
    uint32_t shown;
    struct duplicate {
        uint64_t earlier_line, line; /* the one before, and the one that repeats it */
        uint32_t earlier_file, file;
    } examples[DUPLICATES_SHOWN]; /* in the order of users */
};

/* Watches ratings in the order of the file: while they come user by user and no pair comes twice, there is nothing to settle, and
 * nothing but 4 bytes a movie has to be kept. Starts as zeros. */
struct pair_watch {
    uint32_t user_plus_one; /* whose ratings come now */
    uint32_t *last_user;    /* per movie, plus one */
    size_t capacity;
};

/* Makes room for so many movies. */
bool pair_watch_grow(struct pair_watch *watch, size_t movies, struct status *status);

/* Looks at the next ratings, of movies that there is room for; false when duplicates_settle has to look. */
bool pair_watch_sees(struct pair_watch *watch, const struct rating *ratings, size_t count);

/* Gives the memory back. */
void pair_watch_clear(struct pair_watch *watch);

/* Finds and settles the list's duplicates; what remains keeps its order. users and movies are the numbers of
 * rows. Needs 5 bytes a rating for as long as it runs, unless ratings come user by user and there are no duplicates. Fails with STATUS_NO_MEMORY; DUPLICATE_REFUSE with
 * STATUS_BAD_DATA, with *found filled. */
bool duplicates_settle(struct duplicates *found, enum duplicate_rule rule, struct rating_list *list,
                       uint32_t users, uint32_t movies, struct status *status);

#endif
