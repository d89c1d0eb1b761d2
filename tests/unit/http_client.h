/* Clients of a server that lives in the test's own thread: while they wait, it is turned. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* What is to be turned. */
struct http_host {
    void *server;
    int (*fd)(const void *server);
    int (*timeout_ms)(const void *server);
    void (*turn)(void *server);
    const char *address;
};

struct http_reply {
    int code;         /* 0: the connection ended without an answer */
    char *bytes;      /* all of it, terminated; the caller's to free */
    size_t length;    /* of the body */
    const char *body; /* in bytes */
};

/* A connection; the caller closes it. Stops the test when there can be none. */
int http_client_connect(const struct http_host *host);

/* Turns the server for about so long. */
void http_client_turn(const struct http_host *host, int milliseconds);

/* Sends what the socket takes, without waiting. */
void http_client_send(int client, const char *text, size_t length);

/* Waits for one whole answer (10 seconds at most), turning the server. head: an answer without its body. */
struct http_reply http_client_read(const struct http_host *host, int client, bool head);

/* GET with more headers (each ended by \r\n), on a connection of its own. */
struct http_reply http_client_get(const struct http_host *host, const char *path, const char *headers);

/* The value of a header of an answer, in a static buffer; NULL when it is not there. */
const char *http_client_header(const struct http_reply *reply, const char *name);

#endif
