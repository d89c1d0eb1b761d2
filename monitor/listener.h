/* The socket that a page is served from. */
#ifndef MONITOR_LISTENER_H
#define MONITOR_LISTENER_H

#include <stdbool.h>

#include "core/status.h"

enum { LISTENER_BYTES = 300 };

struct listener {
    int socket;     /* listening, non-blocking; the caller's to close */
    bool loopback;  /* reached from this machine alone */
    char host[256]; /* as it was asked for, without brackets; of this machine when every interface was */
    char address[LISTENER_BYTES]; /* "127.0.0.1:43211", "[::1]:80": where it can be reached */
};

/* Listens at "HOST:PORT": HOST is a name, an IPv4 address, [an IPv6 address], or * for every interface; PORT is a number, or *
 * for preferred_port when that is not 0 and free, else one that the system chooses. False and STATUS_CONFIG (no such address),
 * STATUS_UNAVAILABLE (nobody may listen there). */
bool listener_open(struct listener *listener, const char *text, int preferred_port, struct status *status);

/* Whether an address like the one above is one of this machine's alone: "localhost:80", "127.0.0.1:*", "[::1]:*". */
bool listener_is_local(const char *text);

/* Whether others can reach it. What is no address is neither. */
bool listener_is_public(const char *text);

#endif
