/* A question for a rating and its answer, as `dotbias predict` prints it. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/prediction.h"

enum { ANSWER_TERMS = 8 };

struct answer {
    const char *user, *movie; /* raw ids, borrowed */
    size_t user_length, movie_length;
    const struct predictor *predictor;
    struct prediction prediction;
    char title[1024]; /* empty for an unknown movie */
    char note[PREDICTION_NOTE_BYTES];
    /* To explain it: */
    bool explains;
    struct prediction_term terms[ANSWER_TERMS]; /* the largest products */
    uint32_t term_count;
    double movie_mean; /* of the movie's training ratings; NaN where that is not known */
};

/* Fills in the answer to its ids; the terms, too, when it explains. */
void answer_ask(struct answer *answer, struct predictor *predictor);

/* For people. */
void answer_print_text(const struct answer *answer);

/* As a JSON object; style: flags of jansson. */
void answer_print_json(const struct answer *answer, size_t style);

/* As a line of a table with tabs, whose header ANSWER_HEADER is. */
#define ANSWER_HEADER "user\tmovie\ttitle\tdot\tuser_bias\tmovie_bias\tmean\tscore\trating\tnote"
void answer_print_row(const struct answer *answer);

#endif
