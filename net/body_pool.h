/* Memory for the bodies of outgoing messages: 64-byte aligned, handed to ZeroMQ without a copy, and used
 * again.
 *
 * ZeroMQ's own allocation starts 40 bytes into a malloc block, so it is never aligned for vectors. A body of
 * this pool travels through zmq_msg_init_data instead: the owner's thread takes it, and whichever thread
 * drops the last reference (an I/O thread, or the receiver when the transport is inproc) gives it back. The
 * way back is a lock-free list that only the owner empties, and empties whole, so no ABA problem can arise.
 *
 * Bodies come in powers of two. At most BODY_POOL_IDLE_MAX bytes wait for their next use; what comes back
 * beyond that goes to the system. */
#ifndef NET_BODY_POOL_H
#define NET_BODY_POOL_H

#include <stddef.h>

#include "core/status.h"

enum { BODY_POOL_IDLE_MAX = 64 << 20 };

struct body_pool;

/* A pool owned by the calling thread. NULL and STATUS_NO_MEMORY when there is no memory. */
struct body_pool *body_pool_new(struct status *status);

/* Room for a body, aligned to MEMORY_ALIGNMENT, its content unspecified. Owner's thread only. NULL and
 * STATUS_NO_MEMORY when there is no memory. */
void *body_pool_take(struct body_pool *pool, size_t bytes, struct status *status);

/* Gives a body back, from any thread. A zmq_free_fn: the second argument is ignored. */
void body_pool_give(void *body, void *unused);

/* The owner takes leave. Bodies still on their way keep the pool alive; the last one that comes back frees
 * it. */
void body_pool_free(struct body_pool *pool);

#endif
