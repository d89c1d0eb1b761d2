#include "data/ordered_work.h"

#include <sched.h>

/* Does the next task; the lock is held before and after. */
static void do_one(struct ordered_work *work) {
    uint64_t task = work->taken++;
    pthread_mutex_unlock(&work->lock);
    work->run(work->context, task);
    pthread_mutex_lock(&work->lock);
    work->is_done[task % work->window] = true;
    pthread_cond_signal(&work->done);
}

static void *help(void *context) {
    struct ordered_work *work = context;
    pthread_mutex_lock(&work->lock);
    while (!work->ends) {
        if (work->taken < work->offered)
            do_one(work);
        else
            pthread_cond_wait(&work->work, &work->lock);
    }
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

unsigned ordered_work_threads(unsigned wanted) {
    cpu_set_t mine;
    if (wanted > 0)
        return wanted;
    return sched_getaffinity(0, sizeof mine, &mine) == 0 ? (unsigned)CPU_COUNT(&mine) : 1;
}

uint32_t ordered_work_window(unsigned threads) {
    uint32_t helpers = threads > ORDERED_HELPERS_MAX ? ORDERED_HELPERS_MAX : threads - 1;
    return helpers == 0 ? 1 : 2 * helpers + 2;
}

void ordered_work_start(struct ordered_work *work, unsigned threads,
                        void (*run)(void *context, uint64_t task), void *context) {
    *work = (struct ordered_work){.run = run, .context = context, .window = ordered_work_window(threads)};
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->work, NULL);
    pthread_cond_init(&work->done, NULL);
    uint32_t wanted = work->window == 1 ? 0 : (work->window - 2) / 2;
    while (work->helper_count < wanted &&
           pthread_create(&work->helpers[work->helper_count], NULL, help, work) == 0)
        work->helper_count++;
}

void ordered_work_offer(struct ordered_work *work) {
    pthread_mutex_lock(&work->lock);
    work->is_done[work->offered++ % work->window] = false;
    pthread_cond_signal(&work->work);
    pthread_mutex_unlock(&work->lock);
}

void ordered_work_await(struct ordered_work *work, uint64_t task) {
    pthread_mutex_lock(&work->lock);
    while (!work->is_done[task % work->window]) {
        if (work->taken < work->offered)
            do_one(work);
        else
            pthread_cond_wait(&work->done, &work->lock);
    }
    pthread_mutex_unlock(&work->lock);
}

void ordered_work_stop(struct ordered_work *work) {
    pthread_mutex_lock(&work->lock);
    work->ends = true;
    pthread_cond_broadcast(&work->work);
    pthread_mutex_unlock(&work->lock);
    for (uint32_t i = 0; i < work->helper_count; i++)
        pthread_join(work->helpers[i], NULL);
    pthread_cond_destroy(&work->work);
    pthread_cond_destroy(&work->done);
    pthread_mutex_destroy(&work->lock);
}
