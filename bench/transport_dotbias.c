/* dotbias itself: a real pserver engine behind the real loop and wire format, in a process of its own, and a client engine
 * that is its coordinator and its only worker at once. The client asks for random different rows, copies what comes, as a
 * worker does, and sends gradients from memory; it computes nothing. The pserver does all it always does: it checks every
 * message, row and gradient, keeps answers for repeats, applies sgd with momentum. Lanes go their own ways (asp), so that each
 * request is answered by itself, as in ps-lite.
 *
 * Hollow, both sides leave their work out: requests are answered without a look at them, bodies are not filled and not
 * copied. What is left is net/ and proto/, to be compared with bare ZeroMQ. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/transport.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/rotation.h"
#include "net/loop.h"
#include "net/socket.h"
#include "proto/event.h"
#include "pserver/pserver.h"

enum { HEARTBEAT_US = 100000, CONFIG_DIGEST = 1, LEASE = 1 };

static const struct step_rate RATE = {1e-3, 0.9};

/* ---- the pserver ---- */

static uint32_t user_rows(const struct transport_case *given) {
    return given->shape == SHAPE_RUNS ? given->in_flight : given->table_rows;
}

static uint32_t movie_rows(const struct transport_case *given) {
    return given->shape == SHAPE_RUNS ? given->in_flight * given->rows : 1;
}

static struct pserver_spec spec_of(const struct transport_case *given, const char *endpoint) {
    struct pserver_spec spec = {
        .member = {.role = ROLE_PSERVER,
                   .config_digest = CONFIG_DIGEST,
                   .incarnation = 1,
                   .pid = (uint64_t)getpid(),
                   .heartbeat_us = HEARTBEAT_US,
                   .silence_us = BENCH_PATIENCE_US},
        .gate = {GATE_ASP, given->in_flight, 0},
        .runs = {given->shape == SHAPE_RUNS, given->in_flight, given->in_flight},
        .shard = {.model = {.factors = BENCH_FACTORS, .has_bias = true, .init_scale = 0.1f, .seed = 1},
                  .optimiser = {.kind = OPTIMISER_SGD,
                                .decay = given->decay,
                                .weight_decay = given->decay == DECAY_DENSE ? 2e-4 : 0},
                  .shards = 1,
                  .lanes = given->in_flight,
                  .lane_rows = given->rows},
    };
    snprintf(spec.member.endpoint, sizeof spec.member.endpoint, "%s", endpoint);
    return spec;
}

/* That the client is gone at the end is no news. */
static void say(void *context, const char *sentence) {
    (void)context;
    if (strstr(sentence, "is gone") == NULL)
        fprintf(stderr, "bench_transport: %s\n", sentence);
}

/* A pserver whose rows are not asked: it answers at once, with whatever lies in the body. */
struct hollow {
    struct engine pserver;
    const struct transport_case *given;
};

static void hollow_answer(const struct event *event, struct outbox *out) {
    const struct message *asked = event->message;
    struct message answer = {.kind = MESSAGE_ROWS};
    uint32_t rows = asked->step.pull_users;
    answer.rows = (struct rows_message){asked->step.lane, asked->step.pull_step, 0, rows};
    if (rows != 0)
        outbox_body(out, rows_bytes(rows));
    outbox_send(out, event->link, &answer);
}

static void hollow_run(const struct transport_case *given, const struct event *event, struct outbox *out) {
    const struct run_pull_message *pull = &event->message->run_pull;
    struct message answer = {.kind = MESSAGE_RUN_ROWS};
    answer.run_rows =
        (struct run_rows_message){pull->lane, pull->table, pull->run, pull->version, given->rows};
    outbox_body(out, rows_bytes(given->rows));
    outbox_send(out, event->link, &answer);
}

static void hollow_receipt(const struct event *event, struct outbox *out) {
    const struct run_push_message *push = &event->message->run_push;
    struct message answer = {.kind = MESSAGE_RUN_PUSHED};
    answer.run_pushed = (struct run_pushed_message){push->lane, push->table, push->run, push->version};
    outbox_send(out, event->link, &answer);
}

static void hollow_step(void *self, const struct event *event, struct outbox *out) {
    struct hollow *hollow = self;
    switch (event->kind == EVENT_MESSAGE ? event->message->kind : MESSAGE_NONE) {
    case MESSAGE_STEP:
        hollow_answer(event, out);
        break;
    case MESSAGE_RUN_PULL:
        hollow_run(hollow->given, event, out);
        break;
    case MESSAGE_RUN_PUSH:
        hollow_receipt(event, out);
        break;
    default:
        hollow->pserver.step(hollow->pserver.self, event, out);
    }
}

