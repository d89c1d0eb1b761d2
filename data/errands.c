#include "data/errands.h"

/* Does the next errand; the lock is held before and after. */
static void do_one(struct errands *errands) {
    unsigned place = errands->done % ERRAND_PLACES;
    struct status status = {0};
    bool fails = false;
    if (!errands->failed) {
        pthread_mutex_unlock(&errands->lock);
        fails = !errands->run(errands->context, place, &status);
        pthread_mutex_lock(&errands->lock);
    }
    if (fails) {
        errands->failed = true;
        errands->failure = status;
    }
    errands->done++;
    pthread_cond_signal(&errands->done_more);
}

static void *help(void *context) {
    struct errands *errands = context;
    pthread_mutex_lock(&errands->lock);
    while (!errands->ends || errands->done < errands->given) {
        if (errands->done < errands->given)
            do_one(errands);
        else
            pthread_cond_wait(&errands->given_more, &errands->lock);
    }
    pthread_mutex_unlock(&errands->lock);
    return NULL;
}

void errands_start(struct errands *errands, bool wants_thread,
                   bool (*run)(void *context, unsigned place, struct status *status), void *context) {
    *errands = (struct errands){.run = run, .context = context};
    pthread_mutex_init(&errands->lock, NULL);
    pthread_cond_init(&errands->given_more, NULL);
    pthread_cond_init(&errands->done_more, NULL);
    errands->has_thread = wants_thread && pthread_create(&errands->thread, NULL, help, errands) == 0;
}

unsigned errands_place(struct errands *errands) {
    pthread_mutex_lock(&errands->lock);
    while (errands->given - errands->done == ERRAND_PLACES)
        pthread_cond_wait(&errands->done_more, &errands->lock);
    unsigned place = errands->given % ERRAND_PLACES;
    pthread_mutex_unlock(&errands->lock);
    return place;
}

/* The lock is held. */
static bool tell(const struct errands *errands, struct status *status) {
    if (errands->failed)
        *status = errands->failure;
    return !errands->failed;
}

bool errands_give(struct errands *errands, struct status *status) {
    pthread_mutex_lock(&errands->lock);
    errands->given++;
    if (errands->has_thread)
        pthread_cond_signal(&errands->given_more);
    else
        do_one(errands);
    bool well = tell(errands, status);
    pthread_mutex_unlock(&errands->lock);
    return well;
}

bool errands_finish(struct errands *errands, struct status *status) {
    pthread_mutex_lock(&errands->lock);
    errands->ends = true;
    pthread_cond_signal(&errands->given_more);
    pthread_mutex_unlock(&errands->lock);
    if (errands->has_thread)
        pthread_join(errands->thread, NULL);
    bool well = tell(errands, status);
    pthread_cond_destroy(&errands->given_more);
    pthread_cond_destroy(&errands->done_more);
    pthread_mutex_destroy(&errands->lock);
    return well;
}
