/* Endpoints: the addresses that roles listen on and connect to, as ZeroMQ writes them.
 *
 *   inproc://NAME        threads of one process
 *   ipc:///PATH          processes of one host
 *   tcp://HOST:PORT      hosts; HOST is a name, an IPv4 address, [an IPv6 address], or to listen an interface or * for all; PORT *
 *                        lets the system choose */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum {
    ENDPOINT_BYTES = 256,       /* as in HELLO */
    ENDPOINT_IPC_PATH_MAX = 107 /* bytes of a path that fit into a sockaddr_un */
};

enum endpoint_kind { ENDPOINT_INPROC, ENDPOINT_IPC, ENDPOINT_TCP };

struct endpoint {
    enum endpoint_kind transport;
    char host[ENDPOINT_BYTES]; /* tcp: without brackets; inproc and ipc: the name or path */
    int port;                  /* tcp: 1 to 65535, or 0 for any; else 0 */
};

/* Reads an endpoint. False and STATUS_CONFIG with a sentence that quotes the text when it is none. */
bool endpoint_parse(struct endpoint *endpoint, const char *text, struct status *status);

/* Writes "tcp://host:port" (with brackets where an IPv6 address needs them). False and STATUS_CONFIG when it
 * does not fit. */
bool endpoint_tcp(char text[ENDPOINT_BYTES], const char *host, int port, struct status *status);

/* Whether a host means every interface, so that no peer can connect to it: "*", "0.0.0.0", "::". */
bool endpoint_is_wildcard(const char *host);

/* What cluster.advertise names: "HOST", and *port is the one given; or "HOST:PORT", "[IPv6]:PORT", where a port is forwarded.
 * False when it does not fit. */
bool endpoint_advertised(const char *text, char host[ENDPOINT_BYTES], int *port);

/* Whether a host is this machine alone: "localhost", 127.0.0.0/8, "::1". A name that is not known to be so is not. */
bool endpoint_is_loopback(const char *host);

/* The own address on the route to a peer's host, "10.0.0.7": what a member that listens on every interface
 * tells others. Sends nothing. False and STATUS_UNAVAILABLE when there is no route or no such host. */
bool endpoint_route_host(char host[ENDPOINT_BYTES], const char *peer_host, int peer_port,
                         struct status *status);

/* Where one run keeps its local endpoints: names for inproc that no other run in this process has, and a
 * private directory for the sockets of ipc. */
struct endpoint_home {
    char name[32];
    char directory[ENDPOINT_IPC_PATH_MAX + 1]; /* empty until an ipc endpoint was asked for */
};

/* Draws the run's name. */
bool endpoint_home_init(struct endpoint_home *home, struct status *status);

/* The endpoint that a role of this run listens on: "inproc://dotbias-NAME/role", "ipc:///run/.../role.sock",
 * "tcp://127.0.0.1:*". role is a short word such as "pserver-1". The first ipc endpoint makes the directory,
 * under $XDG_RUNTIME_DIR if that is set and short enough, else under /tmp; only this user may enter it. False
 * and STATUS_CANT_CREATE when that fails. */
bool endpoint_home_make(struct endpoint_home *home, enum endpoint_kind transport, const char *role,
                        char text[ENDPOINT_BYTES], struct status *status);

/* Removes the directory and the sockets in it. Safe to call more than once. */
void endpoint_home_remove(struct endpoint_home *home);

#endif
