/* The coordinator in the real world: it shows the run, keeps its history, and writes the model and the
 * summary. */
#ifndef NODE_LEAD_H
#define NODE_LEAD_H

#include "config/config.h"
#include "data/packed_set.h"
#include "monitor/display.h"
#include "net/loop.h"
#include "node/run_dir.h"

struct lead_spec {
    const struct config *config;
    const struct packed_set *set;
    const struct run_dir *dir;
    const char *data_path; /* of the packed set, for summary.json */
    void *zmq_context;
    const char *listen;
    struct display *display;
    FILE *report; /* where components and biases are printed at the end; NULL: nowhere */
    FILE *json;   /* where the summary is printed at the end; NULL: nowhere */
};

struct lead;

/* Binds; loop_endpoint(lead_loop(lead)) is where members find it. */
struct lead *lead_new(const struct lead_spec *spec, struct status *status);
struct loop *lead_loop(const struct lead *lead);
bool lead_run(struct lead *lead, struct status *status);

/* Whether an epoch has been recorded: before that, there is nothing worth keeping in the run's folder. */
bool lead_has_history(const struct lead *lead);
void lead_free(struct lead *lead);

#endif
