/* A run's monitor (monitor/service.h) as the configuration has it: started beside the coordinator, which tells it what happens.
 * Whatever fails there is said, on the terminal and in the log, and ends no run. */
#ifndef NODE_WATCH_H
#define NODE_WATCH_H

#include "monitor/service.h"
#include "node/lead.h"

struct watch {
    const struct lead_spec *spec;
    struct service *service; /* NULL: nobody watches; its functions take that */
    char logs[PATH_MAX];
};

/* After the history is there to be read. The spec is borrowed until watch_stop. With monitor.listen `none` no thread is
 * started. */
void watch_start(struct watch *watch, const struct lead_spec *spec);

/* Leaves the page where it is for monitor.linger, or until SIGTERM or SIGINT; nobody else may be listening for those. */
void watch_linger(struct watch *watch);

/* Safe on a struct that is all zero. */
void watch_stop(struct watch *watch);

#endif
