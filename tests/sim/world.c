#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"

static void *take(size_t bytes) {
    struct status status;
    void *block = memory_take(bytes, "the simulator", &status);
    REQUIRE(block != NULL, "the simulator has memory");
    return block;
}

struct world *world_new(uint64_t seed, uint64_t delay_us) {
    struct world *world = take(sizeof *world);
    world->seed = seed;
    world->delay_us = delay_us;
    world->now_us = 1000000;
    return world;
}

uint64_t world_draw(struct world *world, uint64_t bound) {
    return rng_bits(world->seed, 77, world->drawn++) % bound;
}

static bool before(const struct occurrence *a, const struct occurrence *b) {
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

static void swap(struct occurrence *a, struct occurrence *b) {
    struct occurrence keep = *a;
    *a = *b;
    *b = keep;
}

static void enqueue(struct world *world, struct occurrence what) {
    REQUIRE(world->queued < WORLD_QUEUE_MAX, "the virtual network is not flooded");
    what.order = world->order++;
    uint32_t at = world->queued++;
    world->queue[at] = what;
    for (; at > 0 && before(&world->queue[at], &world->queue[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&world->queue[at], &world->queue[(at - 1) / 2]);
    world->queued_most = world->queued > world->queued_most ? world->queued : world->queued_most;
}

static struct occurrence dequeue(struct world *world) {
    struct occurrence first = world->queue[0];
    world->queue[0] = world->queue[--world->queued];
    for (uint32_t at = 0, child; (child = 2 * at + 1) < world->queued; at = child) {
        child += child + 1 < world->queued && before(&world->queue[child + 1], &world->queue[child]);
        if (!before(&world->queue[child], &world->queue[at]))
            break;
        swap(&world->queue[at], &world->queue[child]);
    }
    return first;
}

static void forget(struct occurrence *what) {
    memory_release(what->header);
    memory_release(what->body);
}

void world_free(struct world *world) {
    for (uint32_t i = 0; i < world->queued; i++)
        forget(&world->queue[i]);
    for (uint32_t i = 0; i < world->node_count; i++)
        memory_release(world->nodes[i].body);
    memory_release(world);
}

static struct link_end *find_link(struct world *world, uint32_t node, link_id name) {
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].node == node && world->links[i].name == name)
            return &world->links[i];
    return NULL;
}

static void join(struct world *world, uint32_t from, link_id name, uint32_t to) {
    REQUIRE(world->link_count + 2 <= WORLD_LINKS_MAX, "the virtual network has room for its links");
    link_id incoming = LINK_INCOMING + world->link_count;
    world->links[world->link_count++] = (struct link_end){from, to, name, incoming, 0};
    world->links[world->link_count++] = (struct link_end){to, from, incoming, name, 0};
}

static void *copy(const void *bytes, size_t length) {
    void *block = take(length);
    if (length != 0)
        memcpy(block, bytes, length);
    return block;
}

static void post(struct world *world, struct link_end *link, const void *header, size_t header_bytes,
                 const void *body, size_t body_bytes) {
    uint64_t arrival = world->now_us + 1 + world_draw(world, world->delay_us);
    link->last_us = arrival > link->last_us ? arrival : link->last_us + 1;
    enqueue(world, (struct occurrence){.at_us = link->last_us,
                                       .node = link->peer,
                                       .link = link->peer_name,
                                       .header = copy(header, header_bytes),
                                       .header_bytes = header_bytes,
                                       .body = copy(body, body_bytes),
                                       .body_bytes = body_bytes});
}

static void *op_body(void *self, size_t bytes) {
    struct node *node = self;
    memory_release(node->body);
    node->body = take(bytes);
    node->body_bytes = bytes;
    return node->body;
}

static void op_send(void *self, link_id name, const struct message *message) {
    struct node *node = self;
    struct world *world = node->world;
    struct link_end *link = find_link(world, node->index, name);
    unsigned char header[MESSAGE_HEADER_MAX];
    size_t header_bytes = message_encode(message, header, sizeof header), body_bytes = node->body_bytes;
    enum fate fate = FATE_ARRIVES;
    node->body_bytes = 0;
    if (link == NULL)
        return;
    if (world->watch != NULL) {
        struct message seen = *message;
        seen.body = node->body;
        seen.body_bytes = body_bytes;
        fate = world->watch(world->watch_context, node, &world->nodes[link->peer], &seen);
    }
    for (int times = fate == FATE_LOST ? 0 : fate == FATE_TWICE ? 2 : 1; times > 0; times--)
        post(world, link, header, header_bytes, node->body, body_bytes);
}

static void op_connect(void *self, link_id name, const char *endpoint) {
    struct node *node = self;
    for (uint32_t i = 0; i < node->world->node_count; i++)
        if (strcmp(node->world->nodes[i].endpoint, endpoint) == 0)
            join(node->world, node->index, name, i);
}

static bool is_under_way(const struct world *world, const struct job *job) {
    for (uint32_t i = 0; i < world->queued; i++)
        if (world->queue[i].job == job)
            return true;
    return false;
}

/* One disk access in eight is a slow one. */
static uint64_t job_us(struct world *world) {
    uint64_t slowness = world_draw(world, 8) == 0 ? 100 : 1;
    return 1 + slowness * world_draw(world, world->delay_us);
}

static void op_job(void *self, struct job *job) {
    struct node *node = self;
    REQUIRE(!is_under_way(node->world, job), "an engine leaves a job alone until it is done");
    enqueue(node->world, (struct occurrence){.at_us = node->world->now_us + job_us(node->world),
                                             .node = node->index,
                                             .job = job});
}

static void op_wake(void *self, uint64_t at_us) {
    struct node *node = self;
    node->wake_us = at_us > node->world->now_us ? at_us : node->world->now_us + 1;
}

static void op_log(void *self, const char *sentence) {
    struct world *world = ((struct node *)self)->world;
    world->refused_logs += strstr(sentence, "event=refused") != NULL;
    snprintf(world->last_log, sizeof world->last_log, "%s", sentence);
    if (getenv("SIM_TRACE") != NULL)
        fprintf(stderr, "# %llu %s\n", (unsigned long long)world->now_us, sentence);
}

static void op_exit(void *self, const struct status *status) {
    struct node *node = self;
    node->ended = true;
    node->outcome = *status;
}

static const struct outbox_ops OPS = {op_body, op_send, op_connect, op_job, op_wake, op_log, op_exit};

static void hand(struct node *node, struct event event) {
    struct outbox out = {&OPS, node};
    event.now_us = node->world->now_us;
    if (!node->ended && !node->frozen)
        node->engine.step(node->engine.self, &event, &out);
}

struct node *world_add(struct world *world, struct engine engine, const char *endpoint,
                       const struct node *coordinator, void (*perform)(void *, struct job *), void *context) {
    REQUIRE(world->node_count < WORLD_NODES_MAX, "the world has room for its nodes");
    struct node *node = &world->nodes[world->node_count];
    *node = (struct node){.world = world,
                          .index = world->node_count++,
                          .engine = engine,
                          .endpoint = endpoint,
                          .perform = perform,
                          .context = context};
    if (coordinator != NULL)
        join(world, node->index, LINK_COORDINATOR, coordinator->index);
    return node;
}

void world_forge(struct world *world, const struct node *from, const struct node *to,
                 const struct message *message) {
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].node == to->index && world->links[i].peer == from->index) {
            hand(&world->nodes[to->index],
                 (struct event){.kind = EVENT_MESSAGE, .link = world->links[i].name, .message = message});
            return;
        }
}

