/* A training session as a person meets it: the run's folder, the ratings, the first lines, the cluster, the
 * last words. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <limits.h>
#include <stdbool.h>

#include "config/config.h"
#include "monitor/display.h"

struct session_spec {
    char name[NAME_MAX + 1]; /* of the run's folder, before the number */
    enum display_level level;
    bool json;              /* the summary on stdout, and nothing else there */
    bool members_elsewhere; /* pservers and workers are started by hand: run the coordinator alone */
};

/* Trains by the configuration and returns the exit code. A run that fails before its first epoch leaves no
 * folder. */
int session_run(const struct session_spec *spec, struct config *config);

#endif
