/* What a service manager is told: systemd's protocol of datagrams (sd_notify(3)), which is small enough to speak by hand. Without
 * NOTIFY_SOCKET in the environment nothing is sent. */
#ifndef NODE_NOTIFY_H
#define NODE_NOTIFY_H

#include <stdbool.h>

#include "core/status.h"
#include "net/loop.h"

/* Sends lines such as "READY=1\nSTATUS=trains". Whether anybody got them; nobody has to. */
bool notify_send(const char *lines);

struct notify;

/* Starts a thread that sends WATCHDOG=1 as often as WATCHDOG_USEC asks for, while the loop has turned within patience_us. NULL
 * where nobody watches. The loop must outlive it. */
struct notify *notify_watchdog_start(const struct loop *loop, uint64_t patience_us);
void notify_watchdog_stop(struct notify *notify);

#endif
