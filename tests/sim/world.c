#include "world.h"

#include <stdarg.h>
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
    world->seed = world->faults.seed = seed;
    world->delay_us = delay_us;
    world->now_us = 1000000;
    world->traces = getenv("SIM_TRACE") != NULL;
    return world;
}

void world_free(struct world *world) {
    queue_free(&world->queue);
    for (uint32_t i = 0; i < world->places; i++)
        memory_release(world->nodes[i].body);
    memory_release(world);
}

uint64_t world_draw(struct world *world, uint64_t bound) {
    return rng_bits(world->seed, 77, world->drawn++) % bound;
}

void world_trace(const struct world *world, const char *format, ...) {
    va_list arguments;
    if (!world->traces)
        return;
    fprintf(stderr, "# %8llu ", (unsigned long long)world->now_us - 1000000);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void trace_message(const struct world *world, const char *what, const struct node *from,
                          const struct node *to, const struct message *message) {
    char text[256];
    if (!world->traces)
        return;
    message_print(message, text, sizeof text);
    world_trace(world, "%s %u.%llu > %u.%llu %s", what, from == NULL ? 99 : from->index,
                (unsigned long long)(from == NULL ? 0 : from->birth), to->index,
                (unsigned long long)to->birth, text);
}

/* ---- links ---- */

static struct link_end *find_link(struct world *world, uint32_t node, link_id name) {
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].used && world->links[i].node == node && world->links[i].name == name)
            return &world->links[i];
    return NULL;
}

static struct link_end *free_link(struct world *world) {
    for (uint32_t i = 0; i < world->link_count; i++)
        if (!world->links[i].used)
            return &world->links[i];
    REQUIRE(world->link_count < WORLD_LINKS_MAX, "the virtual network has room for its links");
    return &world->links[world->link_count++];
}

static void join(struct world *world, const struct node *from, link_id name, const struct node *to) {
    link_id incoming = LINK_INCOMING + (link_id)world->links_made++;
    *free_link(world) = (struct link_end){true, from->index, to->index, to->birth, name, incoming, 0};
    *free_link(world) = (struct link_end){true, to->index, from->index, from->birth, incoming, name, 0};
}

/* ---- what an engine does ---- */

static void *copy(const void *bytes, size_t length) {
    void *block = take(length);
    if (length != 0)
        memcpy(block, bytes, length);
    return block;
}

static void post(struct world *world, struct link_end *link, uint64_t from, const void *header,
                 size_t header_bytes, const void *body, size_t body_bytes) {
    uint64_t due_us = world->now_us + 1 + world_draw(world, world->delay_us);
    struct passage passage =
        faults_pass(&world->faults, world->now_us, from, link->peer_birth, due_us, link->last_us);
    for (uint32_t i = 0; i < passage.copies; i++) {
        if (passage.in_order[i])
            link->last_us = passage.at_us[i];
        queue_add(&world->queue, (struct occurrence){.at_us = passage.at_us[i],
                                                     .node = link->peer,
                                                     .birth = link->peer_birth,
                                                     .link = link->peer_name,
                                                     .header = copy(header, header_bytes),
                                                     .header_bytes = header_bytes,
                                                     .body = copy(body, body_bytes),
                                                     .body_bytes = body_bytes});
    }
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
    if (name < LINK_INCOMING && faults_reset(&world->faults))
        world_renew_link(world, node, &world->nodes[link->peer]);
    struct message seen = *message;
    seen.body = node->body;
    seen.body_bytes = body_bytes;
    if (world->watch != NULL)
        fate = world->watch(world->watch_context, node, &world->nodes[link->peer], &seen);
    trace_message(world, "sent", node, &world->nodes[link->peer], &seen);
    for (int times = fate == FATE_LOST ? 0 : fate == FATE_TWICE ? 2 : 1; times > 0; times--)
        post(world, link, node->birth, header, header_bytes, node->body, body_bytes);
}

static void op_connect(void *self, link_id name, const char *endpoint) {
    struct node *node = self;
    struct world *world = node->world;
    for (uint32_t i = 0; i < world->places; i++)
        if (world->nodes[i].birth != 0 && strcmp(world->nodes[i].endpoint, endpoint) == 0)
            join(world, node, name, &world->nodes[i]);
}

