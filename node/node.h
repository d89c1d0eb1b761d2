/* A node is one engine in the real world: its loop, its jobs, its log. One function per role, each run in a
 * thread of its own, or as the only thread of a process; a pserver reads and writes its part of a checkpoint in
 * a thread in the background (node/background.h). */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "config/config.h"
#include "data/packed_set.h"
#include "net/loop.h"

struct node_spec {
    const struct config *config;
    const struct packed_set *set; /* worker; NULL for a pserver */
    void *zmq_context;
    struct guard *guard; /* of that context; NULL: nothing is encrypted */
    uint32_t index;
    const char *listen;      /* pserver */
    const char *coordinator; /* pserver, worker: its endpoint */
    const char *checkpoints; /* pserver: their folder, borrowed until node_free; NULL or "": there is none */
    bool has_page;     /* it is a process of its own, which answers over HTTP when monitor.members is on */
    uint64_t replaces; /* pid of a dead member whose place this one takes; 0: none */
    void (*log)(void *context, const char *sentence);
    void *log_context;
};

/* A pserver: node_pserver_new binds, so that its endpoint is known and loop_stop works before it runs. */
struct node;
struct node *node_pserver_new(const struct node_spec *spec, struct status *status);
struct node *node_worker_new(const struct node_spec *spec, struct status *status);
struct loop *node_loop(const struct node *node);
/* Runs until the engine exits; the outcome is in status. */
bool node_run(struct node *node, struct status *status);
/* Waits for a checkpoint's file that is being read or written. */
void node_free(struct node *node);

#endif
