/* What the contestants of bench/transport have in common: how rows go to and fro, and what is counted.
 *
 * A lane is one of `in_flight` conversations that go on side by side, each waiting for its own answers. What a lane does
 * in turn is its shape:
 *   fused  push the rows of this request and pull those of the next in one message, as STEP does
 *   apart  pull; when the rows are there, push them; when that is acknowledged, pull the next (ps-lite's way)
 *   runs   whole runs of rows, as mode blocked moves them: when a run has come, push it and pull the next
 * A row that has been pulled and pushed counts once. Bytes are those of bodies, both ways. */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/status.h"
#include "model/spec.h"
#include "net/endpoint.h"

enum { BENCH_FACTORS = 50, BENCH_FLIGHT_MAX = 64, BENCH_WARM_US = 300000, BENCH_PATIENCE_US = 3000000 };

enum shape { SHAPE_FUSED, SHAPE_APART, SHAPE_RUNS };

struct transport_case {
    enum endpoint_kind transport;
    enum shape shape;
    enum decay_kind decay;
    bool hollow;              /* dotbias without its work: the loop and the messages alone */
    uint32_t rows, in_flight; /* rows of one request */
    uint32_t table_rows;      /* of which the requests draw theirs; runs bring their own */
    void *body;               /* memory that bare bodies are sent from; outlives every socket */
    uint32_t spin_us;         /* before sleeping: the loop's, and the bare sockets' */
    double seconds;
};

struct transport_result {
    uint64_t rows;  /* pulled and pushed */
    uint64_t bytes; /* of bodies, in and out */
    double seconds;
    double busy;           /* share of the time that the pserver spends in its steps; of dotbias alone */
    double client, server; /* processors used by either side; by both together over inproc */
};

/* The bytes of a request's body, and of its answer's. */
static inline size_t rows_bytes(uint32_t rows) {
    return (size_t)rows * row_stride(BENCH_FACTORS) * sizeof(float);
}
size_t request_bytes(const struct transport_case *given, bool pushes, bool pulls);

/* The other side of a connection: a process, or over inproc a thread of this one, with a channel to it. */
struct peer {
    int channel; /* this side's end of a socket pair */
    pid_t process;
    unsigned long thread;
    void *zmq_context; /* a thread's, shared with this side; a process makes its own */
};

/* Both ends of the channel speak in endpoints. */
void peer_tell(int channel, const char endpoint[ENDPOINT_BYTES]);
void peer_hear(int channel, char endpoint[ENDPOINT_BYTES]);

/* What a server is given. */
struct server {
    const struct transport_case *given;
    struct endpoint_home *home;
    int channel;
    void *zmq_context;
};

/* Counts from the end of the warm-up on. */
struct meter {
    const struct peer *peer;
    uint64_t warm_at_us, begun_us, ended_us, length_us;
    uint64_t rows, bytes;
    double client_begun, server_begun, client, server; /* seconds of processors */
};

void meter_start(struct meter *meter, const struct transport_case *given, const struct peer *peer,
                 uint64_t now_us);

/* Something has arrived or left; true when the time is over. */
bool meter_count(struct meter *meter, uint64_t rows, uint64_t bytes, uint64_t now_us);

struct transport_result meter_result(const struct meter *meter);

/* The contestants; the servers run until their client is done. False and a sentence when something failed. */
bool bare_client(const struct transport_case *given, const struct peer *peer, struct transport_result *result,
                 struct status *status);
bool bare_serve(const struct server *server, struct status *status);
bool dotbias_client(const struct transport_case *given, struct endpoint_home *home, const struct peer *peer,
                    struct transport_result *result, struct status *status);
bool dotbias_serve(const struct server *server, struct status *status);

#endif
