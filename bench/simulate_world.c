#include <stdio.h>
#include <string.h>

#include "bench/simulate.h"
#include "core/contract.h"
#include "core/memory.h"

/* A message leaves a host when the processor is done with it, reaches the other host's card, and arrives when that has taken it
 * in: each in the order of time, since a worker says at the beginning of a block what it will send at its end. */
enum happening { LEAVES, REACHES, ARRIVES, TURNS, WAKES };

struct timed_link {
    link_id name, peer_name;
    uint32_t peer;
};

/* Something for a node to do. */
struct item {
    struct item *next;
    struct job *job; /* NULL: a message, or the timer when there is no header */
    link_id link;
    uint32_t to; /* a message: the node that it is for */
    size_t header_bytes, body_bytes;
    void *body;
    unsigned char header[];
};

struct moment {
    uint64_t at_ns, serial;
    enum happening what;
    uint32_t node;
    struct item *item;
};

struct timed_world {
    struct simulate_costs costs;
    struct timed_node *nodes;
    uint32_t node_count;
    struct moment *heap;
    size_t count, capacity;
    uint64_t serial, now_ns, sent, arrived;
    link_id links_made;
};

static void *take(size_t bytes) {
    struct status status;
    void *block = memory_take_raw(bytes, "the simulation", &status);
    REQUIRE(block != NULL, "the simulation has memory");
    return block;
}

/* ---- the order of things: a binary heap by time, then by age ---- */

static bool is_before(const struct moment *a, const struct moment *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->serial < b->serial;
}

static void plan(struct timed_world *world, uint64_t at_ns, enum happening what, uint32_t node,
                 struct item *item) {
    struct status status;
    REQUIRE(memory_grow((void **)&world->heap, &world->capacity, world->count + 1, sizeof *world->heap,
                        "the simulation", &status),
            "the simulation has memory");
    struct moment moment = {at_ns, world->serial++, what, node, item};
    size_t at = world->count++;
    for (; at > 0 && is_before(&moment, &world->heap[(at - 1) / 2]); at = (at - 1) / 2)
        world->heap[at] = world->heap[(at - 1) / 2];
    world->heap[at] = moment;
}

