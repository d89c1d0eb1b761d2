/* Work that is done in the order it was given, one errand at a time, by a thread of its own while the giver goes on: an errand has
 * one of two places, which the giver fills while the thread is busy with the other. */
#ifndef DATA_ERRANDS_H
#define DATA_ERRANDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum { ERRAND_PLACES = 2 };

struct errands {
    bool (*run)(void *context, unsigned place, struct status *status);
    void *context;
    bool has_thread; /* without, errands are run when they are given */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t given_more, done_more;
    uint64_t given, done;
    bool ends, failed;
    struct status failure; /* of the first errand that failed; those after it are not run */
};

/* wants_thread is a wish: where the system refuses, there is none. The errands must not move. */
void errands_start(struct errands *errands, bool wants_thread,
                   bool (*run)(void *context, unsigned place, struct status *status), void *context);

/* The place to fill next, when it is free. */
unsigned errands_place(struct errands *errands);

/* Gives the errand of that place; false, with the failure, when one has failed. */
bool errands_give(struct errands *errands, struct status *status);

/* Waits until all are done and ends the thread; false as errands_give. */
bool errands_finish(struct errands *errands, struct status *status);

#endif