static void deliver(struct world *world, struct occurrence *what) {
    struct node *node = &world->nodes[what->node];
    struct message message;
    struct status status;
    world->delivered++;
    if (what->job != NULL) {
        what->job->status.code = STATUS_OK;
        node->perform(node->context, what->job);
        hand(node, (struct event){.kind = EVENT_JOB_DONE, .job = what->job});
        return;
    }
    bool good =
        message_decode(&message, what->header, what->header_bytes, what->body, what->body_bytes, &status);
    REQUIRE(good, "what an engine sends can be decoded");
    if (world->heard != NULL)
        world->heard(world->watch_context, node, &message);
    hand(node, (struct event){.kind = EVENT_MESSAGE, .link = what->link, .message = &message});
    forget(what);
}

/* The node whose timer is due first, or NULL. */
static struct node *first_timer(struct world *world) {
    struct node *first = NULL;
    for (uint32_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (!node->ended && !node->frozen && node->wake_us != 0 &&
            (first == NULL || node->wake_us < first->wake_us))
            first = node;
    }
    return first;
}

static bool all_ended(const struct world *world) {
    for (uint32_t i = 0; i < world->node_count; i++)
        if (!world->nodes[i].ended && !world->nodes[i].frozen)
            return false;
    return true;
}

bool world_run(struct world *world, uint64_t until_us) {
    for (uint32_t i = 0; i < world->node_count; i++)
        hand(&world->nodes[i], (struct event){.kind = EVENT_START});
    while (!all_ended(world)) {
        struct node *timer = first_timer(world);
        if (world->queued > 0 && (timer == NULL || world->queue[0].at_us <= timer->wake_us)) {
            struct occurrence what = dequeue(world);
            world->now_us = what.at_us;
            deliver(world, &what);
        } else if (timer != NULL) {
            world->now_us = timer->wake_us;
            timer->wake_us = 0;
            hand(timer, (struct event){.kind = EVENT_TIMER});
        } else {
            return false;
        }
        if (world->now_us > until_us)
            return false;
    }
    return true;
}
