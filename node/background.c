#include "node/background.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/thread.h"

enum { JOBS_READ, JOBS_WRITE };

void background_init(struct background *background, struct loop *loop,
                     void (*perform)(void *context, struct job *job), void *context) {
    *background = (struct background){.perform = perform, .context = context, .loop = loop};
}

static void put(struct background *background, struct job *job) {
    ssize_t written = write(background->jobs[JOBS_WRITE], &job, sizeof job);
    REQUIRE(written == (ssize_t)sizeof job, "the pipe has room for as many jobs as a loop gives away");
}

static struct job *get(struct background *background) {
    struct job *job = NULL;
    ssize_t got;
    do
        got = read(background->jobs[JOBS_READ], &job, sizeof job);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof job ? job : NULL;
}

static void *run(void *argument) {
    struct background *background = argument;
    for (struct job *job; (job = get(background)) != NULL && !atomic_load(&background->stopping);) {
        background->perform(background->context, job);
        loop_job_done(background->loop, job);
    }
    return NULL;
}

static bool start(struct background *background, struct status *status) {
    if (pipe2(background->jobs, O_CLOEXEC) != 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot make a pipe");
    background->running = thread_start(&background->thread, "checkpoints", run, background, status);
    if (background->running)
        return true;
    close(background->jobs[JOBS_READ]);
    close(background->jobs[JOBS_WRITE]);
    return false;
}

bool background_take(struct background *background, struct job *job) {
    if (!background->running && !start(background, &job->status))
        return true;
    put(background, job);
    return false;
}

void background_stop(struct background *background) {
    if (!background->running)
        return;
    atomic_store(&background->stopping, true);
    put(background, NULL);
    pthread_join(background->thread, NULL);
    close(background->jobs[JOBS_READ]);
    close(background->jobs[JOBS_WRITE]);
    background->running = false;
}