static bool is_under_way(const struct world *world, const struct node *node, const struct job *job) {
    for (size_t i = 0; i < world->queue.count; i++)
        if (world->queue.items[i].job == job && world->queue.items[i].birth == node->birth)
            return true;
    return false;
}

/* One disk access in eight is a slow one. */
static uint64_t job_us(struct world *world, const struct job *job) {
    uint64_t slowness = world_draw(world, 8) == 0 ? 100 : 1;
    uint64_t time_us = 1 + slowness * world_draw(world, world->delay_us);
    if (job->kind == JOB_READ_IMAGE || job->kind == JOB_WRITE_IMAGE || job->kind == JOB_COMMIT)
        time_us += faults_disk_us(&world->faults);
    return time_us;
}

static void op_job(void *self, struct job *job) {
    struct node *node = self;
    struct world *world = node->world;
    REQUIRE(!is_under_way(world, node, job), "an engine leaves a job alone until it is done");
    queue_add(&world->queue, (struct occurrence){.at_us = world->now_us + job_us(world, job),
                                                 .node = node->index,
                                                 .birth = node->birth,
                                                 .job = job});
}

static void op_wake(void *self, uint64_t at_us) {
    struct node *node = self;
    uint64_t now_us = node->world->now_us, node_us = now_us + node->ahead_us;
    node->wake_us = at_us > node_us ? at_us - node->ahead_us : now_us + 1;
}

static void op_log(void *self, const char *sentence) {
    const struct node *node = self;
    struct world *world = node->world;
    world->refused_logs += strstr(sentence, "event=refused") != NULL;
    world->dreaded_logs += world->dreaded != NULL && strstr(sentence, world->dreaded) != NULL;
    snprintf(world->last_log, sizeof world->last_log, "%s", sentence);
    world_trace(world, "%u.%llu %s", node->index, (unsigned long long)node->birth, sentence);
}

static void op_exit(void *self, const struct status *status) {
    struct node *node = self;
    node->ended = true;
    node->outcome = *status;
    world_trace(node->world, "%u.%llu ends with %d %s", node->index, (unsigned long long)node->birth,
                status->code, status->text);
}

static uint64_t op_clock(void *self) {
    const struct node *node = self;
    return node->world->now_us * 1000;
}

static struct driver_figures op_measure(void *self) {
    (void)self;
    return (struct driver_figures){0, 0};
}

static void op_show(void *self, const struct figures *figures) {
    (void)self, (void)figures;
}

static const struct outbox_ops OPS = {op_body, op_send, op_connect, op_job,     op_wake,
                                      op_log,  op_exit, op_clock,   op_measure, op_show};

static void hand(struct node *node, struct event event) {
    struct outbox out = {&OPS, node};
    event.now_us = node->world->now_us + node->ahead_us;
    if (!node->ended && !node->frozen)
        node->engine.step(node->engine.self, &event, &out);
}

/* ---- nodes ---- */

struct node *world_add(struct world *world, struct engine engine, const char *endpoint,
                       const struct node *coordinator, void (*perform)(void *, struct job *), void *context) {
    uint32_t index = 0;
    while (index < WORLD_NODES_MAX && world->nodes[index].birth != 0)
        index++;
    REQUIRE(index < WORLD_NODES_MAX, "the world has room for its nodes");
    struct node *node = &world->nodes[index];
    world->places = index < world->places ? world->places : index + 1;
    *node = (struct node){.world = world,
                          .index = index,
                          .birth = ++world->births,
                          .engine = engine,
                          .perform = perform,
                          .context = context};
    snprintf(node->endpoint, sizeof node->endpoint, "%s", endpoint);
    if (coordinator != NULL)
        join(world, node, LINK_COORDINATOR, coordinator);
    return node;
}

void world_remove(struct world *world, struct node *node) {
    for (size_t i = 0; i < world->queue.count; i++) {
        struct occurrence *what = &world->queue.items[i];
        if (what->job != NULL && what->birth == node->birth && node->broken != NULL)
            node->broken(node->context, what->job);
    }
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].node == node->index || world->links[i].peer == node->index)
            world->links[i].used = false;
    memory_release(node->body);
    node->body = NULL;
    node->birth = 0;
}

void world_ask_to_stop(struct world *world, struct node *node, enum status_code code, const char *reason) {
    struct status status;
    status_fail(&status, code, "%s", reason);
    world_trace(world, "%u.%llu is asked to stop", node->index, (unsigned long long)node->birth);
    hand(node, (struct event){.kind = EVENT_STOP, .status = &status});
}

