/* The coordinator's sense of time: members that are missing or silent, and the progress that is shown. */
#ifndef COORDINATOR_WATCH_H
#define COORDINATOR_WATCH_H

#include "coordinator/state.h"

/* The timer: ends the run when a member is lost or the start deadline has passed; shows progress; asks for the next tick. */
void watch_tick(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

#endif
