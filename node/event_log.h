/* Log lines with their time, for the files in RUN/logs, in the format of monitor.log:
 *
 *   logfmt  time=2024-05-01T12:00:00.123Z event=lost role=worker index=2 reason="silent for 5 s"
 *   json    {"time":"2024-05-01T12:00:00.123Z","process":"coordinator","event":"lost","role":"worker","index":2,
 *            "reason":"silent for 5 s"}                                                            (on one line)
 *
 * docs/MONITORING.md lists the events. */
#ifndef NODE_EVENT_LOG_H
#define NODE_EVENT_LOG_H

#include <stdio.h>

#include "config/config.h"

struct event_log {
    FILE *file; /* NULL: nothing is written */
    enum log_format format;
    const char *process; /* that writes: "coordinator", "supervisor", "pserver", "worker" */
};

/* Writes a line and flushes. The sentence is "event=NAME key=value key=\"value\"..."; as JSON, values that are plain decimal
 * numbers become numbers, and a sentence of another form stands under "text". A file that cannot be written is ignored: a run
 * must not die of its log. */
void event_log_line(const struct event_log *log, const char *sentence);

#endif