void world_forge(struct world *world, const struct node *from, const struct node *to,
                 const struct message *message) {
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].used && world->links[i].node == to->index &&
            world->links[i].peer == from->index) {
            hand(&world->nodes[to->index],
                 (struct event){.kind = EVENT_MESSAGE, .link = world->links[i].name, .message = message});
            return;
        }
}

/* ---- the course of things ---- */

static void deliver_message(struct world *world, struct node *node, const struct occurrence *what) {
    struct message message;
    struct status status;
    bool good =
        message_decode(&message, what->header, what->header_bytes, what->body, what->body_bytes, &status);
    REQUIRE(good, "what an engine sends can be decoded");
    trace_message(world, "came", NULL, node, &message);
    if (world->heard != NULL && !node->ended)
        world->heard(world->watch_context, node, &message);
    hand(node, (struct event){.kind = EVENT_MESSAGE, .link = what->link, .message = &message});
}

static void deliver(struct world *world, struct occurrence *what) {
    struct node *node = &world->nodes[what->node];
    if (node->birth != what->birth) {
        occurrence_forget(what);
        return;
    }
    if (node->frozen_until_us > world->now_us) {
        what->at_us = node->frozen_until_us;
        queue_add(&world->queue, *what);
        return;
    }
    world->delivered++;
    if (what->job != NULL && !node->ended) {
        what->job->status.code = STATUS_OK;
        node->perform(node->context, what->job);
        hand(node, (struct event){.kind = EVENT_JOB_DONE, .job = what->job});
    } else if (what->job == NULL) {
        deliver_message(world, node, what);
    }
    occurrence_forget(what);
}

static uint64_t timer_us(const struct node *node) {
    return node->wake_us > node->frozen_until_us ? node->wake_us : node->frozen_until_us;
}

/* The node whose timer is due first, or NULL. */
static struct node *first_timer(struct world *world) {
    struct node *first = NULL;
    for (uint32_t i = 0; i < world->places; i++) {
        struct node *node = &world->nodes[i];
        if (node->birth != 0 && !node->ended && !node->frozen && node->wake_us != 0 &&
            (first == NULL || timer_us(node) < timer_us(first)))
            first = node;
    }
    return first;
}

static void start_newcomers(struct world *world) {
    for (uint32_t i = 0; i < world->places; i++)
        if (world->nodes[i].birth != 0 && !world->nodes[i].started) {
            world->nodes[i].started = true;
            hand(&world->nodes[i], (struct event){.kind = EVENT_START});
        }
}

void world_renew_link(struct world *world, const struct node *from, const struct node *to) {
    link_id renewed = LINK_INCOMING + (link_id)world->links_made++;
    for (uint32_t i = 0; i < world->link_count; i++) {
        struct link_end *end = &world->links[i];
        if (end->used && end->node == from->index && end->peer == to->index && end->name < LINK_INCOMING)
            end->peer_name = renewed;
        else if (end->used && end->node == to->index && end->peer == from->index &&
                 end->name >= LINK_INCOMING)
            end->name = renewed;
    }
}

bool world_step(struct world *world, uint64_t until_us) {
    start_newcomers(world);
    struct node *timer = first_timer(world);
    uint64_t message_us = world->queue.count > 0 ? world->queue.items[0].at_us : UINT64_MAX;
    uint64_t next_us = timer != NULL && timer_us(timer) < message_us ? timer_us(timer) : message_us;
    if (next_us > until_us) {
        world->now_us = until_us;
        return next_us != UINT64_MAX;
    }
    if (next_us == UINT64_MAX)
        return false;
    world->now_us = next_us > world->now_us ? next_us : world->now_us;
    if (next_us == message_us) {
        struct occurrence what = queue_take(&world->queue);
        deliver(world, &what);
    } else {
        timer->wake_us = 0;
        hand(timer, (struct event){.kind = EVENT_TIMER});
    }
    return true;
}

static bool all_ended(const struct world *world) {
    for (uint32_t i = 0; i < world->places; i++)
        if (world->nodes[i].birth != 0 && !world->nodes[i].ended && !world->nodes[i].frozen)
            return false;
    return true;
}

bool world_run(struct world *world, uint64_t until_us) {
    do
        if (!world_step(world, until_us))
            return false;
    while (world->now_us < until_us && !all_ended(world));
    return all_ended(world);
}
