/* The coordinator in the real world: it shows the run, on the terminal and by the monitor (monitor/service.h), keeps its
 * history, makes checkpoints count (in a thread in the background, node/background.h), and writes the model and the summary. */
#ifndef NODE_LEAD_H
#define NODE_LEAD_H

#include "config/config.h"
#include "data/packed_set.h"
#include "model/lr_find.h"
#include "monitor/display.h"
#include "net/loop.h"
#include "node/run_dir.h"

/* A run that looks for a learning rate from `from` to `to`: it leaves nothing but the curve, in *curve. */
struct lead_search {
    double from, to;
    struct lr_find *curve;
};

struct lead_spec {
    const struct config *config;
    const struct packed_set *set;
    const struct run_dir *dir;
    const char *data_path; /* of the packed set, for summary.json */
    void *zmq_context;
    struct guard *guard; /* of that context; NULL: nothing is encrypted */
    const char *listen;
    const char *checkpoints;           /* their folder; NULL or "": a commit fails with STATUS_CONFIG */
    const struct run_position *resume; /* where the run goes on; NULL: it begins */
    const struct lead_search *search;  /* NULL: an ordinary run */
    struct display *display;
    FILE *report; /* where components and biases are printed at the end; NULL: nowhere */
    FILE *json;   /* where the summary is printed at the end; NULL: nowhere */
    void (*log)(void *context,
                const char *sentence); /* gets the engine's lines, besides the display; NULL: nobody */
    void *log_context;
    int words; /* a socket of lines from the supervisor, for the monitor; 0: none */
};

struct lead;

/* Binds, and starts the history or goes on with it. loop_endpoint(lead_loop(lead)) is where members find it. What
 * the spec points at is borrowed until lead_free. */
struct lead *lead_new(const struct lead_spec *spec, struct status *status);
struct loop *lead_loop(const struct lead *lead);
bool lead_run(struct lead *lead, struct status *status);

/* After a run that went well: the page stays for monitor.linger, or until SIGTERM or SIGINT. */
void lead_linger(struct lead *lead);

/* Waits for a commit under way. */
void lead_free(struct lead *lead);

#endif
