/* The logs of a run's processes, for those who look at it from elsewhere: their names, and the last lines of one. Only plain
 * files of the one folder can be reached, by names that are nothing but names. */
#ifndef MONITOR_LOG_TAIL_H
#define MONITOR_LOG_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "monitor/scroll.h"

enum {
    LOG_TAIL_BYTES = 1 << 20, /* read of a file at most, from its end */
    LOG_TAIL_LINES = 10000,
    LOG_TAIL_FILES = 4096, /* names listed */
    LOG_TAIL_NAME_BYTES = 128
};

/* Whether a name is one: letters, digits, '.', '_', '-', not beginning with '.', ending in ".log". */
bool log_tail_is_name(const char *name);

/* The names, sorted, as a JSON array; an empty one when there is no such folder. */
void log_tail_list(struct scroll *scroll, const char *folder);

/* The last lines of a log that are within its last LOG_TAIL_BYTES, the first of them whole unless it is longer. Returns the HTTP
 * code: 200, or with a sentence 404 (no such log) or 500 (it cannot be read). */
unsigned log_tail_read(struct scroll *scroll, const char *folder, const char *name, size_t lines);

#endif