bool dotbias_serve(const struct server *server, struct status *status) {
    char coordinator[ENDPOINT_BYTES], listen[ENDPOINT_BYTES];
    peer_hear(server->channel, coordinator);
    if (!endpoint_home_make(server->home, server->given->transport, "pserver", listen, status))
        return false;
    struct loop *loop = loop_new(&(struct loop_spec){.zmq_context = server->zmq_context,
                                                     .listen = listen,
                                                     .coordinator = coordinator,
                                                     .spin_us = server->given->spin_us,
                                                     .log = say},
                                 status);
    if (loop == NULL)
        return false;
    struct pserver_spec spec = spec_of(server->given, loop_endpoint(loop));
    struct pserver *pserver = pserver_new(&spec, status);
    bool good = pserver != NULL;
    if (good) {
        struct hollow hollow = {pserver_engine(pserver), server->given};
        struct engine engine = server->given->hollow ? (struct engine){&hollow, hollow_step} : hollow.pserver;
        good = loop_run(loop, &engine, status);
    }
    loop_free(loop);
    pserver_free(pserver);
    return good;
}

/* ---- the client ---- */

struct client_lane {
    uint64_t step;          /* the next to be pulled, or in a run's case pushed */
    const uint32_t *pulled; /* rows of the last pull */
    float *rows;            /* where they are copied to */
};

struct client {
    const struct transport_case *given;
    const struct peer *peer;
    struct meter meter;
    struct client_lane lanes[BENCH_FLIGHT_MAX];
    uint32_t *shuffled; /* all user rows, in windows of rows in rising order */
    uint32_t window, windows;
    float *gradients;               /* small and constant */
    link_id coordinated;            /* where the pserver hears its coordinator; LINK_COORDINATOR: not yet */
    bool opened;                    /* the lanes have been asked for */
    uint64_t heard_us;              /* when rows came last */
    uint64_t busy[2], beaten_us[2]; /* the pserver's first heartbeat of the measurement, and its last */
};

