/* Which ratings validate (SPEC.md, section 1). */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/plain_rows.h"
#include "data/rating_list.h"
#include "data/string_list.h"

/* In the order of the configuration's choices. */
enum split_method {
    SPLIT_BY_NUMPY, /* np.random.seed(seed); np.random.permutation(n)[:int(fraction * n)] */
    SPLIT_BY_HASH,  /* hash(seed, user, movie) < fraction: depends on nothing but the rating's ids */
    SPLIT_BY_TIME,  /* the newest fraction (of equal times the later in the file), or all since a time */
    SPLIT_BY_LEAVE_LAST_OUT, /* each user's newest rating, if the user has another one */
    SPLIT_BY_FILES,          /* the ratings of a file of their own */
    SPLIT_METHODS,
};

struct split_spec {
    enum split_method method;
    double fraction; /* numpy, hash, time: 0 <= fraction < 1 */
    uint64_t seed;   /* numpy (below 2^32), hash */
    bool has_since;  /* time: validation is every rating at or after `since`, and fraction plays no part */
    int64_t since;   /* in the unit of the file's timestamps */
};

/* "numpy", "hash", "time", "leave-last-out", "files". */
const char *split_name(enum split_method method);

/* The method of that name (`_` and `-` are the same); false when there is none. */
bool split_named(const char *name, enum split_method *method);

/* Whether the method looks at timestamps: `time` needs them, leave-last-out takes the order of the file
 * without them. */
bool split_wants_times(enum split_method method);

/* Whether split `hash` puts a rating into validation. */
bool split_hash_is_valid(const struct split_spec *spec, const char *user, size_t user_length,
                         const char *movie, size_t movie_length);

/* The same in two steps, for many ratings of one user. */
uint64_t split_hash_of_user(const struct split_spec *spec, const char *user, size_t user_length);
bool split_hash_admits(const struct split_spec *spec, uint64_t of_user, const char *movie,
                       size_t movie_length);

/* The same for all rows that were read from a text, with their places: marks those that validate. */
void split_hash_mark(const struct split_spec *spec, const char *text, const struct plain_rows *rows,
                     uint8_t *is_valid);

struct split {
    uint8_t *is_valid; /* one byte per rating */
    uint64_t valid_count;
    uint32_t *order; /* numpy: the validation ratings in the order of the permutation; else NULL: the file's
                        order */
};

/* Divides the ratings of a list (split `files`: those that did not come from its first file validate). ids
 * are those that the list's rows stand for. Fails with STATUS_NO_MEMORY, or STATUS_BAD_DATA when nothing
 * would be left to train on, or split `time` has no timestamps. */
bool split_make(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                const struct string_list *user_ids, const struct string_list *movie_ids,
                struct status *status);

/* Gives the memory back. */
void split_clear(struct split *split);

#endif
