/* What is going to happen in a virtual world, by time, then by the order in which it was said: a heap. */
#ifndef TESTS_SIM_QUEUE_H
#define TESTS_SIM_QUEUE_H

#include "proto/event.h"

/* A message on its way, or a job under way. `birth` tells a node from a later one at the same place. */
struct occurrence {
    uint64_t at_us, order;
    uint32_t node;
    uint64_t birth;
    link_id link;
    struct job *job; /* NULL: a message */
    unsigned char *header;
    size_t header_bytes;
    void *body;
    size_t body_bytes;
};

struct queue {
    struct occurrence *items;
    size_t capacity, count, most; /* most: the largest count so far */
    uint64_t order;
};

/* Gives what->order the next number. */
void queue_add(struct queue *queue, struct occurrence what);

/* The first one, which must exist. */
struct occurrence queue_take(struct queue *queue);

/* Gives back a message's bytes. */
void occurrence_forget(struct occurrence *what);

void queue_free(struct queue *queue);

#endif
