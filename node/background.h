/* A node's second thread, for jobs that take longer than a heartbeat: checkpoints. It carries them out one after
 * another in the order they came, and sends each back to the loop; the loop meanwhile keeps turning.
 *
 * The thread starts with the first job: most nodes never have one. */
#ifndef NODE_BACKGROUND_H
#define NODE_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/loop.h"

struct background {
    void (*perform)(void *context, struct job *job);
    void *context;
    struct loop *loop;
    pthread_t thread;
    bool running;
    int jobs[2]; /* a pipe of jobs to the thread; NULL ends it */
    atomic_bool stopping;
};

/* perform carries a job out in the thread and sets job->status; the loop is told of its end. Takes nothing. */
void background_init(struct background *background, struct loop *loop,
                     void (*perform)(void *context, struct job *job), void *context);

/* Hands a job over, with the meaning of loop_spec.perform: false, it goes on elsewhere; true when it is over
 * already because no thread could be started (job->status is STATUS_NO_MEMORY). From the loop's thread. */
bool background_take(struct background *background, struct job *job);

/* Waits for the job under way and drops those that have not begun; afterwards no job is touched any more.
 * Before loop_free, and before anything that a job points at is freed. Harmless without a thread, or twice, and
 * on a struct that is all zero. */
void background_stop(struct background *background);

#endif
