#include "queue.h"

#include "core/contract.h"
#include "core/memory.h"

static bool before(const struct occurrence *a, const struct occurrence *b) {
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

static void swap(struct occurrence *a, struct occurrence *b) {
    struct occurrence keep = *a;
    *a = *b;
    *b = keep;
}

void queue_add(struct queue *queue, struct occurrence what) {
    struct status status;
    bool room = memory_grow((void **)&queue->items, &queue->capacity, queue->count + 1, sizeof what,
                            "what is to happen", &status);
    REQUIRE(room, "the simulator has memory");
    what.order = queue->order++;
    size_t at = queue->count++;
    queue->items[at] = what;
    for (; at > 0 && before(&queue->items[at], &queue->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&queue->items[at], &queue->items[(at - 1) / 2]);
    queue->most = queue->count > queue->most ? queue->count : queue->most;
}

struct occurrence queue_take(struct queue *queue) {
    struct occurrence first = queue->items[0];
    queue->items[0] = queue->items[--queue->count];
    for (size_t at = 0, child; (child = 2 * at + 1) < queue->count; at = child) {
        child += child + 1 < queue->count && before(&queue->items[child + 1], &queue->items[child]);
        if (!before(&queue->items[child], &queue->items[at]))
            break;
        swap(&queue->items[at], &queue->items[child]);
    }
    return first;
}

void occurrence_forget(struct occurrence *what) {
    memory_release(what->header);
    memory_release(what->body);
}

void queue_free(struct queue *queue) {
    for (size_t i = 0; i < queue->count; i++)
        occurrence_forget(&queue->items[i]);
    memory_release(queue->items);
    *queue = (struct queue){0};
}
