/* Whether an endpoint can be listened on, or reached, right now: for `dotbias check`. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <stdbool.h>

#include "core/status.h"

/* Listens on the endpoint and lets it go again. The status of socket_listen. */
bool reach_listen(const char *endpoint, struct status *status);

/* Connects to a tcp endpoint, to each address of a name for two seconds, and hangs up; *seconds is how long that took, which is a round
 * trip. STATUS_CONFIG when it is none, STATUS_UNAVAILABLE when no one answers. */
bool reach_connect(const char *endpoint, double *seconds, struct status *status);

#endif
