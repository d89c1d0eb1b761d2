/* The pages of `dotbias explain`: each says what a thing means and computes what can be computed, for a run or, without
 * one, for the lesson's run A. A page gathers its numbers once, as JSON, and prints from them, so that both forms say
 * the same. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

#include "analysis/decay_dose.h"
#include "cli/finished.h"
#include "config/config.h"

struct explain_subject {
    struct config config;      /* of the run, or the lesson's */
    struct finished *finished; /* NULL without a run; with its ratings where they are found */
    uint64_t train_count;      /* training ratings */
    double init_scale;
};

/* Where the numbers go, and whether to print the page. */
struct explain_page {
    json_t *numbers; /* an object; the page fills it */
    bool prints;
};

typedef bool explain_topic(const struct explain_subject *subject, const struct explain_page *page,
                           struct status *status);
explain_topic explain_decay, explain_momentum, explain_pca, explain_crosstab;

/* The run as model/optimiser.h sees it. */
struct decay_run explain_run(const struct explain_subject *subject);

/* "adam", "cosine": the word of a choice of the configuration. */
void explain_choice(unsigned option, unsigned index, char word[32]);

/* False for a run whose steps are not those of minibatches that all see (mode blocked; ssp and asp). */
bool explain_has_steps(const struct explain_subject *subject);

#endif
