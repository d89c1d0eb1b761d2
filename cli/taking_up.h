/* Going on with a run that has been interrupted, as a person meets it: whether that can be, and how it is done. */
#ifndef CLI_TAKING_UP_H
#define CLI_TAKING_UP_H

#include "node/run_dir.h"

/* A new run must not find checkpoints that it would take for its own: STATUS_CANT_CREATE. checkpoints: their folder, or
 * "". */
bool taking_up_nothing(const char *checkpoints, struct status *status);

/* A run goes on with the meaning it had: STATUS_CONFIG and the names of the options that its config.yaml has otherwise;
 * STATUS_CONFIG when no folder of checkpoints is known. */
bool taking_up_same(const struct run_dir *dir, const struct config *config, const char *checkpoints,
                    struct status *status);

/* Whether a whole checkpoint is there. */
bool taking_up_possible(const char *checkpoints);

/* Adds to the sentence of a stopped run which checkpoint there is, and how to go on from it: with `dotbias train`, or with
 * the coordinator alone. */
void taking_up_hint(const struct run_dir *dir, const char *checkpoints, bool by_train, struct status *status);

/* Says that a run is finished already, or prints its summary. Returns the exit code. */
int taking_up_finished(const struct run_dir *dir, bool json);

#endif
