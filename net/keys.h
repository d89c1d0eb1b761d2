/* The keys of a cluster: who a process is, and whom it talks to. CURVE keys (Curve25519) as ZeroMQ writes them, 40 characters of
 * Z85, in a folder that `dotbias keygen` makes:
 *
 *   coordinator.secret, pserver.secret, worker.secret   one secret key; a host needs the one of its role
 *   public.keys                                         the allow-list: lines "ROLE KEY"; lines that begin with # are comments
 *
 * All processes of a role on a host share a key. There is one public key of the coordinator and one of the pservers, since
 * whoever connects must know whom it reaches; of workers, who only connect, there may be many: a host each, so that one can be
 * struck off the list. */
#ifndef NET_KEYS_H
#define NET_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/rating.h"
#include "core/status.h"

enum { KEY_CHARACTERS = 40, KEYS_ALLOWED_MAX = 65536 };

#define KEYS_LIST_FILE "public.keys"

/* A key as text, with a zero at the end. */
typedef char key_text[KEY_CHARACTERS + 1];

struct allowed_key {
    enum role role;
    key_text key;
};

struct keys {
    enum role role; /* of this process */
    key_text own_public, own_secret;
    struct allowed_key *allowed; /* sorted by key */
    size_t allowed_count;
    key_text servers[ROLE_COUNT]; /* of coordinator and pserver */
};

/* Draws a pair. */
void keys_draw(key_text public_key, key_text secret_key);

/* Reads the folder for a process of a role; ended by keys_free in any case. STATUS_NO_INPUT: a file is missing. STATUS_DENIED: a secret that
 * others than its owner may read. STATUS_CONFIG: "DIR/public.keys:3:8: ..." for anything that is no list of keys, a
 * list without a coordinator's or pserver's key or with two, a secret whose public half is not on the list in that role. */
bool keys_load(struct keys *keys, const char *folder, enum role role, struct status *status);

/* Wipes the secret. */
void keys_free(struct keys *keys);

/* Whether a key is on the list, and in which role. */
bool keys_find(const struct keys *keys, const key_text key, enum role *role);

#endif
