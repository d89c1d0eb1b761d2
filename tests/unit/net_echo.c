#include "net_echo.h"

#include <stdio.h>
#include <string.h>

static void answer(const struct event *event, struct outbox *out) {
    struct message reply = {.kind = MESSAGE_VALUES, .body_bytes = event->message->body_bytes};
    reply.values.request = event->message->read.request;
    if (reply.body_bytes > 0)
        memcpy(outbox_body(out, reply.body_bytes), event->message->body, reply.body_bytes);
    outbox_send(out, event->link, &reply);
}

static void server_step(void *self, const struct event *event, struct outbox *out) {
    struct echo_server *server = self;
    if (event->kind == EVENT_STOP)
        outbox_exit(out, event->status);
    if (event->kind != EVENT_MESSAGE)
        return;
    server->heard++;
    if (event->message->kind == MESSAGE_READ)
        answer(event, out);
}

static void server_log(void *context, const char *sentence) {
    struct echo_server *server = context;
    snprintf(server->last_line, sizeof server->last_line, "%s", sentence);
    atomic_fetch_add(&server->lines, 1);
}

static void *serve(void *argument) {
    struct echo_server *server = argument;
    loop_run(server->loop, &server->engine, &server->verdict);
    return NULL;
}

bool echo_server_start(struct echo_server *server, void *zmq_context, const char *listen,
                       struct status *status) {
    struct loop_spec spec = {
        .zmq_context = zmq_context, .listen = listen, .spin_us = 100, .log = server_log, .context = server};
    *server = (struct echo_server){.engine = {server, server_step}};
    server->loop = loop_new(&spec, status);
    if (server->loop == NULL)
        return false;
    return pthread_create(&server->thread, NULL, serve, server) == 0;
}

void echo_server_stop(struct echo_server *server) {
    loop_stop(server->loop, &(struct status){STATUS_TRY_AGAIN, "the test is over"});
    pthread_join(server->thread, NULL);
}

static size_t body_words(uint64_t number) {
    static const size_t WORDS[] = {0, 1, 3, 32, 1100, 3584, 40};
    return WORDS[number % (sizeof WORDS / sizeof WORDS[0])];
}

static void ask(struct echo_client *client, struct outbox *out) {
    struct message question = {.kind = MESSAGE_READ};
    size_t words = body_words(client->asked);
    question.read.request = client->asked;
    question.body_bytes = words * sizeof(uint64_t);
    if (words > 0) {
        uint64_t *body = outbox_body(out, question.body_bytes);
        client->wrong += (uintptr_t)body % BODY_ALIGNMENT != 0;
        for (size_t i = 0; i < words; i++)
            body[i] = client->asked + i;
    }
    client->asked++;
    outbox_send(out, LINK_COORDINATOR, &question);
}

static bool answer_is_right(const struct message *answer, uint64_t number) {
    const uint64_t *body = answer->body;
    size_t words = body_words(number);
    if (answer->kind != MESSAGE_VALUES || answer->values.request != number ||
        answer->body_bytes != words * sizeof *body || (uintptr_t)body % sizeof *body != 0)
        return false;
    for (size_t i = 0; i < words; i++)
        if (body[i] != number + i)
            return false;
    return true;
}

static void client_step(void *self, const struct event *event, struct outbox *out) {
    struct echo_client *client = self;
    if (event->kind == EVENT_START) {
        while (client->asked < client->window && client->asked < client->wanted)
            ask(client, out);
    } else if (event->kind == EVENT_STOP) {
        outbox_exit(out, event->status);
    } else if (event->kind == EVENT_MESSAGE) {
        client->wrong += !answer_is_right(event->message, client->answered++);
        if (client->asked < client->wanted)
            ask(client, out);
        if (client->answered == client->wanted)
            outbox_exit(out, &(struct status){STATUS_OK, ""});
    }
}

void echo_client_init(struct echo_client *client, uint64_t wanted, uint64_t window) {
    *client = (struct echo_client){.engine = {client, client_step}, .wanted = wanted, .window = window};
}
