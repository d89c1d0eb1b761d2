/* A virtual world for engines: a network, clocks and jobs made of one seed.
 *
 * Every message is encoded and decoded as on a real wire, and arrives after a random delay; messages of one link keep their
 * order unless tests/sim/faults.h says otherwise, those of different links do not. Jobs end after a random delay. Nodes can
 * die, and others take their places; a node can be frozen for a while, and its clock can leap. Nothing is concurrent and
 * nothing is real, so a seed replays a run to the last event. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "faults.h"
#include "proto/event.h"
#include "queue.h"

enum { WORLD_NODES_MAX = 32, WORLD_LINKS_MAX = 512, WORLD_ENDPOINT_BYTES = 32 };

/* What becomes of a message; a test decides. */
enum fate { FATE_ARRIVES, FATE_LOST, FATE_TWICE };

struct world;

struct node {
    struct world *world;
    uint32_t index;
    uint64_t birth; /* from 1, never twice; 0: the place is free */
    struct engine engine;
    char endpoint[WORLD_ENDPOINT_BYTES]; /* "" for one that nobody connects to */
    void (*perform)(void *context, struct job *job);
    void (*broken)(void *context,
                   struct job *job); /* the node died while the job was under way; may be NULL */
    void *context;
    bool started;
    uint64_t wake_us;  /* on the world's clock; 0: no timer */
    uint64_t ahead_us; /* of the world's clock */
    uint64_t frozen_until_us;
    bool frozen; /* hears and does nothing from now on */
    bool ended;
    struct status outcome;
    void *body;
    size_t body_bytes;
};

struct link_end {
    bool used;
    uint32_t node, peer;     /* whose end it is, and who is at the other one */
    uint64_t peer_birth;     /* of the node at the other end */
    link_id name, peer_name; /* what each calls it */
    uint64_t last_us;        /* arrival of the last message sent from this end */
};

struct world {
    uint64_t seed, drawn, now_us, delay_us;
    uint64_t births, links_made;
    struct node nodes[WORLD_NODES_MAX];
    uint32_t places; /* of nodes: in use or free again */
    struct link_end links[WORLD_LINKS_MAX];
    uint32_t link_count; /* likewise */
    struct queue queue;
    struct faults faults;
    uint64_t delivered, refused_logs;
    const char *dreaded; /* words that nobody should log; NULL: none */
    uint64_t dreaded_logs;
    enum fate (*watch)(void *context, const struct node *from, const struct node *to,
                       const struct message *message);
    void (*heard)(void *context, const struct node *node, const struct message *message); /* arrivals */
    void *watch_context;                                                                  /* of both */
    bool traces;                                                                          /* on stderr */
    char last_log[1024];
};

/* delay_us: messages and jobs take 1 to this long. SIM_TRACE in the environment: says on stderr what happens. */
struct world *world_new(uint64_t seed, uint64_t delay_us);
void world_free(struct world *world);

/* A number below `bound` (>= 1) from the seed. */
uint64_t world_draw(struct world *world, uint64_t bound);

/* A line on stderr when the world is traced. */
void world_trace(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a node at a free place; coordinator NULL for the coordinator itself. It starts with the world's next step. */
struct node *world_add(struct world *world, struct engine engine, const char *endpoint,
                       const struct node *coordinator, void (*perform)(void *, struct job *), void *context);

/* A node is no more, with its links and jobs; what it sent still arrives. Its engine may be freed after this. */
void world_remove(struct world *world, struct node *node);

/* Hands a node EVENT_STOP. */
void world_ask_to_stop(struct world *world, struct node *node, enum status_code code, const char *reason);

/* Hands a node a message at once, as if it had come from another node over their link. */
void world_forge(struct world *world, const struct node *from, const struct node *to,
                 const struct message *message);

/* As when TCP resets the connection that `from` has opened to `to`: the next one has another name there. */
void world_renew_link(struct world *world, const struct node *from, const struct node *to);

/* Makes the next thing happen, but nothing later than until_us, when the clock stops there. False when nothing is left
 * to happen. */
bool world_step(struct world *world, uint64_t until_us);

/* Runs until every node that is not frozen has ended, or the virtual time is over; false in the second case. */
bool world_run(struct world *world, uint64_t until_us);

#endif
