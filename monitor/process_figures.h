/* What the kernel knows of this process, by the names that Prometheus' own libraries use. */
#ifndef MONITOR_PROCESS_FIGURES_H
#define MONITOR_PROCESS_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

struct process_figures {
    uint64_t resident_bytes, virtual_bytes;
    double cpu_seconds;        /* user and system */
    double start_time_seconds; /* since 1970 */
    uint64_t open_fds;
};

/* False when /proc does not say. */
bool process_figures_read(struct process_figures *figures);

#endif
