/* The lesson's table: the most active users by the most rated movies, with what they rated and what the model
 * says.
 *
 * Chosen are the users and the movies with the most ratings of the set, training and validation together, as
 * the lesson counts them; of equals the smaller id. Rows and columns are then in rising order of their raw
 * ids: digits as numbers ("9" before "10"), in front of all other ids, which go by their bytes. Users and
 * movies without a rating are never chosen, so a table can be smaller than asked for. */
#ifndef ANALYSIS_CROSSTAB_H
#define ANALYSIS_CROSSTAB_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/prediction.h"
#include "core/status.h"
#include "data/packed_set.h"
#include "model/dot_bias.h"

/* More cells than this nobody reads. */
enum { CROSSTAB_CELLS_MAX = 1 << 20 };

enum crosstab_part { CROSSTAB_BLANK /* not rated */, CROSSTAB_TRAIN, CROSSTAB_VALID };

struct crosstab_cell {
    enum crosstab_part part;
    float actual;     /* the rating; 0 and without meaning where blank */
    double predicted; /* what `dotbias predict` says of the pair, blank or not */
    double error;     /* predicted - actual; 0 where blank */
};

/* One user or movie of the table. */
struct crosstab_line {
    uint32_t set_row;   /* in the packed set: its id and title are there */
    uint32_t model_row; /* in the model, matched by raw id; ID_UNKNOWN where the model does not know it */
    uint32_t count;     /* its ratings in the set, training and validation */
};

struct crosstab {
    const struct packed_set *set; /* borrowed */
    uint32_t user_count, movie_count;
    struct crosstab_line *users;  /* [user_count], by rising id; owned, as all below */
    struct crosstab_line *movies; /* [movie_count] */
    struct crosstab_cell *cells;  /* [user_count][movie_count] */
    struct loss_sum train, valid; /* over the rated cells of each part */
    double actual_sum;            /* of the rated cells */
};

/* At most `users` x `movies`. The set need not be the one that the model was trained on, and holds a pair at
 * most once, as `import` promises (of several the last counts). STATUS_USAGE for more than CROSSTAB_CELLS_MAX
 * cells, STATUS_BAD_DATA when the model predicts something that is not finite, STATUS_NO_MEMORY. */
bool crosstab_make(struct crosstab *table, const struct packed_set *set, struct predictor *predictor,
                   uint32_t users, uint32_t movies, struct status *status);
void crosstab_free(struct crosstab *table);

const struct crosstab_cell *crosstab_cell(const struct crosstab *table, uint32_t user, uint32_t movie);

/* Rated cells, train and valid. */
uint64_t crosstab_rated(const struct crosstab *table);

#endif
