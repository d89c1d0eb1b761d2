#include "net/body_pool.h"

#include <stdatomic.h>
#include <stdint.h>

#include "core/contract.h"
#include "core/memory.h"
#include "net/handover.h"

enum { CLASS_COUNT = 48, SMALLEST_SHIFT = 8 };

/* Lies in front of every body; as large as the alignment, so that the body behind it is aligned too. */
struct body {
    _Alignas(MEMORY_ALIGNMENT) struct body *next;
    struct body_pool *pool;
    uint32_t tier;
};

_Static_assert(sizeof(struct body) == MEMORY_ALIGNMENT, "a body starts on a cache line");

struct body_pool {
    struct body *idle[CLASS_COUNT]; /* owner's thread only */
    size_t idle_bytes;              /* owner's thread only */
    _Atomic(struct body *) returned;
    atomic_size_t holders; /* the owner, and every body that is out */
};

static size_t class_bytes(uint32_t tier) {
    return (size_t)1 << (tier + SMALLEST_SHIFT);
}

static uint32_t class_of(size_t bytes) {
    uint32_t tier = 0;
    while (class_bytes(tier) < bytes)
        tier++;
    return tier;
}

struct body_pool *body_pool_new(struct status *status) {
    struct body_pool *pool = memory_take(sizeof *pool, "message bodies", status);
    if (pool != NULL)
        atomic_init(&pool->holders, 1);
    return pool;
}

static void keep_or_release(struct body_pool *pool, struct body *body) {
    if (pool->idle_bytes + class_bytes(body->tier) > BODY_POOL_IDLE_MAX) {
        memory_release(body);
        return;
    }
    pool->idle_bytes += class_bytes(body->tier);
    body->next = pool->idle[body->tier];
    pool->idle[body->tier] = body;
}

static void collect_returned(struct body_pool *pool) {
    struct body *body = atomic_exchange_explicit(&pool->returned, NULL, memory_order_acquire);
    while (body != NULL) {
        struct body *next = body->next;
        keep_or_release(pool, body);
        body = next;
    }
}

static struct body *take_idle(struct body_pool *pool, uint32_t tier) {
    if (pool->idle[tier] == NULL)
        collect_returned(pool);
    struct body *body = pool->idle[tier];
    if (body != NULL) {
        pool->idle[tier] = body->next;
        pool->idle_bytes -= class_bytes(tier);
    }
    return body;
}

void *body_pool_take(struct body_pool *pool, size_t bytes, struct status *status) {
    REQUIRE(bytes <= class_bytes(CLASS_COUNT - 1) / 2, "a body fits into memory");
    uint32_t tier = class_of(bytes);
    struct body *body = take_idle(pool, tier);
    if (body == NULL)
        body = memory_take_raw(sizeof *body + class_bytes(tier), "a message body", status);
    if (body == NULL)
        return NULL;
    body->pool = pool;
    body->tier = tier;
    atomic_fetch_add_explicit(&pool->holders, 1, memory_order_relaxed);
    return body + 1;
}

static void release_all(struct body_pool *pool) {
    collect_returned(pool);
    for (uint32_t tier = 0; tier < CLASS_COUNT; tier++) {
        while (pool->idle[tier] != NULL) {
            struct body *body = pool->idle[tier];
            pool->idle[tier] = body->next;
            memory_release(body);
        }
    }
    memory_release(pool);
}

static void leave(struct body_pool *pool) {
    if (atomic_fetch_sub_explicit(&pool->holders, 1, memory_order_acq_rel) == 1)
        release_all(pool);
}

void body_pool_give(void *data, void *unused) {
    (void)unused;
    handover_taken();
    struct body *body = (struct body *)data - 1;
    struct body_pool *pool = body->pool;
    body->next = atomic_load_explicit(&pool->returned, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pool->returned, &body->next, body, memory_order_release,
                                                  memory_order_relaxed))
        continue;
    leave(pool);
}

void body_pool_free(struct body_pool *pool) {
    if (pool != NULL)
        leave(pool);
}
