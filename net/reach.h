/* Whether an endpoint can be listened on, or reached, right now: for `dotbias check`. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <stdbool.h>

#include "core/status.h"

/* Listens on the endpoint and lets it go again. STATUS_UNAVAILABLE with the system's reason. */
bool reach_listen(const char *endpoint, struct status *status);

/* Whether the host of a tcp endpoint is known; of any other endpoint it is. STATUS_UNAVAILABLE: "cannot find the host of
 * tcp://x:1: Name or service not known". */
bool reach_resolve(const char *endpoint, struct status *status);

/* Connects to a tcp endpoint within two seconds and hangs up. STATUS_CONFIG when it is none,
 * STATUS_UNAVAILABLE when no one answers. */
bool reach_connect(const char *endpoint, struct status *status);

#endif
