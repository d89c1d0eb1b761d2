/* Threads in the background: they have a name, and signals are for others. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <pthread.h>

#include "core/status.h"

/* Starts a thread that is born with all signals blocked, under a name of at most 15 bytes. STATUS_NO_MEMORY: "cannot start a
 * thread for NAME: ...". */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context,
                  struct status *status);

#endif
