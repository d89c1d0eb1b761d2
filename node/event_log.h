/* Log lines with their time, for the files in RUN/logs. */
#ifndef NODE_EVENT_LOG_H
#define NODE_EVENT_LOG_H

#include <stdio.h>

/* Writes "time=2024-05-01T12:00:00.123Z <sentence>" and flushes. A file that cannot be written is ignored: a run
 * must not die of its log. */
void event_log_line(FILE *file, const char *sentence);

#endif