static struct moment next(struct timed_world *world) {
    struct moment first = world->heap[0], last = world->heap[--world->count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < world->count) {
        child += child + 1 < world->count && is_before(&world->heap[child + 1], &world->heap[child]);
        if (is_before(&last, &world->heap[child]))
            break;
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = last;
    return first;
}

/* ---- links ---- */

static struct timed_link *find_link(const struct timed_node *node, link_id name) {
    if (name < node->link_count && node->links[name].name == name)
        return &node->links[name];
    for (uint32_t i = 0; i < node->link_count; i++)
        if (node->links[i].name == name)
            return &node->links[i];
    return NULL;
}

static void add_link(struct timed_node *node, struct timed_link link) {
    struct status status;
    size_t capacity = node->link_capacity;
    REQUIRE(memory_grow((void **)&node->links, &capacity, node->link_count + 1, sizeof *node->links, "links",
                        &status),
            "the simulation has memory");
    node->link_capacity = (uint32_t)capacity;
    node->links[node->link_count++] = link;
}

static void join(struct timed_node *from, link_id name, struct timed_node *to) {
    link_id incoming = LINK_INCOMING + from->world->links_made++;
    add_link(from, (struct timed_link){name, incoming, to->index});
    add_link(to, (struct timed_link){incoming, name, from->index});
}

/* ---- what an engine does ---- */

static void *op_body(void *self, size_t bytes) {
    struct timed_node *node = self;
    memory_release(node->body);
    node->body = take(bytes == 0 ? 1 : bytes);
    node->body_bytes = bytes;
    return node->body;
}

static uint64_t wire_ns(const struct timed_world *world, const struct item *item) {
    return (uint64_t)((double)(item->header_bytes + item->body_bytes) * 1e9 / world->costs.card_bytes_per_s);
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* One message after another, its last byte last. */
static void leave(struct timed_world *world, struct timed_node *from, struct item *item) {
    from->out_free_ns = later(world->now_ns, from->out_free_ns) + wire_ns(world, item);
    plan(world, from->out_free_ns + world->costs.latency_ns, REACHES, item->to, item);
}

/* The last byte is at the card, which has taken in the others meanwhile, unless it was busy with another message. */
static void reach(struct timed_world *world, struct timed_node *to, struct item *item) {
    to->in_free_ns = later(world->now_ns, to->in_free_ns + wire_ns(world, item));
    plan(world, to->in_free_ns, ARRIVES, to->index, item);
}

static void op_send(void *self, link_id name, const struct message *message) {
    struct timed_node *node = self;
    struct timed_world *world = node->world;
    const struct timed_link *link = find_link(node, name);
    unsigned char header[MESSAGE_HEADER_MAX];
    size_t header_bytes = message_encode(message, header, sizeof header),
           bytes = header_bytes + node->body_bytes;
    REQUIRE(link != NULL, "an engine writes to those it knows");
    if (node->work != NULL)
        node->step_ns += node->work(node->context, message);
    node->step_ns += world->costs.message_ns + (uint64_t)(world->costs.byte_ns * (double)bytes);
    struct item *item = take(sizeof *item + header_bytes);
    *item = (struct item){.link = link->peer_name,
                          .to = link->peer,
                          .header_bytes = header_bytes,
                          .body_bytes = node->body_bytes,
                          .body = node->body};
    memcpy(item->header, header, header_bytes);
    node->body = NULL;
    node->body_bytes = 0;
    node->sent_bytes += bytes;
    world->sent++;
    plan(world, world->now_ns + node->step_ns, LEAVES, node->index, item);
}

static void op_connect(void *self, link_id name, const char *endpoint) {
    struct timed_node *node = self;
    for (uint32_t i = 0; i < node->world->node_count; i++)
        if (strcmp(node->world->nodes[i].endpoint, endpoint) == 0)
            join(node, name, &node->world->nodes[i]);
}

static void op_job(void *self, struct job *job) {
    struct timed_node *node = self;
    struct item *item = take(sizeof *item);
    *item = (struct item){.job = job};
    job->status.code = STATUS_OK;
    uint64_t took_ns = node->perform(node->context, job);
    plan(node->world, node->world->now_ns + node->step_ns + took_ns, ARRIVES, node->index, item);
}

static void op_wake(void *self, uint64_t at_us) {
    struct timed_node *node = self;
    uint64_t now_ns = node->world->now_ns + node->step_ns;
    node->wake_us = at_us;
    plan(node->world, at_us * 1000 > now_ns ? at_us * 1000 : now_ns, WAKES, node->index, NULL);
}

static void op_log(void *self, const char *sentence) {
    (void)self;
    if (strstr(sentence, "refused") != NULL)
        fprintf(stderr, "%s\n", sentence);
}

static void op_exit(void *self, const struct status *status) {
    struct timed_node *node = self;
    node->ended = true;
    node->outcome = *status;
}

static uint64_t op_clock(void *self) {
    const struct timed_node *node = self;
    return node->world->now_ns;
}

static struct driver_figures op_measure(void *self) {
    const struct timed_node *node = self;
    return (struct driver_figures){node->busy_ns / 1000, 0};
}

static void op_show(void *self, const struct figures *figures) {
    (void)self, (void)figures;
}

static const struct outbox_ops OPS = {op_body, op_send, op_connect, op_job,     op_wake,
                                      op_log,  op_exit, op_clock,   op_measure, op_show};

/* ---- the course of things ---- */

static void hand(struct timed_node *node, struct event event) {
    struct outbox out = {&OPS, node};
    event.now_us = node->world->now_ns / 1000;
    node->engine.step(node->engine.self, &event, &out);
}

static void queue(struct timed_world *world, struct timed_node *node, struct item *item) {
    item->next = NULL;
    if (node->first == NULL)
        node->first = item;
    else
        node->last->next = item;
    node->last = item;
    node->queue_length++;
    node->longest_queue = node->queue_length > node->longest_queue ? node->queue_length : node->longest_queue;
    if (!node->scheduled)
        plan(world, node->free_ns > world->now_ns ? node->free_ns : world->now_ns, TURNS, node->index, NULL);
    node->scheduled = true;
}

static void deliver(struct timed_world *world, struct timed_node *node, struct item *item) {
    struct message message;
    struct status status;
    if (item->job != NULL) {
        hand(node, (struct event){.kind = EVENT_JOB_DONE, .job = item->job});
    } else if (item->header_bytes == 0) {
        hand(node, (struct event){.kind = EVENT_TIMER});
    } else {
        bool good =
            message_decode(&message, item->header, item->header_bytes, item->body, item->body_bytes, &status);
        REQUIRE(good, "what an engine sends can be decoded");
        node->step_ns += world->costs.message_ns +
                         (uint64_t)(world->costs.byte_ns * (double)(item->header_bytes + item->body_bytes));
        node->received_bytes += item->header_bytes + item->body_bytes;
        node->messages++;
        hand(node, (struct event){.kind = EVENT_MESSAGE, .link = item->link, .message = &message});
    }
}

/* A node does the oldest thing that waits for it. */
static void turn(struct timed_world *world, struct timed_node *node) {
    struct item *item = node->first;
    node->first = item->next;
    node->queue_length--;
    node->step_ns = 0;
    if (!node->ended)
        deliver(world, node, item);
    node->busy_ns += node->step_ns;
    node->free_ns = world->now_ns + node->step_ns;
    memory_release(item->body);
    memory_release(item);
    node->scheduled = node->first != NULL;
    if (node->scheduled)
        plan(world, node->free_ns, TURNS, node->index, NULL);
}

static void happen(struct timed_world *world, const struct moment *moment) {
    struct timed_node *node = &world->nodes[moment->node];
    if (moment->what == TURNS) {
        turn(world, node);
    } else if (moment->what == LEAVES) {
        leave(world, node, moment->item);
    } else if (moment->what == REACHES) {
        reach(world, node, moment->item);
    } else if (moment->what == ARRIVES) {
        world->arrived += moment->item->job == NULL;
        queue(world, node, moment->item);
    } else if (node->wake_us != 0 && node->wake_us * 1000 <= moment->at_ns) {
        struct item *item = take(sizeof *item);
        *item = (struct item){0};
        node->wake_us = 0;
        queue(world, node, item);
    }
}

uint64_t timed_world_run(struct timed_world *world, bool (*stop)(void *context), void *context) {
    for (uint32_t i = 0; i < world->node_count; i++) {
        world->nodes[i].step_ns = 0;
        hand(&world->nodes[i], (struct event){.kind = EVENT_START});
    }
    while (world->count > 0 && !stop(context)) {
        struct moment moment = next(world);
        REQUIRE(moment.at_ns >= world->now_ns, "time does not go back");
        world->now_ns = moment.at_ns;
        happen(world, &moment);
    }
    return world->now_ns;
}

void timed_world_count(const struct timed_world *world, uint64_t *sent, uint64_t *arrived) {
    *sent = world->sent;
    *arrived = world->arrived;
}

/* ---- life ---- */

struct timed_world *timed_world_new(const struct simulate_costs *costs, uint32_t nodes) {
    struct status status;
    struct timed_world *world = memory_take(sizeof *world, "the simulation", &status);
    REQUIRE(world != NULL, "the simulation has memory");
    *world = (struct timed_world){.costs = *costs, .node_count = nodes, .now_ns = 1000000000};
    world->nodes = memory_take_array(nodes, sizeof *world->nodes, "the simulation", &status);
    REQUIRE(world->nodes != NULL, "the simulation has memory");
    for (uint32_t i = 0; i < nodes; i++)
        world->nodes[i] = (struct timed_node){.world = world, .index = i};
    return world;
}

struct timed_node *timed_world_node(struct timed_world *world, uint32_t index,
                                    const struct timed_node *coordinator) {
    struct timed_node *node = &world->nodes[index];
    if (coordinator != NULL)
        join(node, LINK_COORDINATOR, &world->nodes[coordinator->index]);
    return node;
}

void timed_world_free(struct timed_world *world) {
    for (size_t i = 0; i < world->count; i++)
        if (world->heap[i].item != NULL) {
            memory_release(world->heap[i].item->body);
            memory_release(world->heap[i].item);
        }
    for (uint32_t i = 0; i < world->node_count; i++) {
        struct timed_node *node = &world->nodes[i];
        for (struct item *item = node->first, *after; item != NULL; item = after) {
            after = item->next;
            memory_release(item->body);
            memory_release(item);
        }
        memory_release(node->links);
        memory_release(node->body);
    }
    memory_release(world->heap);
    memory_release(world->nodes);
    memory_release(world);
}
