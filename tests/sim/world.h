/* A virtual world for engines: a network, a clock and a disk made of one seed.
 *
 * Every message is encoded and decoded as on a real wire, and arrives after a random delay; messages of one link keep their
 * order, those of different links do not. Jobs end after a random delay. Nothing is concurrent and nothing is real, so a seed
 * replays a run to the last event. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "proto/event.h"

enum { WORLD_NODES_MAX = 32, WORLD_LINKS_MAX = 512, WORLD_QUEUE_MAX = 1 << 15 };

/* What becomes of a message; a test decides. */
enum fate { FATE_ARRIVES, FATE_LOST, FATE_TWICE };

struct world;

struct node {
    struct world *world;
    uint32_t index;
    struct engine engine;
    const char *endpoint; /* "" for one that nobody connects to */
    void (*perform)(void *context, struct job *job);
    void *context;
    uint64_t wake_us; /* 0: no timer */
    bool frozen;      /* hears and does nothing from now on */
    bool ended;
    struct status outcome;
    void *body;
    size_t body_bytes;
};

struct link_end {
    uint32_t node, peer;     /* whose end it is, and who is at the other one */
    link_id name, peer_name; /* what each calls it */
    uint64_t last_us;        /* arrival of the last message sent from this end */
};

struct occurrence {
    uint64_t at_us, order;
    uint32_t node;
    link_id link;
    struct job *job; /* NULL: a message */
    unsigned char *header;
    size_t header_bytes;
    void *body;
    size_t body_bytes;
};

struct world {
    uint64_t seed, drawn, now_us, order, delay_us;
    struct node nodes[WORLD_NODES_MAX];
    uint32_t node_count;
    struct link_end links[WORLD_LINKS_MAX];
    uint32_t link_count;
    struct occurrence queue[WORLD_QUEUE_MAX]; /* a heap by time, then order */
    uint32_t queued, queued_most;
    uint64_t delivered, refused_logs;
    enum fate (*watch)(void *context, const struct node *from, const struct node *to,
                       const struct message *message);
    void (*heard)(void *context, const struct node *node, const struct message *message); /* arrivals */
    void *watch_context;                                                                  /* of both */
    char last_log[1024];
};

/* delay_us: messages and jobs take 1 to this long. */
struct world *world_new(uint64_t seed, uint64_t delay_us);
void world_free(struct world *world);

/* A number below `bound` (>= 1) from the seed. */
uint64_t world_draw(struct world *world, uint64_t bound);

/* Adds a node; coordinator NULL for the coordinator itself. */
struct node *world_add(struct world *world, struct engine engine, const char *endpoint,
                       const struct node *coordinator, void (*perform)(void *, struct job *), void *context);

/* Hands a node a message at once, as if it had come from another node over their link. */
void world_forge(struct world *world, const struct node *from, const struct node *to,
                 const struct message *message);

/* Runs until every node that is not frozen has ended, or the virtual time is over; false in the second case. */
bool world_run(struct world *world, uint64_t until_us);

#endif
