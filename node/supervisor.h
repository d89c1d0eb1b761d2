/* A whole cluster as processes of this machine (transport ipc or tcp): starts them, watches them, starts again what dies
 * (node/restart_policy.h), ends them. Their dirty work is theirs; the supervisor holds nothing that could be lost.
 *
 * No process outlives the call, nor a kill -9 of the caller. */
#ifndef NODE_SUPERVISOR_H
#define NODE_SUPERVISOR_H

#include "node/run_dir.h"

struct supervisor_spec {
    const struct config *config;
    const struct run_dir *dir; /* with its config.yaml, from which all processes start */
    const char *program_dir;   /* where dotbias-coordinator, dotbias-pserver and dotbias-worker are */
    const char *checkpoints;   /* their folder */
    const char *const
        *output_options; /* for the coordinator, "--json" and the like, ended by NULL: its output is ours */
    void (*tell)(void *context, const char *sentence); /* a restart, as a line "event=restarted ..." */
    void *context;
};

/* Trains, from the newest checkpoint where there is one. SIGTERM and SIGINT ask the coordinator to save and end. Call from
 * the main thread. False when the run did not succeed; a status with an empty text has been explained on stderr by the
 * coordinator already. Otherwise a failing coordinator's sentence comes to us, and is told once: as the reason of a restart
 * or as the outcome. */
bool supervisor_run(const struct supervisor_spec *spec, struct status *status);

#endif
