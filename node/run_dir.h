/* The folder of a run, made at its start:
 *   config.yaml     the resolved configuration, ready to run again
 *   data/           the packed set, when the run imported it
 *   history.csv     a row per epoch
 *   model.dotbias, summary.json     written at the end, whole or not at all
 *   logs/           a file per process */
#ifndef NODE_RUN_DIR_H
#define NODE_RUN_DIR_H

#include <limits.h>

#include "config/config.h"

struct run_dir {
    char path[PATH_MAX]; /* absolute */
    bool is_numbered;    /* runs/<name>-<number>, made up by us */
};

/* Makes run.dir, or runs/<name>-<first free number> when it is empty; name is the configuration's file name
 * without its ending. A run.dir that holds any file of a run already is refused: nothing is overwritten. */
bool run_dir_create(struct run_dir *dir, const struct config *config, const char *name,
                    struct status *status);

/* Joins a file's name to the folder; text has PATH_MAX bytes. */
void run_dir_file(const struct run_dir *dir, const char *file, char *text);

/* Writes config.yaml. */
bool run_dir_write_config(const struct run_dir *dir, const struct config *config, struct status *status);

/* Removes what a run left that never ended an epoch: its files, its logs, and the folders that are empty
 * then. */
void run_dir_discard(const struct run_dir *dir);

#endif
