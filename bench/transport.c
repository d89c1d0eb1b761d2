/* How fast rows travel: one contestant, one shape, one measurement, printed as a line of JSON. The script bench/transport
 * lets contestants take turns and makes the table; see there, and bench/transport.h.
 *
 *   bench_transport memcpy|zeromq|loop|dotbias inproc|ipc|tcp fused|apart|runs ROWS IN_FLIGHT SECONDS SPIN_US touched|dense
 *   TABLE_ROWS */
#include "bench/transport.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/socket.h"
#include "proto/message.h"

enum { EX_USAGE = 64 };

size_t request_bytes(const struct transport_case *given, bool pushes, bool pulls) {
    if (given->shape == SHAPE_RUNS)
        return pushes ? rows_bytes(given->rows) : 0;
    size_t named = ((size_t)pushes + pulls) * given->rows;
    return message_padded(named * sizeof(uint32_t)) + (pushes ? rows_bytes(given->rows) : 0);
}

/* ---- the meter ---- */

static double clock_seconds(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double server_seconds(const struct peer *peer) {
    clockid_t clock;
    bool there = peer->process != 0 && clock_getcpuclockid(peer->process, &clock) == 0;
    return there ? clock_seconds(clock) : 0;
}

void meter_start(struct meter *meter, const struct transport_case *given, const struct peer *peer,
                 uint64_t now_us) {
    *meter = (struct meter){
        .peer = peer, .warm_at_us = now_us + BENCH_WARM_US, .length_us = (uint64_t)(given->seconds * 1e6)};
}

bool meter_count(struct meter *meter, uint64_t rows, uint64_t bytes, uint64_t now_us) {
    if (now_us < meter->warm_at_us)
        return false;
    if (meter->begun_us == 0) {
        meter->begun_us = now_us;
        meter->rows = meter->bytes = 0;
        meter->client_begun = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
        meter->server_begun = server_seconds(meter->peer);
        return false;
    }
    meter->rows += rows;
    meter->bytes += bytes;
    if (now_us - meter->begun_us < meter->length_us)
        return false;
    meter->ended_us = now_us;
    meter->client = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - meter->client_begun;
    meter->server = server_seconds(meter->peer) - meter->server_begun;
    return true;
}

struct transport_result meter_result(const struct meter *meter) {
    double seconds = (double)(meter->ended_us - meter->begun_us) * 1e-6;
    return (struct transport_result){.rows = meter->rows,
                                     .bytes = meter->bytes,
                                     .seconds = seconds,
                                     .client = meter->client / seconds,
                                     .server = meter->server / seconds};
}

/* ---- the peer ---- */

static void give_up(const char *sentence) {
    fprintf(stderr, "bench_transport: %s\n", sentence);
    exit(EXIT_FAILURE);
}

void peer_tell(int channel, const char endpoint[ENDPOINT_BYTES]) {
    if (write(channel, endpoint, ENDPOINT_BYTES) != ENDPOINT_BYTES)
        give_up("the other side does not listen");
}

void peer_hear(int channel, char endpoint[ENDPOINT_BYTES]) {
    if (recv(channel, endpoint, ENDPOINT_BYTES, MSG_WAITALL) != ENDPOINT_BYTES)
        give_up("the other side has ended early");
}

struct job_of_peer {
    struct server server;
    bool (*serve)(const struct server *server, struct status *status);
};

static void *serve_in_thread(void *argument) {
    struct job_of_peer *job = argument;
    struct status status;
    if (!job->serve(&job->server, &status))
        give_up(status.text);
    return NULL;
}

static void serve_in_process(struct job_of_peer *job) {
    struct status status;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    job->server.zmq_context = context_new(1, &status);
    if (job->server.zmq_context == NULL || !job->serve(&job->server, &status))
        give_up(status.text);
    context_free(job->server.zmq_context);
    _exit(EXIT_SUCCESS);
}

static void peer_start(struct peer *peer, struct job_of_peer *job) {
    struct status status;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        give_up("no socket pair");
    peer->channel = ends[0];
    job->server.channel = ends[1];
    bool threaded = job->server.given->transport == ENDPOINT_INPROC;
    peer->process = threaded ? 0 : fork();
    if (!threaded && peer->process == 0)
        serve_in_process(job);
    peer->zmq_context = context_new(1, &status);
    job->server.zmq_context = peer->zmq_context;
    if (peer->process < 0 || peer->zmq_context == NULL ||
        (threaded && pthread_create(&peer->thread, NULL, serve_in_thread, job) != 0))
        give_up("the other side cannot be started");
}

static void peer_end(struct peer *peer) {
    int how = 0;
    if (peer->process == 0)
        pthread_join(peer->thread, NULL);
    else
        waitpid(peer->process, &how, 0);
    context_free(peer->zmq_context);
    if (how != 0)
        give_up("the other side has failed");
}

/* ---- contestants ---- */

/* Every body once from one place to another, by one thread. */
static void copy_client(const struct transport_case *given, struct transport_result *result) {
    struct peer nobody = {0};
    struct meter meter;
    struct status status;
    size_t bytes = rows_bytes(given->rows);
    char *from = memory_take(given->in_flight * bytes, "bodies", &status);
    char *to = memory_take(given->in_flight * bytes, "bodies", &status);
    if (from == NULL || to == NULL)
        give_up(status.text);
    meter_start(&meter, given, &nobody, (uint64_t)(clock_seconds(CLOCK_MONOTONIC) * 1e6));
    for (uint32_t i = 0;; i = (i + 1) % given->in_flight) {
        memcpy(to + i * bytes, from + i * bytes, bytes);
        memcpy(from + i * bytes, to + i * bytes, bytes);
        __asm__ volatile("" : : "r"(from), "r"(to) : "memory");
        if (meter_count(&meter, given->rows, 2 * bytes, (uint64_t)(clock_seconds(CLOCK_MONOTONIC) * 1e6)))
            break;
    }
    *result = meter_result(&meter);
    memory_release(from);
    memory_release(to);
}

static void run(struct transport_case *given, bool bare, struct transport_result *result) {
    struct endpoint_home home = {0};
    struct status status;
    struct peer peer = {0};
    given->body = memory_take(request_bytes(given, true, true), "a body", &status);
    if (given->body == NULL || !endpoint_home_init(&home, &status))
        give_up(status.text);
    char unused[ENDPOINT_BYTES];
    if (!endpoint_home_make(&home, given->transport, "bench", unused, &status))
        give_up(status.text);
    struct job_of_peer job = {{.given = given, .home = &home}, bare ? bare_serve : dotbias_serve};
    peer_start(&peer, &job);
    bool good = bare ? bare_client(given, &peer, result, &status)
                     : dotbias_client(given, &home, &peer, result, &status);
    if (!good)
        fprintf(stderr, "bench_transport: %s\n", status.text);
    peer_end(&peer);
    endpoint_home_remove(&home);
    memory_release(given->body);
    if (!good)
        exit(EXIT_FAILURE);
}

/* ---- the command line ---- */

static int choose(const char *word, const char *const *words, int count) {
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    fprintf(stderr, "bench_transport: '%s' is none of:", word);
    for (int i = 0; i < count; i++)
        fprintf(stderr, " %s", words[i]);
    fputc('\n', stderr);
    exit(EX_USAGE);
}

static uint32_t number(const char *word, uint32_t least, uint32_t most) {
    char *end;
    unsigned long value = strtoul(word, &end, 10);
    if (*end == '\0' && end != word && value >= least && value <= most)
        return (uint32_t)value;
    fprintf(stderr, "bench_transport: '%s' is no number from %u to %u\n", word, least, most);
    exit(EX_USAGE);
}

int main(int argc, char **argv) {
    static const char *const CONTESTANTS[] = {"memcpy", "zeromq", "loop", "dotbias"};
    static const char *const TRANSPORTS[] = {"inproc", "ipc", "tcp"};
    static const char *const SHAPES[] = {"fused", "apart", "runs"};
    static const char *const DECAYS[] = {"dense", "touched"};
    if (argc != 10) {
        fprintf(stderr,
                "usage: bench_transport memcpy|zeromq|loop|dotbias inproc|ipc|tcp fused|apart|runs ROWS "
                "IN_FLIGHT SECONDS SPIN_US touched|dense TABLE_ROWS\n");
        return EX_USAGE;
    }
    int contestant = choose(argv[1], CONTESTANTS, 4);
    struct transport_case given = {.transport = (enum endpoint_kind)choose(argv[2], TRANSPORTS, 3),
                                   .shape = (enum shape)choose(argv[3], SHAPES, 3),
                                   .rows = number(argv[4], 1, 32768),
                                   .in_flight = number(argv[5], 1, BENCH_FLIGHT_MAX),
                                   .seconds = strtod(argv[6], NULL),
                                   .spin_us = number(argv[7], 0, 1000000),
                                   .decay = (enum decay_kind)choose(argv[8], DECAYS, 2),
                                   .hollow = contestant == 2,
                                   .table_rows = number(argv[9], 1, 1 << 22)};
    if (given.shape != SHAPE_RUNS && given.rows > given.table_rows)
        give_up("a request asks for more rows than the table has");
    struct transport_result result = {0};
    if (contestant == 0)
        copy_client(&given, &result);
    else
        run(&given, contestant == 1, &result);
    printf("{\"rows_per_second\": %.0f, \"bytes_per_second\": %.0f, \"busy\": %.3f, \"client\": %.2f, "
           "\"server\": %.2f}\n",
           (double)result.rows / result.seconds, (double)result.bytes / result.seconds, result.busy,
           result.client, result.server);
    return EXIT_SUCCESS;
}
