/* The real world of one engine: its sockets, its clock, its timer and its jobs, driven in the calling thread.
 * A long job may go on in another thread, so that the loop keeps turning; it comes back as a word to the loop.
 *
 * Latency is what it is made for: a training step is one round trip. After its last work a loop looks at its
 * sockets again and again for spin_us, giving the processor away between looks so that ZeroMQ's I/O threads
 * are not starved, and only then sleeps until a socket, the timer or loop_stop wakes it.
 *
 * The order of things: actions of one event are carried out in their order, jobs after the step has returned;
 * between two looks at the timer, the jobs and loop_stop at most LOOP_BURST messages are handled. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "net/wire.h"
#include "proto/event.h"

enum { LOOP_JOBS_MAX = 64, LOOP_BURST = 64 };

struct loop_spec {
    void *zmq_context;     /* from context_new; all inproc peers share it */
    struct guard *guard;   /* encrypts tcp; borrowed until loop_free; NULL: nothing is encrypted */
    const char *listen;    /* "inproc://x", "ipc:///path", "tcp://127.0.0.1:*"; NULL: nobody connects to us */
    const char *advertise; /* the tcp host that loop_endpoint names in place of the bound one, or NULL */
    const char *coordinator; /* LINK_COORDINATOR's endpoint; NULL for the coordinator itself */
    uint32_t spin_us;        /* 0: sleep at once */

    /* Called in the loop's thread. True: the job is carried out, and job->status says how. False: it goes on
     * elsewhere, and loop_job_done will end it; at most LOOP_JOBS_MAX at a time. */
    bool (*perform)(void *context, struct job *job);
    /* One line without a newline, from the loop's thread: what the engine says, and once a second at most
     * what was refused or dropped. */
    void (*log)(void *context, const char *sentence);
    /* What a member has counted, with every heartbeat, in the loop's thread; NULL: nobody asks. */
    void (*show)(void *context, const struct figures *figures);
    void *context; /* for perform, log and show */
};

struct loop;

/* Binds and connects. The strings of the spec are needed during the call alone. NULL and STATUS_UNAVAILABLE
 * ("cannot listen on tcp://127.0.0.1:7777: Address already in use", or a name that nobody knows), STATUS_CONFIG (no endpoint, or
 * to listen on another host) or STATUS_NO_MEMORY. */
struct loop *loop_new(const struct loop_spec *spec, struct status *status);

/* Where others reach this loop, with the port that the system gave; "" when it does not listen. With
 * `advertise` that host is named; a listener on every interface otherwise names the own address on the route
 * to the coordinator, and the coordinator itself this host's name. */
const char *loop_endpoint(const struct loop *loop);

/* Drives the engine from EVENT_START until it exits, once in a loop's life. Returns whether all went well;
 * status is the engine's own, or STATUS_UNAVAILABLE or STATUS_NO_MEMORY when the loop itself could not go on.
 * Jobs put out before the exit are still given to perform; those that go on elsewhere are not waited for. Its
 * caller's thread must not be cancelled. */
bool loop_run(struct loop *loop, const struct engine *engine, struct status *status);

/* Asks for EVENT_STOP with a status; the first word counts. From any thread and from a signal handler, until
 * loop_free. */
void loop_stop(struct loop *loop, const struct status *status);

/* Ends a job that perform has left to go on elsewhere: job->status says how, and the engine gets EVENT_JOB_DONE
 * in the loop's thread. Once for each such job, from any thread, even inside perform, until loop_free; after
 * the loop's end nothing comes of it. */
void loop_job_done(struct loop *loop, struct job *job);

/* What went through the loop. From any thread. */
struct wire_counters loop_counters(const struct loop *loop);

/* When the loop last turned: gave its engine an event, or was made, in microseconds of the monotonic clock. A member's does so
 * with every heartbeat at least. From any thread. */
uint64_t loop_turned_us(const struct loop *loop);

/* Closes the sockets; what was sent is still delivered, for at most SOCKET_LINGER_MS, while the context
 * lives. */
void loop_free(struct loop *loop);

#endif
