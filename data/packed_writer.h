/* Writing a packed set (data/packed_set.h): ratings are streamed in, first those that train, then those that
 * validate, and the counts and means that go with them are taken on the way. Used by import and generate. */
#ifndef DATA_PACKED_WRITER_H
#define DATA_PACKED_WRITER_H

#include "core/rating.h"
#include "data/packed_set.h"
#include "data/string_list.h"
#include "data/value_table.h"

enum packed_part { PACKED_TRAIN, PACKED_VALID };

/* What the ratings are called and where they came from; borrowed until the commit returns. */
struct packed_about {
    const struct string_list *user_ids, *movie_ids; /* their counts are the numbers of users and movies */
    const struct string_list *movie_titles, *movie_genres;
    const char *split; /* "numpy" */
    double valid_fraction;
    uint64_t split_seed;
    const char *source; /* the ratings file, or "generated" */
    double truth_rmse;  /* NaN: unknown */
};

/* What was written. */
struct packed_totals {
    uint64_t train, valid;
    double train_mean, valid_mean;
    float smallest, largest;
    double baseline_mse;              /* of the training mean on the validation ratings */
    uint64_t cold_users, cold_movies; /* validation ratings whose user or movie has no training rating */
    uint64_t cold;                    /* validation ratings with either */
};

struct packed_writer;

/* Begins folder/ratings.dotbias; the folder must exist. */
struct packed_writer *packed_writer_begin(const char *folder, struct status *status);

/* Appends ratings; all of PACKED_TRAIN come before the first of PACKED_VALID. */
bool packed_writer_ratings(struct packed_writer *writer, enum packed_part part, const struct rating *ratings,
                           size_t count, struct status *status);

/* How often each value was written: zero and minus zero are one. NULL when there are more different ones than a histogram has
 * bars. Lives as long as the writer. */
const struct value_table *packed_writer_values(const struct packed_writer *writer);

/* Completes the file and makes it visible; fills totals. Ends and frees the writer in every case. */
bool packed_writer_commit(struct packed_writer *writer, const struct packed_about *about,
                          struct packed_totals *totals, struct status *status);

/* For a set whose training ratings lie in blocks (data/blocks.h), written elsewhere: the validation ratings
 * are streamed in, and what is known of the others is told at the end. */
struct packed_in_blocks {
    const uint32_t *user_counts, *movie_counts; /* training ratings per row */
    uint64_t blocks_hash;
    struct packed_totals totals; /* of all ratings */
};
struct packed_writer *packed_writer_begin_in_blocks(const char *folder, struct status *status);
bool packed_writer_valid_in_blocks(struct packed_writer *writer, const struct rating *ratings, size_t count,
                                   struct status *status);
bool packed_writer_commit_in_blocks(struct packed_writer *writer, const struct packed_about *about,
                                    const struct packed_in_blocks *in_blocks, struct status *status);

/* Leaves nothing behind. NULL is allowed. */
void packed_writer_abandon(struct packed_writer *writer);

#endif
