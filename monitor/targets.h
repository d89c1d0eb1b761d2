/* targets.json: where a run's processes answer /metrics, for Prometheus' file_sd (docs/MONITORING.md). */
#ifndef MONITOR_TARGETS_H
#define MONITOR_TARGETS_H

#include "monitor/board.h"
#include "monitor/scroll.h"

/* Puts the content: a group {"targets": ["host:port"], "labels": {role, index, run}} for the coordinator at `address` (NULL: it
 * has none) and for every member that has a page, while the run is not over. */
void targets_put(struct scroll *scroll, const struct board *board, const char *address);

#endif
