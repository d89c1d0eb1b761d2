/* Which run is watched: a folder, an address, or the newest one here. */
#ifndef CLI_LIVE_RUN_H
#define CLI_LIVE_RUN_H

#include <limits.h>

#include "monitor/top_fetch.h"

struct live_run {
    char folder[PATH_MAX]; /* empty for an address */
    struct top_address address;
};

/* named: a run's folder, "http://HOST:PORT/", or NULL for the newest of ./runs that lives. STATUS_NO_INPUT when there is no
 * such run, or none that lives, with what to do; STATUS_USAGE for an address that is none. */
bool live_run_find(struct live_run *run, const char *named, struct status *status);

/* The token that the run's page asks for: of a file, or when token_file is NULL the one that the configuration in the run's folder
 * names. Errors of token_read. */
bool live_run_take_token(struct live_run *run, const char *token_file, struct status *status);

/* Whether the run's folder says that it lives; true for an address. */
bool live_run_lives(const struct live_run *run);

#endif
