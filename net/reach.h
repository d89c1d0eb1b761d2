/* Whether an endpoint can be listened on, or reached, right now: for `dotbias check`. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <stdbool.h>

#include "core/status.h"

/* Listens on the endpoint and lets it go again. The status of socket_listen. */
bool reach_listen(const char *endpoint, struct status *status);

/* Connects to a tcp endpoint within two seconds and hangs up. STATUS_CONFIG when it is none,
 * STATUS_UNAVAILABLE when no one answers. */
bool reach_connect(const char *endpoint, struct status *status);

#endif
