/* The thin mains of dotbias-pserver and dotbias-worker: a role of a cluster, started by `dotbias train` or by
 * hand on a host of its own. */
#ifndef CLI_ROLE_H
#define CLI_ROLE_H

#include "core/rating.h"

/* Runs a pserver or a worker until it is told to end. Returns the exit code. */
int role_main(enum role role, int argc, char **argv);

#endif
