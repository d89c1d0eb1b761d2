/* A training session as a person meets it: the run's folder, the ratings, the first lines, the cluster, the
 * last words. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <limits.h>
#include <stdbool.h>

#include "cli/output_options.h"
#include "config/config.h"
#include "node/append_source.h"

enum session_kind {
    SESSION_TRAIN,       /* all of it: threads of this process, or processes that it supervises */
    SESSION_COORDINATOR, /* the coordinator alone: pservers and workers are started by hand */
    SESSION_SUPERVISED /* the coordinator of a SESSION_TRAIN in another process, which holds the run's folder */
};

struct session_spec {
    enum session_kind kind;
    struct output_options output;
    char name[NAME_MAX + 1];     /* of the run's folder, before the number */
    const char *resume;          /* the folder of a run to go on with; NULL: a new run */
    const char *checkpoints;     /* their folder; NULL: as the configuration and the kind have it */
    struct append_source append; /* newer ratings to join with those of a finished run; run NULL: none */
    int words;                   /* SESSION_SUPERVISED: where the supervisor hears of lost workers */
};

/* Trains by the configuration and returns the exit code. A new run that fails with nothing to go on from leaves no
 * folder. */
int session_run(const struct session_spec *spec, struct config *config);

#endif
