/* For ThreadSanitizer alone: what happens before a message is given to ZeroMQ happens before it is taken from it, and
 * before its memory comes back. The library is not instrumented, so the sanitizer has to be told. */
#ifndef NET_HANDOVER_H
#define NET_HANDOVER_H

#ifdef __SANITIZE_THREAD__

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* The meeting point of all messages; any address that every thread knows will do. */
static inline void handover_given(void) {
    __tsan_release((void *)&__tsan_release);
}

static inline void handover_taken(void) {
    __tsan_acquire((void *)&__tsan_release);
}

#else

static inline void handover_given(void) {
}

static inline void handover_taken(void) {
}

#endif

#endif
