/* Tasks 0, 1, 2, ... done side by side by several threads and collected in their order by the thread that
 * offers them. A task's place is its number modulo `window`, so at most `window` are on the way at a time. */
#ifndef DATA_ORDERED_WORK_H
#define DATA_ORDERED_WORK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { ORDERED_HELPERS_MAX = 15, ORDERED_WINDOW_MAX = 2 * ORDERED_HELPERS_MAX + 2 };

struct ordered_work {
    void (*run)(void *context, uint64_t task); /* in any thread; tasks of different places at once */
    void *context;
    uint32_t window, helper_count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work, done;
    uint64_t offered, taken; /* tasks that may be run, and that somebody has begun */
    bool is_done[ORDERED_WINDOW_MAX];
    bool ends;
    pthread_t helpers[ORDERED_HELPERS_MAX];
};

/* How many threads are meant: as many as there are processors for this process when wanted is 0. */
unsigned ordered_work_threads(unsigned wanted);

/* Starts threads - 1 helpers, fewer where the system refuses; threads >= 1. The work must not move. */
void ordered_work_start(struct ordered_work *work, unsigned threads,
                        void (*run)(void *context, uint64_t task), void *context);

/* The window of so many threads: 1 without helpers. */
uint32_t ordered_work_window(unsigned threads);

/* Offers the next task; the one `window` before it has been awaited. */
void ordered_work_offer(struct ordered_work *work);

/* Returns when the task, which was offered, is done. The caller's thread does tasks rather than wait. */
void ordered_work_await(struct ordered_work *work, uint64_t task);

/* Ends the helpers; tasks that nobody has begun are not done. */
void ordered_work_stop(struct ordered_work *work);

#endif
