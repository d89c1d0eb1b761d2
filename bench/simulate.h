/* A virtual cluster that costs time: engines whose every event takes the processor for as long as it was measured to, and whose
 * messages take a network card each and a way. One seedless order of events, so that a run is repeatable to the last bit. Nobody dies
 * here and nothing is lost; for that there is tests/sim. */
#ifndef BENCH_SIMULATE_H
#define BENCH_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/event.h"

/* What things take. A message costs its sender and its receiver message_ns and byte_ns for each byte; it leaves when the card of
 * the sender is free, at card_bytes_per_s, and arrives latency_ns later, when the receiver's card has taken it in. */
struct simulate_costs {
    uint64_t message_ns, latency_ns;
    double byte_ns, card_bytes_per_s;
};

struct timed_node {
    struct engine engine;
    uint64_t (*perform)(void *context, struct job *job); /* carries it out; returns its nanoseconds */
    /* Nanoseconds of work inside the step that has just sent this message. */
    uint64_t (*work)(void *context, const struct message *message);
    void *context;
    char endpoint[32];
    /* What it did. */
    uint64_t busy_ns, sent_bytes, received_bytes, messages, longest_queue;
    /* The world's own. */
    struct timed_world *world;
    uint32_t index, link_count, link_capacity, queue_length;
    struct timed_link *links;
    struct item *first, *last;
    uint64_t free_ns, out_free_ns, in_free_ns, wake_us;
    bool scheduled, ended;
    uint64_t step_ns; /* of the step under way */
    void *body;
    size_t body_bytes;
    uint64_t now_us;
    struct status outcome;
};

struct timed_world;

struct timed_world *timed_world_new(const struct simulate_costs *costs, uint32_t nodes);
void timed_world_free(struct timed_world *world);

/* Node `index` of those announced, to be filled in before the first step; coordinator NULL for the coordinator itself. */
struct timed_node *timed_world_node(struct timed_world *world, uint32_t index,
                                    const struct timed_node *coordinator);

/* Makes things happen until stop says so or nothing is left; returns the time in nanoseconds. */
uint64_t timed_world_run(struct timed_world *world, bool (*stop)(void *context), void *context);

/* Messages sent and messages that arrived; equal at rest. */
void timed_world_count(const struct timed_world *world, uint64_t *sent, uint64_t *arrived);

#endif
