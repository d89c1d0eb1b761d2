/* history.csv: a header and one row per epoch, for plots and comparisons. Numbers are exact (they read back
 * as the same doubles); what is not known is an empty field. A row is on its way to the disk when history_add
 * returns. */
#ifndef MONITOR_HISTORY_H
#define MONITOR_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reports.h"
#include "core/status.h"

struct history;

/* Starts the file anew and writes the header. NULL and STATUS_CANT_CREATE or STATUS_IO on failure. */
struct history *history_create(const char *path, struct status *status);

/* Goes on with a run's file after `epochs` epochs: keeps the header and the rows of epochs 1..epochs, and replaces
 * the file as a whole, so that a failure leaves the old one. What a crash has left torn, and what follows it, is
 * dropped, and a file that is missing starts anew: *kept says how many rows are there. NULL and STATUS_CANT_CREATE,
 * STATUS_IO or STATUS_NO_MEMORY on failure. */
struct history *history_resume(const char *path, uint32_t epochs, uint32_t *kept, struct status *status);

/* Reads the whole rows of epochs 1, 2, ... in their order, as far as there are such, and hands each over (its `epochs` is
 * 0); false from `row` ends the reading. A file that is missing has none. False and STATUS_IO, or as `row` says. */
bool history_read(const char *path,
                  bool (*row)(void *context, const struct epoch_report *report, struct status *status),
                  void *context, struct status *status);

/* Looks at the first `most` whole rows of a file: how many there are (0 without such a file), and the valid_rmse of the last of them,
 * NaN where that is not known. */
uint32_t history_look(const char *path, uint32_t most, double *valid_rmse);

/* Adds a row and flushes it; STATUS_IO when it does not reach the file. */
bool history_add(struct history *history, const struct epoch_report *report, struct status *status);

/* Ends and frees the history in every case; NULL is allowed. */
bool history_close(struct history *history, struct status *status);

#endif
