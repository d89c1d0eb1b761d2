/* What a run's folder says of it, read for `dotbias report`: whether it lives, has failed or is done. */
#ifndef CLI_REPORT_FACTS_H
#define CLI_REPORT_FACTS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "config/config.h"
#include "monitor/board.h"
#include "monitor/series.h"

/* All that is on record but for "epoch": those have a table of their own. In their order. */
struct report_events {
    struct board_event *items;
    size_t count, capacity;
};

struct report_facts {
    char folder[PATH_MAX]; /* as it was named, without slashes at its end */
    const char *name;      /* its last part */
    struct config config;
    char *config_text; /* config.yaml as it stands */
    size_t config_length;
    json_t *summary;    /* NULL: the run has not finished */
    bool has_records;   /* RUN/monitor; without it there are the epochs alone */
    bool lives;         /* its coordinator says where it answers */
    struct board board; /* its epochs */
    struct report_events events;
    struct series series;
    double seconds; /* of the run, as far as is known: the right end of what goes by time */
};

/* STATUS_NO_INPUT when the folder is no run's, and errors of what is read. Give it back with report_facts_close, also when it
 * failed. */
bool report_facts_read(struct report_facts *facts, const char *folder, struct status *status);
void report_facts_close(struct report_facts *facts);

/* "finished", "running", "stopped", "failed" or "ended"; reason gets the sentence to it, "" when there is none. */
const char *report_facts_outcome(const struct report_facts *facts, const char **reason);

#endif
