/* A finished run, opened for a question: its model and, where the command wants them, the ratings it was trained on. */
#ifndef CLI_FINISHED_H
#define CLI_FINISHED_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>

#include "analysis/prediction.h"
#include "analysis/run_folder.h"
#include "data/packed_set.h"

enum finished_ratings {
    RATINGS_NOT_NEEDED,
    RATINGS_IF_THERE, /* the model's numbers are worth something without them */
    RATINGS_NEEDED,
};

struct finished {
    struct run_folder run;
    struct model_file model;
    struct predictor predictor; /* borrows the model */
    bool has_set;
    char data[PATH_MAX]; /* where the set was found; empty without one */
    struct packed_set set;
    struct status why_no_set; /* where RATINGS_IF_THERE found none */
};

/* Takes the one argument RUN_OR_MODEL of a command: what its parser returns for keys that are no option of its own.
 * *path starts as NULL. */
error_t finished_argument(int key, char *value, struct argp_state *state, const char **path);

/* Opens a run's folder or a model file. `data` names another packed set, NULL is the run's own; one that is named must be
 * there. Lives at one address until finished_close. Errors of run_folder, model_file_open and packed_set_open. */
bool finished_open(struct finished *finished, const char *path, const char *data,
                   enum finished_ratings ratings, struct status *status);
void finished_close(struct finished *finished);

/* The bias of every movie of a model that has them; the caller gives them back with memory_release. NULL and
 * STATUS_NO_MEMORY. */
double *finished_biases(const struct finished *finished, struct status *status);

#endif
