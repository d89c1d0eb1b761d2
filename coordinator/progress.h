/* The run at a moment, for those who watch it. */
#ifndef COORDINATOR_PROGRESS_H
#define COORDINATOR_PROGRESS_H

#include "coordinator/state.h"

/* Fills a snapshot with the run as it is now; texts in it are the roster's. */
void progress_take(struct coordinator *coordinator, struct snapshot *snapshot, uint64_t now_us);

/* Puts out JOB_PROGRESS when it is time, in every state. */
void progress_show(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

#endif
