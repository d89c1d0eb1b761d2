#include "http_client.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, CHUNK = 1 << 16 };

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int http_client_connect(const struct http_host *host) {
    char name[256];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    snprintf(name, sizeof name, "%s", host->address);
    char *port = strrchr(name, ':');
    *port++ = '\0';
    if (getaddrinfo(name, port, &hints, &found) != 0)
        abort();
    int client = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0 || connect(client, found->ai_addr, found->ai_addrlen) != 0)
        abort();
    freeaddrinfo(found);
    return client;
}

/* Until the client has something to read, the server something to do, or the time is over. */
static void turn(const struct http_host *host, int client, int wait_ms) {
    int server_ms = host->timeout_ms(host->server);
    struct pollfd waits[] = {{.fd = host->fd(host->server), .events = POLLIN},
                             {.fd = client, .events = POLLIN}};
    poll(waits, client < 0 ? 1 : 2, server_ms >= 0 && server_ms < wait_ms ? server_ms : wait_ms);
    host->turn(host->server);
}

void http_client_turn(const struct http_host *host, int milliseconds) {
    long end_ms = now_ms() + milliseconds;
    for (long left_ms; (left_ms = end_ms - now_ms()) > 0;)
        turn(host, -1, (int)left_ms);
}

void http_client_send(int client, const char *text, size_t length) {
    ssize_t sent = send(client, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
}

const char *http_client_header(const struct http_reply *reply, const char *name) {
    static char value[1024];
    size_t length = strlen(name);
    for (const char *line = reply->bytes; line != NULL && line < reply->body; line = strstr(line, "\r\n")) {
        line += *line == '\r' ? 2 : 0;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + length + 2, "\r"), line + length + 2);
            return value;
        }
    }
    return NULL;
}

/* Whether a whole answer has come. */
static bool is_whole(struct http_reply *reply, size_t got, bool head) {
    const char *end = strstr(reply->bytes, "\r\n\r\n");
    if (end == NULL)
        return false;
    reply->body = end + 4;
    reply->length = got - (size_t)(reply->body - reply->bytes);
    reply->code = atoi(reply->bytes + sizeof "HTTP/1.1");
    const char *wanted = http_client_header(reply, "Content-Length");
    return head || reply->code == 304 || (wanted != NULL && reply->length >= (size_t)atol(wanted));
}

struct http_reply http_client_read(const struct http_host *host, int client, bool head) {
    struct http_reply reply = {.bytes = calloc(1, CHUNK)};
    size_t got = 0, capacity = CHUNK;
    long end_ms = now_ms() + PATIENCE_MS;
    while (reply.bytes != NULL && !is_whole(&reply, got, head) && now_ms() < end_ms) {
        if (capacity - got < CHUNK / 2)
            reply.bytes = realloc(reply.bytes, capacity *= 2);
        turn(host, client, 100);
        ssize_t more = recv(client, reply.bytes + got, capacity - got - 1, MSG_DONTWAIT);
        if (more == 0)
            break;
        got += more > 0 ? (size_t)more : 0;
        reply.bytes[got] = '\0';
    }
    if (reply.bytes == NULL)
        abort();
    return reply;
}

struct http_reply http_client_get(const struct http_host *host, const char *path, const char *headers) {
    char request[2048];
    int client = http_client_connect(host);
    int length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, headers);
    http_client_send(client, request, (size_t)length);
    struct http_reply reply = http_client_read(host, client, false);
    close(client);
    return reply;
}