static int rising(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Cuts a shuffle of the table into windows: random rows, none twice in a request. */
static void shuffle(struct client *client) {
    uint32_t rows = client->given->rows, all = client->given->table_rows;
    for (uint32_t i = 0; i < all; i++)
        client->shuffled[i] = i;
    for (uint32_t i = all - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(rng_bits(1, i, 0) % (i + 1)), row = client->shuffled[i];
        client->shuffled[i] = client->shuffled[other];
        client->shuffled[other] = row;
    }
    client->windows = all / rows;
    for (uint32_t window = 0; window < client->windows; window++)
        qsort(client->shuffled + (size_t)window * rows, rows, sizeof *client->shuffled, rising);
}

static const uint32_t *next_window(struct client *client) {
    const uint32_t *rows = client->shuffled + (size_t)client->window * client->given->rows;
    client->window = (client->window + 1) % client->windows;
    return rows;
}

static bool client_take(struct client *client, struct status *status) {
    size_t bytes = rows_bytes(client->given->rows);
    client->shuffled = memory_take_array(client->given->table_rows, sizeof(uint32_t), "row numbers", status);
    client->gradients = memory_take(bytes, "gradients", status);
    bool good = client->shuffled != NULL && client->gradients != NULL;
    for (uint32_t lane = 0; good && lane < client->given->in_flight; lane++) {
        client->lanes[lane].rows = memory_take(bytes, "rows", status);
        good = client->lanes[lane].rows != NULL;
    }
    if (!good)
        return false;
    for (size_t i = 0; i < bytes / sizeof(float); i++)
        client->gradients[i] = i % row_stride(BENCH_FACTORS) <= BENCH_FACTORS ? 1e-4f : 0;
    shuffle(client);
    return true;
}

static void client_release(struct client *client) {
    for (uint32_t lane = 0; lane < client->given->in_flight; lane++)
        memory_release(client->lanes[lane].rows);
    memory_release(client->shuffled);
    memory_release(client->gradients);
}

/* ---- as a coordinator ---- */

static void send_boundaries(const struct client *client, link_id link, struct outbox *out) {
    uint32_t count = client->given->in_flight;
    struct message runs = {.kind = MESSAGE_RUNS, .runs = {count, count}};
    uint32_t *firsts = outbox_body(out, 2 * ((size_t)count + 1) * sizeof *firsts);
    for (uint32_t i = 0; i <= count; i++) {
        firsts[i] = i;
        firsts[count + 1 + i] = i * client->given->rows;
    }
    outbox_send(out, link, &runs);
}

/* A pserver says hello until it is welcomed; the second time it has been. */
static void welcome(struct client *client, const struct event *event, struct outbox *out) {
    const struct transport_case *given = client->given;
    struct message message = {.kind = MESSAGE_WELCOME};
    if (client->coordinated != LINK_COORDINATOR)
        return;
    message.welcome.users = user_rows(given);
    message.welcome.movies = movie_rows(given);
    client->coordinated = event->link;
    outbox_connect(out, LINK_FIRST_PSERVER, event->message->hello.endpoint);
    outbox_send(out, event->link, &message);
    if (given->shape == SHAPE_RUNS)
        send_boundaries(client, event->link, out);
}

static void send_rates(const struct event *event, struct outbox *out) {
    struct message rates = {.kind = MESSAGE_RATES,
                            .rates = {event->message->rates_wanted.first_step, RATES_MAX}};
    struct step_rate *pairs = outbox_body(out, RATES_MAX * sizeof *pairs);
    for (uint32_t i = 0; i < RATES_MAX; i++)
        pairs[i] = RATE;
    outbox_send(out, event->link, &rates);
}

static void on_heartbeat(struct client *client, const struct event *event, struct outbox *out) {
    bool first = client->meter.begun_us == 0;
    client->busy[1] = event->message->heartbeat.busy_us;
    client->beaten_us[1] = event->now_us;
    if (first) {
        client->busy[0] = client->busy[1];
        client->beaten_us[0] = client->beaten_us[1];
    }
    outbox_send(out, event->link, &(struct message){.kind = MESSAGE_PULSE});
}

/* ---- as a worker ---- */

static void open_lanes(struct client *client, struct outbox *out) {
    bool again = client->opened;
    client->opened = true;
    for (uint32_t lane = 0; lane < client->given->in_flight && !again; lane++)
        outbox_send(out, LINK_FIRST_PSERVER,
                    &(struct message){.kind = MESSAGE_LANE_OPEN, .lane_open = {lane, LEASE}});
}

/* Copies the rows of one request. */
static void fill(const struct client *client, void *to, const void *from) {
    if (!client->given->hollow)
        memcpy(to, from, rows_bytes(client->given->rows));
}

/* Row numbers, padding, gradients, as in worker/request.c. */
static void send_step(struct client *client, uint32_t number, const uint32_t *push, const uint32_t *pull,
                      struct outbox *out) {
    struct client_lane *lane = &client->lanes[number];
    uint32_t rows = client->given->rows;
    uint32_t pushes = push == NULL ? 0 : rows, pulls = pull == NULL ? 0 : rows;
    size_t bytes = request_bytes(client->given, push != NULL, pull != NULL);
    size_t ids_bytes = message_padded(((size_t)pushes + pulls) * sizeof *push);
    uint32_t *ids = outbox_body(out, bytes);
    struct message message = {.kind = MESSAGE_STEP};
    message.step = (struct step_message){.lane = number,
                                         .lease = LEASE,
                                         .pushes = lane->step > 0,
                                         .push_step = lane->step > 0 ? lane->step - 1 : 0,
                                         .push_users = pushes,
                                         .pull_step = lane->step,
                                         .pull_users = pulls};
    memset((char *)ids + ((size_t)pushes + pulls) * sizeof *ids, 0,
           ids_bytes - ((size_t)pushes + pulls) * sizeof *ids);
    if (push != NULL) {
        memcpy(ids, push, rows * sizeof *ids);
        fill(client, (char *)ids + ids_bytes, client->gradients);
    }
    if (pull != NULL)
        memcpy(ids + pushes, pull, rows * sizeof *ids);
    lane->step++;
    lane->pulled = pull;
    client->meter.bytes += bytes;
    outbox_send(out, LINK_FIRST_PSERVER, &message);
}

static void pull_run(struct client *client, uint32_t lane, uint64_t round, struct outbox *out) {
    uint32_t count = client->given->in_flight, stratum = rotation_stratum(lane, round, count, count);
    struct message message = {.kind = MESSAGE_RUN_PULL};
    message.run_pull = (struct run_pull_message){.lane = lane,
                                                 .lease = LEASE,
                                                 .table = TABLE_MOVIES,
                                                 .run = stratum,
                                                 .version = rotation_version(lane, round, count, count)};
    outbox_send(out, LINK_FIRST_PSERVER, &message);
}

static void push_run(struct client *client, uint32_t lane, const struct run_rows_message *came,
                     struct outbox *out) {
    size_t bytes = rows_bytes(client->given->rows);
    struct message message = {.kind = MESSAGE_RUN_PUSH};
    message.run_push = (struct run_push_message){.lane = lane,
                                                 .lease = LEASE,
                                                 .table = TABLE_MOVIES,
                                                 .run = came->run,
                                                 .version = came->version,
                                                 .step = client->lanes[lane].step++,
                                                 .rows = came->rows};
    fill(client, outbox_body(out, bytes), client->lanes[lane].rows);
    client->meter.bytes += bytes;
    outbox_send(out, LINK_FIRST_PSERVER, &message);
}

/* A lane is open: its first request. */
static void begin(struct client *client, const struct event *event, struct outbox *out) {
    uint32_t lane = event->message->lane_at.lane;
    if (client->meter.peer == NULL)
        meter_start(&client->meter, client->given, client->peer, event->now_us);
    if (client->given->shape == SHAPE_RUNS)
        pull_run(client, lane, 0, out);
    else
        send_step(client, lane, NULL, next_window(client), out);
}

static void stop(const struct client *client, struct outbox *out) {
    struct status good = {.code = STATUS_OK};
    outbox_send(out, client->coordinated, &(struct message){.kind = MESSAGE_STOP});
    outbox_exit(out, &good);
}

/* Rows are copied to where a worker would compute on them, and counted. */
static void take_rows(struct client *client, uint32_t lane, const struct event *event, struct outbox *out) {
    size_t bytes = event->message->body_bytes;
    if (bytes != 0)
        fill(client, client->lanes[lane].rows, event->message->body);
    client->heard_us = event->now_us;
    if (meter_count(&client->meter, bytes == 0 ? 0 : client->given->rows, bytes, event->now_us))
        stop(client, out);
}

static void on_rows(struct client *client, const struct event *event, struct outbox *out) {
    uint32_t lane = event->message->rows.lane;
    const uint32_t *pulled = client->lanes[lane].pulled;
    take_rows(client, lane, event, out);
    bool pulls = client->given->shape == SHAPE_FUSED || pulled == NULL;
    send_step(client, lane, pulled, pulls ? next_window(client) : NULL, out);
}

static void on_run_rows(struct client *client, const struct event *event, struct outbox *out) {
    uint32_t lane = event->message->run_rows.lane;
    take_rows(client, lane, event, out);
    push_run(client, lane, &event->message->run_rows, out);
    pull_run(client, lane, client->lanes[lane].step, out);
}

/* ---- the client's engine ---- */

static void fail(const char *sentence, struct outbox *out) {
    struct status status;
    status_fail(&status, STATUS_UNAVAILABLE, "%s", sentence);
    outbox_exit(out, &status);
}

static void on_message(struct client *client, const struct event *event, struct outbox *out) {
    switch (event->message->kind) {
    case MESSAGE_HELLO:
        welcome(client, event, out);
        break;
    case MESSAGE_READY:
        open_lanes(client, out);
        break;
    case MESSAGE_RATES_WANTED:
        send_rates(event, out);
        break;
    case MESSAGE_HEARTBEAT:
        on_heartbeat(client, event, out);
        break;
    case MESSAGE_LANE_AT:
        begin(client, event, out);
        break;
    case MESSAGE_ROWS:
        on_rows(client, event, out);
        break;
    case MESSAGE_RUN_ROWS:
        on_run_rows(client, event, out);
        break;
    case MESSAGE_FAILED:
        fail(event->message->failed.reason, out);
        break;
    default:
        break;
    }
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct client *client = self;
    if (client->heard_us == 0)
        client->heard_us = event->now_us;
    if (event->now_us - client->heard_us > BENCH_PATIENCE_US)
        fail("the pserver has been silent for too long", out);
    else if (event->kind == EVENT_MESSAGE)
        on_message(client, event, out);
    if (event->kind != EVENT_MESSAGE)
        outbox_wake(out, event->now_us + HEARTBEAT_US);
}

bool dotbias_client(const struct transport_case *given, struct endpoint_home *home, const struct peer *peer,
                    struct transport_result *result, struct status *status) {
    struct client client = {.given = given, .peer = peer};
    struct engine engine = {&client, step};
    char listen[ENDPOINT_BYTES];
    if (!client_take(&client, status) ||
        !endpoint_home_make(home, given->transport, "coordinator", listen, status))
        return false;
    struct loop *loop = loop_new(
        &(struct loop_spec){.zmq_context = peer->zmq_context, .listen = listen, .spin_us = given->spin_us},
        status);
    if (loop == NULL)
        return false;
    peer_tell(peer->channel, loop_endpoint(loop));
    bool good = loop_run(loop, &engine, status);
    loop_free(loop);
    client_release(&client);
    *result = meter_result(&client.meter);
    result->busy =
        (double)(client.busy[1] - client.busy[0]) / (double)(client.beaten_us[1] - client.beaten_us[0] + 1);
    return good;
}
