/* The run, and a member by itself, in Prometheus' text format (version 0.0.4), from the one table monitor/metrics.def.
 *
 * Every place of the run has its lines from the first report on, also before a process has taken it. Counters are those of the
 * process that holds the place now: they begin anew with it, which Prometheus' rate() knows about. Counts are exact up to 2^53;
 * what is not known has no line. */
#ifndef MONITOR_METRICS_H
#define MONITOR_METRICS_H

#include "core/rating.h"
#include "monitor/board.h"
#include "monitor/scroll.h"
#include "proto/message.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A run: RUN, SHARD, WORKER and PROCESS of the table. */
void metrics_run(struct scroll *scroll, const struct board *board);

/* A pserver's or worker's process by itself. figures: NULL before the first. */
void metrics_member(struct scroll *scroll, enum role role, const struct figures *figures);

#endif
