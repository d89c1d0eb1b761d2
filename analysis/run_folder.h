/* Where things are in a run's folder: model.dotbias, and the packed set it was trained on. */
#ifndef ANALYSIS_RUN_FOLDER_H
#define ANALYSIS_RUN_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "core/status.h"

struct run_folder {
    char folder[PATH_MAX]; /* where summary.json and data are looked for */
    char model[PATH_MAX];  /* the model file */
};

/* A run's folder, or a model file within one or anywhere. STATUS_NO_INPUT when there is no such model. */
bool run_folder_find(struct run_folder *run, const char *path, struct status *status);

/* The packed set of the run: its own data/ratings.dotbias, else what summary.json names under "data" (a
 * relative path starts at the run's folder, or where the program was started). STATUS_NO_INPUT, with what to
 * do, when neither is there. */
bool run_folder_data(const struct run_folder *run, char data[PATH_MAX], struct status *status);

#endif
