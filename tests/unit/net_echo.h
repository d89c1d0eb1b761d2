/* An engine that answers every READ with VALUES of the same body, in a thread of its own, and one that asks.
 */
#ifndef TESTS_NET_ECHO_H
#define TESTS_NET_ECHO_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/loop.h"

struct echo_server {
    struct loop *loop;
    struct engine engine;
    pthread_t thread;
    struct status verdict;
    uint64_t heard;      /* messages; read after the stop */
    atomic_int lines;    /* logged */
    char last_line[512]; /* read after the stop */
};

/* Starts to serve; false with a status when it cannot listen. */
bool echo_server_start(struct echo_server *server, void *zmq_context, const char *listen,
                       struct status *status);
/* Stops the engine, joins the thread. The loop stays, for its counters. */
void echo_server_stop(struct echo_server *server);

struct echo_client {
    struct engine engine;
    uint64_t wanted, window;         /* round trips; questions on their way at a time */
    uint64_t asked, answered, wrong; /* wrong: answers out of order, of another size, content or alignment */
};

/* An engine for loop_run that exits when all answers are there. */
void echo_client_init(struct echo_client *client, uint64_t wanted, uint64_t window);

#endif
