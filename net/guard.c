#include "net/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "core/memory.h"
#include "core/thread.h"

static const char ZAP_ENDPOINT[] = "inproc://zeromq.zap.01";

/* The frames of a question and of an answer (RFC 27), without their envelope. */
enum {
    ASKED_VERSION,
    ASKED_ID,
    ASKED_DOMAIN,
    ASKED_ADDRESS,
    ASKED_ROUTING,
    ASKED_MECHANISM,
    ASKED_KEY,
    ASKED_FRAMES
};
enum { ANSWER_FRAMES = 6, FRAME_BYTES = 256, KEY_BYTES = 32 };

struct guard {
    struct keys keys;
    void *socket; /* of the thread */
    pthread_t thread;
    pthread_mutex_t lock;
    bool refused;
    char refusal[GUARD_TEXT_BYTES];
};

struct question {
    unsigned char frames[ASKED_FRAMES][FRAME_BYTES];
    size_t bytes[ASKED_FRAMES];
};

/* ---- the thread ---- */

/* Takes a question whole. False when the context has ended. */
static bool take_question(void *socket, struct question *question, bool *whole) {
    int more = 1;
    size_t count = 0;
    for (*whole = true; more; count++) {
        unsigned char surplus[FRAME_BYTES];
        size_t more_bytes = sizeof more;
        bool known = count < ASKED_FRAMES;
        int got = zmq_recv(socket, known ? question->frames[count] : surplus, FRAME_BYTES, 0);
        if (got < 0 && errno == EINTR && count == 0) {
            count--;
            continue;
        }
        if (got < 0)
            return false;
        *whole = *whole && known && got < FRAME_BYTES;
        if (known) {
            question->bytes[count] = (size_t)got;
            question->frames[count][got < FRAME_BYTES ? got : FRAME_BYTES - 1] = '\0';
        }
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_bytes);
    }
    *whole = *whole && count == ASKED_FRAMES;
    return true;
}

static void note_refusal(struct guard *guard, const struct question *question, const char *why) {
    pthread_mutex_lock(&guard->lock);
    guard->refused = true;
    snprintf(guard->refusal, sizeof guard->refusal, "%.100s %.140s",
             (const char *)question->frames[ASKED_ADDRESS], why);
    pthread_mutex_unlock(&guard->lock);
}

/* To the coordinator come pservers and workers, to a pserver workers. */
static bool may_come(enum role host, enum role guest) {
    return guest == ROLE_WORKER ? host != ROLE_WORKER : guest == ROLE_PSERVER && host == ROLE_COORDINATOR;
}

static bool judge(struct guard *guard, const struct question *question, enum role *guest) {
    char why[GUARD_TEXT_BYTES];
    key_text key;
    if (strcmp((const char *)question->frames[ASKED_MECHANISM], "CURVE") != 0 ||
        question->bytes[ASKED_KEY] != KEY_BYTES ||
        zmq_z85_encode(key, question->frames[ASKED_KEY], KEY_BYTES) == NULL) {
        note_refusal(guard, question, "does not prove a key");
        return false;
    }
    if (!keys_find(&guard->keys, key, guest)) {
        snprintf(why, sizeof why, "has a key that is not on the list: %s", key);
        note_refusal(guard, question, why);
        return false;
    }
    if (may_come(guard->keys.role, *guest))
        return true;
    snprintf(why, sizeof why, "has the key of a %s, which does not connect to a %s", role_name(*guest),
             role_name(guard->keys.role));
    note_refusal(guard, question, why);
    return false;
}

/* A stranger gets status 300: with it ZeroMQ closes the connection without a word, where 400 would tell it so. */
static void answer(void *socket, const struct question *question, bool may_enter, enum role guest) {
    const char *user = may_enter ? role_name(guest) : "";
    const struct {
        const void *data;
        size_t bytes;
    } frames[ANSWER_FRAMES] = {
        {"1.0", 3},
        {question->frames[ASKED_ID], question->bytes[ASKED_ID]},
        {may_enter ? "200" : "300", 3},
        {"", 0},
        {user, strlen(user)},
        {"", 0},
    };
    for (size_t i = 0; i < ANSWER_FRAMES; i++)
        zmq_send(socket, frames[i].data, frames[i].bytes, i + 1 < ANSWER_FRAMES ? ZMQ_SNDMORE : 0);
}

static void *keep_door(void *context) {
    struct guard *guard = context;
    struct question question = {0};
    bool whole;
    while (take_question(guard->socket, &question, &whole)) {
        enum role guest = ROLE_COUNT;
        bool may_enter = whole && judge(guard, &question, &guest);
        answer(guard->socket, &question, may_enter, guest);
    }
    zmq_close(guard->socket);
    return NULL;
}

/* ---- life ---- */

struct guard *guard_new(void *zmq_context, struct keys *keys, struct status *status) {
    struct guard *guard = memory_take(sizeof *guard, "the keys", status);
    if (guard == NULL) {
        keys_free(keys);
        return NULL;
    }
    guard->keys = *keys;
    explicit_bzero(keys, sizeof *keys);
    pthread_mutex_init(&guard->lock, NULL);
    guard->socket = zmq_socket(zmq_context, ZMQ_REP);
    if (guard->socket == NULL || zmq_bind(guard->socket, ZAP_ENDPOINT) != 0)
        status_fail(status, STATUS_UNAVAILABLE, "cannot ask for keys: %s", zmq_strerror(errno));
    else if (thread_start(&guard->thread, "guard", keep_door, guard, status))
        return guard;
    if (guard->socket != NULL)
        zmq_close(guard->socket);
    keys_free(&guard->keys);
    pthread_mutex_destroy(&guard->lock);
    memory_release(guard);
    return NULL;
}

void guard_free(struct guard *guard) {
    if (guard == NULL)
        return;
    pthread_join(guard->thread, NULL);
    pthread_mutex_destroy(&guard->lock);
    keys_free(&guard->keys);
    memory_release(guard);
}

/* ---- sockets ---- */

static bool set_key(void *socket, int option, const char *key, struct status *status) {
    return zmq_setsockopt(socket, option, key, KEY_CHARACTERS + 1) == 0 ||
           status_fail(status, STATUS_UNAVAILABLE, "cannot give a socket its key: %s", zmq_strerror(errno));
}

bool guard_listener(const struct guard *guard, void *socket, struct status *status) {
    int serves = 1;
    return (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &serves, sizeof serves) == 0 ||
            status_fail(status, STATUS_UNAVAILABLE, "cannot encrypt a socket: %s", zmq_strerror(errno))) &&
           set_key(socket, ZMQ_CURVE_SECRETKEY, guard->keys.own_secret, status);
}

bool guard_link(const struct guard *guard, void *socket, enum role peer, struct status *status) {
    return set_key(socket, ZMQ_CURVE_SERVERKEY, guard->keys.servers[peer], status) &&
           set_key(socket, ZMQ_CURVE_PUBLICKEY, guard->keys.own_public, status) &&
           set_key(socket, ZMQ_CURVE_SECRETKEY, guard->keys.own_secret, status);
}

bool guard_refusal(struct guard *guard, char text[GUARD_TEXT_BYTES]) {
    pthread_mutex_lock(&guard->lock);
    bool any = guard->refused;
    guard->refused = false;
    snprintf(text, GUARD_TEXT_BYTES, "%s", any ? guard->refusal : "");
    pthread_mutex_unlock(&guard->lock);
    return any;
}
