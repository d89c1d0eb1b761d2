/* A packed ratings set: what `import` and `generate` write, what coordinator and workers read without
 * copying.
 *
 * One container file `ratings.dotbias` in a folder. Sections:
 * - meta: JSON with users, movies, train and valid counts, mean rating of the training set, smallest and
 * largest rating, the split and its seed, the source file, optional truth_rmse (a generated set: what the
 * planted model itself reaches on the validation set);
 * - train, valid: struct rating[], in the order of the source file (numpy split: valid in the order of the
 *   permutation);
 * - user_ids, movie_ids, movie_titles, movie_genres: string tables (data/string_table.h);
 * - user_counts, movie_counts: u32[], training ratings per row.
 *
 * Dense row numbers are given by first appearance over the whole source file.
 *
 * A set that was generated for the mode `blocked` has no section train: its training ratings lie in blocks
 * only (data/blocks.h), five bytes each, and meta holds the hash of these. */
#ifndef DATA_PACKED_SET_H
#define DATA_PACKED_SET_H

#include "core/rating.h"
#include "data/container.h"
#include "data/string_table.h"

struct blocks;

struct packed_set {
    struct container *file; /* owns every pointer below */
    uint32_t users, movies;
    uint64_t train_count, valid_count;
    double train_mean;       /* of the training ratings */
    float smallest, largest; /* over all ratings */
    double truth_rmse;       /* NaN unless generated */
    const struct rating *train, *valid;
    bool is_in_blocks;     /* then train is NULL, and the set is read with its blocks */
    uint64_t blocks_hash;  /* container_hash of their section `blocks`; 0 otherwise */
    struct blocks *blocks; /* its training ratings in blocks, where somebody has opened them; owned */
    struct string_table user_ids, movie_ids;
    struct string_table movie_titles, movie_genres; /* empty strings where nothing is known */
    const uint32_t *user_counts, *movie_counts;
    /* Of the ratings sections and counts: two processes that agree on it read the same set. */
    uint64_t digest;
};

/* The name of the file in its folder. */
#define PACKED_SET_FILE "ratings.dotbias"

/* Opens folder/ratings.dotbias (or the file itself when path names a file), checks every hash, and that every
 * rating names rows below users and movies and has a finite value. */
bool packed_set_open(struct packed_set *set, const char *path, struct status *status);

/* The same for those who read training ratings from blocks: takes a set without a section train too, which
 * packed_set_open refuses with STATUS_BAD_DATA. */
bool packed_set_open_for_blocks(struct packed_set *set, const char *path, struct status *status);
void packed_set_close(struct packed_set *set);

#endif
