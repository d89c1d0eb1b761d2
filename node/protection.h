/* Whether a process needs keys (security.keys, security.curve), and the guard of its sockets. */
#ifndef NODE_PROTECTION_H
#define NODE_PROTECTION_H

#include "config/config.h"
#include "core/rating.h"
#include "net/guard.h"

/* What a configuration demands before anything starts: where tcp can be reached from other machines there are keys, where the page
 * can there is a token, or security.curve is off. STATUS_CONFIG with a sentence, and the errors of token_read. */
bool protection_check(const struct config *config, struct status *status);

/* The guard of a process of a role that listens at `listen` (NULL: nowhere) and whose coordinator is at `coordinator` (NULL: it
 * is the coordinator); NULL where nothing has to be encrypted. Before the context's first socket; ended by guard_free
 * after the context's end. Errors of protection_check, keys_load and guard_new. */
bool protection_open(struct guard **guard, const struct config *config, enum role role, const char *listen,
                     const char *coordinator, void *zmq_context, struct status *status);

#endif
