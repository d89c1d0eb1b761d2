/* What the host of a tcp endpoint stands for: names of hosts and of interfaces as addresses. ZeroMQ listens on addresses
 * alone, and of a name it tries one address, an IPv6 one where there is any, route or not. Looking a name up may wait
 * for a server. "localhost" is never more than this machine, whatever somebody says who answers for it. */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stdbool.h>

#include "core/status.h"
#include "net/endpoint.h"

enum { NAMES_MAX = 16 };

/* Endpoints with an address, "tcp://10.0.0.7:7077", in the order of preference. */
struct addresses {
    char endpoints[NAMES_MAX][ENDPOINT_BYTES];
    int count;
};

/* Whether somebody has to be asked what the endpoint's host is: it is tcp, and its host neither "*" nor an address. */
bool names_is_name(const char *endpoint);

/* Where to listen. An endpoint without a name stays as it is. An interface, as in "tcp://eth0:*", is its IPv4 address, or else its
 * IPv6 address, but none that is good on its own link alone; a name is all those of its addresses that are this host's. False and
 * STATUS_CONFIG (it is no endpoint, or a name of another host), STATUS_UNAVAILABLE (nobody knows the name, or the
 * interface has no address) with a sentence that names it. */
bool names_listen(struct addresses *addresses, const char *endpoint, struct status *status);

/* Where to connect to. An endpoint without a name stays as it is; a name is those of its addresses that this host has a
 * route to. False and STATUS_CONFIG (it is no endpoint), STATUS_UNAVAILABLE: "cannot find the host of tcp://x:1: Name or
 * service not known", "there is no route to the host of tcp://x:1". */
bool names_connect(struct addresses *addresses, const char *endpoint, struct status *status);

/* The address to try after `last` ("" at first), round and round; last is overwritten. False as above, and last stays. */
bool names_next(char last[ENDPOINT_BYTES], const char *endpoint, struct status *status);

#endif
