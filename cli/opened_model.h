/* The model of a command that answers from one: found, opened, indexed. */
#ifndef CLI_OPENED_MODEL_H
#define CLI_OPENED_MODEL_H

#include <stdbool.h>

#include "analysis/prediction.h"
#include "analysis/run_folder.h"
#include "core/status.h"

struct opened_model {
    struct run_folder run;
    struct model_file file;
    struct predictor predictor;
};

/* path: a run's folder or a model file. Must not move while it is open. */
bool opened_model_open(struct opened_model *opened, const char *path, struct status *status);
void opened_model_close(struct opened_model *opened);

#endif
