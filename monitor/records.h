/* RUN/monitor: the series and the events of a run as tables, for the page after a restart, for the report, for plots.
 *
 *   run.csv      sample,time,seconds,epoch,loss,valid_rmse,learning_rate,ratings_per_s
 *   shards.csv   sample,seconds,shard,pulls_per_s,pushes_per_s,...     a row per shard and sample
 *   workers.csv  sample,seconds,worker,ratings_per_s                   likewise
 *   events.csv   time,seconds,event,role,index,text
 *
 * `time` is in seconds since 1970, `seconds` are the run's own (monitor/board.h). What is not known is an empty field. Files
 * are bounded: of samples those stay that stay in the series (2,048), and events are RECORDS_EVENTS at most, after which the
 * older half goes. A row is the kernel's when a call returns. What a crash has torn is dropped. */
#ifndef MONITOR_RECORDS_H
#define MONITOR_RECORDS_H

#include "monitor/board.h"
#include "monitor/series.h"

enum {
    RECORDS_EVENTS = 8192,
    RECORDS_REST_S = 60 /* a longer rest between two coordinators is no part of the run's life */
};

struct records;

/* Reads what is there of a run into an empty board and series: samples, events, and the epochs of the history at `history`.
 * The board's started_unix and before go on from what was read, as of `now_unix`; a run without records begins now.
 * Samples of members that the series has no room for are left out. STATUS_IO, STATUS_NO_MEMORY. */
bool records_read(const char *folder, const char *history, double now_unix, struct board *board,
                  struct series *series, struct status *status);

/* Hands over every event that is on record, also those that a board has let go; serials are 0. Errors alike. */
bool records_each_event(const char *folder, void (*event)(void *context, const struct board_event *event),
                        void *context, struct status *status);

/* The same as records_read, and goes on with the files, or begins them, with the folder. NULL and STATUS_CANT_CREATE, STATUS_IO or
 * STATUS_NO_MEMORY on failure. */
struct records *records_open(const char *folder, const char *history, double now_unix, struct board *board,
                             struct series *series, struct status *status);

/* Adds the newest sample of the series, to be called after every sample that was kept. */
bool records_sample(struct records *records, const struct series *series, struct status *status);

/* Adds the events that the board has got since. */
bool records_events(struct records *records, const struct board *board, struct status *status);

/* NULL is allowed. */
void records_close(struct records *records);

#endif
