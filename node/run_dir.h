/* The folder of a run, made at its start:
 *   config.yaml     the resolved configuration, ready to run again
 *   data/           the packed set, when the run imported it
 *   history.csv     a row per epoch
 *   checkpoints/    what it can be taken up from (data/checkpoint.h), unless checkpoint.dir says where else
 *   model.dotbias, summary.json     written at the end, whole or not at all
 *   logs/           a file per process
 *   monitor/        the series and events as tables (monitor/records.h), targets.json for Prometheus, and, while the run
 *                   lives, url, where its page is
 *   lock            held by whoever trains there: two trainings never share a folder
 *   coordinator.endpoint            where the coordinator listens, while it does */
#ifndef NODE_RUN_DIR_H
#define NODE_RUN_DIR_H

#include <limits.h>
#include <stddef.h>

#include "config/config.h"

struct run_dir {
    char path[PATH_MAX]; /* absolute */
    bool is_numbered;    /* runs/<name>-<number>, made up by us */
    bool is_locked;
    int lock; /* descriptor, when is_locked */
};

/* Makes run.dir, or runs/<name>-<first free number> when it is empty, and locks it; name is the configuration's
 * file name without its ending. A run.dir that holds any file of a run already is refused: nothing is
 * overwritten. Give it back with run_dir_close. STATUS_CANT_CREATE on failure. */
bool run_dir_create(struct run_dir *dir, const struct config *config, const char *name,
                    struct status *status);

/* Opens the folder of a run that was made before, to go on with it, and locks it. STATUS_NO_INPUT when it is none,
 * STATUS_CANT_CREATE with the process's id while another training holds it. */
bool run_dir_open(struct run_dir *dir, const char *path, struct status *status);

/* As run_dir_open, for a process whose supervisor holds the lock. */
bool run_dir_join(struct run_dir *dir, const char *path, struct status *status);

/* Gives the lock back. Safe to call twice. */
void run_dir_close(struct run_dir *dir);

/* Joins a file's name to the folder; text has PATH_MAX bytes. */
void run_dir_file(const struct run_dir *dir, const char *file, char *text);

/* The folder as a person here would type it: relative where it lies below the working folder. */
void run_dir_shown(const struct run_dir *dir, char text[PATH_MAX]);

/* Where the run's checkpoints are: checkpoint.dir, else `checkpoints` in the folder. */
void run_dir_checkpoints(const struct run_dir *dir, const struct config *config, char text[PATH_MAX]);

/* Writes a file of the folder, whole or not at all. */
bool run_dir_write(const struct run_dir *dir, const char *file, const char *text, size_t length,
                   struct status *status);

/* Writes config.yaml, over an older one. */
bool run_dir_write_config(const struct run_dir *dir, const struct config *config, struct status *status);

/* Whether the model and the summary are there. */
bool run_dir_is_finished(const struct run_dir *dir);

/* Whether an epoch has been recorded: then a run that failed has left something to look at. */
bool run_dir_has_history(const struct run_dir *dir);

/* Removes what killed processes have left half-written in the folder itself. For whoever leads the run, before its members
 * start. */
void run_dir_sweep(const struct run_dir *dir);

/* Removes what a run left that never ended an epoch: its files, its logs, its unfinished checkpoints, and the
 * folders that are empty then. */
void run_dir_discard(const struct run_dir *dir);

#endif
