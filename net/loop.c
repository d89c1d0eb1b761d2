#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/memory.h"
#include "net/resident.h"

enum {
    COMPLAINT_INTERVAL_US = 1000000,
    SLICE_US = 2000,    /* a look that took this long has cost a time slice of the system's */
    CROWDED_US = 10000, /* two of them within this time: somebody else computes here */
    CROWDED_PAUSE_US = 200000
};

static const uint64_t NEVER = UINT64_MAX;

enum { CALL_READ, CALL_WRITE };

struct loop {
    struct loop_spec spec;
    struct wire *wire;
    char endpoint[ENDPOINT_BYTES];
    struct outbox outbox;
    const struct engine *engine;
    uint64_t now_us, wake_at_us, complain_at_us;
    uint64_t busy_us;       /* in the engine's steps */
    uint64_t slice_lost_us; /* when a look last cost one */
    uint64_t spin_again_us; /* until then nothing is looked at without sleeping */
    bool shared;            /* others live in this process too, so its memory says nothing of this one */
    struct job *jobs[LOOP_JOBS_MAX]; /* a ring */
    size_t first_job, job_count;
    size_t elsewhere; /* jobs that perform has left to another thread */
    bool over;
    struct status verdict;
    int calls[2];           /* a pipe of words to the loop: a job that is done, or NULL for the stop */
    atomic_uint calls_made; /* words written and not yet read */
    atomic_uint_least64_t turned_us;
    atomic_bool stop_called; /* the first call of loop_stop has the word */
    struct status stop_status;
};

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the outbox ---- */

static void *world_body(void *world, size_t bytes) {
    struct loop *loop = world;
    return wire_body(loop->wire, bytes);
}

static void world_send(void *world, link_id link, const struct message *message) {
    struct loop *loop = world;
    wire_send(loop->wire, link, message);
}

static void world_log(void *world, const char *sentence) {
    struct loop *loop = world;
    if (loop->spec.log != NULL)
        loop->spec.log(loop->spec.context, sentence);
}

static void world_connect(void *world, link_id link, const char *endpoint) {
    struct loop *loop = world;
    struct status status;
    if (!wire_connect(loop->wire, link, endpoint, &status))
        world_log(loop, status.text);
}

static void world_job(void *world, struct job *job) {
    struct loop *loop = world;
    REQUIRE(loop->job_count < LOOP_JOBS_MAX, "an engine has few jobs waiting");
    loop->jobs[(loop->first_job + loop->job_count++) % LOOP_JOBS_MAX] = job;
}

static void world_wake(void *world, uint64_t at_us) {
    struct loop *loop = world;
    loop->wake_at_us = at_us;
}

static void world_exit(void *world, const struct status *status) {
    struct loop *loop = world;
    if (!loop->over)
        loop->verdict = *status;
    loop->over = true;
}

static uint64_t world_clock(void *world) {
    struct timespec now;
    (void)world;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct driver_figures world_measure(void *world) {
    const struct loop *loop = world;
    return (struct driver_figures){loop->busy_us, loop->shared ? 0 : resident_bytes()};
}

static void world_show(void *world, const struct figures *figures) {
    const struct loop *loop = world;
    if (loop->spec.show != NULL)
        loop->spec.show(loop->spec.context, figures);
}

static const struct outbox_ops OPS = {
    .body = world_body,
    .send = world_send,
    .connect = world_connect,
    .job = world_job,
    .wake = world_wake,
    .log = world_log,
    .exit = world_exit,
    .clock = world_clock,
    .measure = world_measure,
    .show = world_show,
};

/* ---- life ---- */

/* The host, and where one is named the port, that others should use when they are not those bound. */
static bool public_host(const struct loop_spec *spec, const char *bound_host, char host[ENDPOINT_BYTES],
                        int *port) {
    struct endpoint coordinator;
    struct status status;
    if (spec->advertise != NULL && spec->advertise[0] != '\0')
        return endpoint_advertised(spec->advertise, host, port);
    if (endpoint_is_wildcard(bound_host) && spec->coordinator == NULL)
        return gethostname(host, ENDPOINT_BYTES - 1) == 0;
    return endpoint_is_wildcard(bound_host) && endpoint_parse(&coordinator, spec->coordinator, &status) &&
           coordinator.transport == ENDPOINT_TCP &&
           endpoint_route_host(host, coordinator.host, coordinator.port, &status);
}

/* With IPv6 on, ZeroMQ names an IPv4 address as "::ffff:10.0.0.7", which a peer without IPv6 cannot reach. */
static const char *plain_host(const char *host) {
    static const char MAPPED[] = "::ffff:";
    bool mapped = strncmp(host, MAPPED, sizeof MAPPED - 1) == 0 && strchr(host, '.') != NULL;
    return mapped ? host + sizeof MAPPED - 1 : host;
}

static bool name_endpoint(struct loop *loop, const struct loop_spec *spec, struct status *status) {
    struct endpoint bound;
    char other[ENDPOINT_BYTES];
    snprintf(loop->endpoint, sizeof loop->endpoint, "%s", wire_endpoint(loop->wire));
    if (loop->endpoint[0] == '\0' || !endpoint_parse(&bound, loop->endpoint, status))
        return loop->endpoint[0] == '\0';
    if (bound.transport != ENDPOINT_TCP)
        return true;
    const char *host = plain_host(bound.host);
    bool is_other = public_host(spec, host, other, &bound.port);
    return endpoint_tcp(loop->endpoint, is_other ? other : host, bound.port, status);
}

/* Whoever finds the coordinator by inproc is a thread beside it. */
static bool shares_process(const struct loop_spec *spec) {
    struct endpoint coordinator;
    struct status ignored;
    return spec->coordinator != NULL && endpoint_parse(&coordinator, spec->coordinator, &ignored) &&
           coordinator.transport == ENDPOINT_INPROC;
}

static bool open_loop(struct loop *loop, const struct loop_spec *spec, struct status *status) {
    if (pipe2(loop->calls, O_NONBLOCK | O_CLOEXEC) != 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot make a pipe");
    loop->wire = wire_new(spec->zmq_context, spec->listen, spec->guard, loop->calls[CALL_READ], status);
    return loop->wire != NULL && name_endpoint(loop, spec, status) &&
           (spec->coordinator == NULL ||
            wire_connect(loop->wire, LINK_COORDINATOR, spec->coordinator, status));
}

struct loop *loop_new(const struct loop_spec *spec, struct status *status) {
    struct loop *loop = memory_take(sizeof *loop, "a loop", status);
    if (loop == NULL)
        return NULL;
    loop->spec = *spec;
    loop->spec.listen = loop->spec.advertise = loop->spec.coordinator = NULL;
    loop->outbox = (struct outbox){&OPS, loop};
    loop->wake_at_us = NEVER;
    loop->shared = shares_process(spec);
    atomic_store(&loop->turned_us, clock_us());
    loop->calls[CALL_READ] = loop->calls[CALL_WRITE] = -1;
    if (!open_loop(loop, spec, status)) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

const char *loop_endpoint(const struct loop *loop) {
    return loop->endpoint;
}

struct wire_counters loop_counters(const struct loop *loop) {
    return wire_counters(loop->wire);
}

uint64_t loop_turned_us(const struct loop *loop) {
    return atomic_load(&loop->turned_us);
}

void loop_free(struct loop *loop) {
    if (loop == NULL)
        return;
    wire_free(loop->wire);
    if (loop->calls[CALL_READ] >= 0) {
        close(loop->calls[CALL_READ]);
        close(loop->calls[CALL_WRITE]);
    }
    memory_release(loop);
}

/* ---- words from elsewhere ---- */

/* A pipe is a queue that any thread and any signal handler can write to, that wakes who waits for it, and that
 * has room for a page of words: more than there are jobs and stops. */
static void call(struct loop *loop, struct job *job) {
    int saved = errno;
    ssize_t written = write(loop->calls[CALL_WRITE], &job, sizeof job);
    REQUIRE(written == (ssize_t)sizeof job, "a loop's pipe has room for every job and the stop");
    atomic_fetch_add(&loop->calls_made, 1);
    errno = saved;
}

void loop_stop(struct loop *loop, const struct status *status) {
    if (atomic_exchange(&loop->stop_called, true))
        return;
    loop->stop_status = *status;
    call(loop, NULL);
}

void loop_job_done(struct loop *loop, struct job *job) {
    REQUIRE(job != NULL, "a job that is done");
    call(loop, job);
}

/* ---- running ---- */

static void step(struct loop *loop, struct event *event) {
    const struct status *failure;
    event->now_us = loop->now_us = clock_us();
    atomic_store_explicit(&loop->turned_us, loop->now_us, memory_order_relaxed);
    event->busy_us = loop->busy_us;
    loop->engine->step(loop->engine->self, event, &loop->outbox);
    loop->busy_us += clock_us() - loop->now_us;
    if ((failure = wire_failure(loop->wire)) != NULL)
        world_exit(loop, failure);
}

/* The pipe is read only when a word is known to be there: a look costs no system call. */
static bool take_call(struct loop *loop, struct job **job) {
    if (atomic_load(&loop->calls_made) == 0 ||
        read(loop->calls[CALL_READ], job, sizeof *job) != (ssize_t)sizeof *job)
        return false;
    atomic_fetch_sub(&loop->calls_made, 1);
    return true;
}

static bool deliver_calls(struct loop *loop) {
    struct job *job;
    bool any = false;
    while (!loop->over && take_call(loop, &job)) {
        any = true;
        if (job == NULL) {
            step(loop, &(struct event){.kind = EVENT_STOP, .status = &loop->stop_status});
            continue;
        }
        loop->elsewhere--;
        step(loop, &(struct event){.kind = EVENT_JOB_DONE, .job = job});
    }
    return any;
}

static bool deliver_messages(struct loop *loop) {
    struct message message;
    link_id link;
    int taken = 0;
    while (taken < LOOP_BURST && !loop->over && wire_take(loop->wire, &message, &link)) {
        step(loop, &(struct event){.kind = EVENT_MESSAGE, .link = link, .message = &message});
        taken++;
    }
    return taken > 0;
}

static bool deliver_timer(struct loop *loop) {
    if (loop->wake_at_us == NEVER || clock_us() < loop->wake_at_us)
        return false;
    loop->wake_at_us = NEVER;
    step(loop, &(struct event){.kind = EVENT_TIMER});
    return true;
}

/* The job when it is done already, NULL when it goes on elsewhere. */
static struct job *perform_next(struct loop *loop) {
    struct job *job = loop->jobs[loop->first_job];
    loop->first_job = (loop->first_job + 1) % LOOP_JOBS_MAX;
    loop->job_count--;
    if (loop->spec.perform(loop->spec.context, job))
        return job;
    REQUIRE(loop->elsewhere < LOOP_JOBS_MAX, "an engine has few jobs elsewhere");
    loop->elsewhere++;
    return NULL;
}

/* Carries out the jobs that wait now, not those which their ends bring, so that messages get their turn. */
static bool deliver_jobs(struct loop *loop) {
    size_t waiting = loop->job_count;
    for (size_t i = 0; i < waiting && !loop->over; i++) {
        struct job *done = perform_next(loop);
        if (done != NULL)
            step(loop, &(struct event){.kind = EVENT_JOB_DONE, .job = done});
    }
    return waiting > 0;
}

static void log_complaints(struct loop *loop) {
    char line[512];
    const char *last;
    uint64_t complaints = wire_complaints(loop->wire, &last);
    if (complaints == 0)
        return;
    snprintf(line, sizeof line, "event=refused count=%" PRIu64 " last=\"%s\"", complaints, last);
    world_log(loop, line);
    loop->complain_at_us = clock_us() + COMPLAINT_INTERVAL_US;
}

static uint64_t next_deadline(const struct loop *loop) {
    bool complain_first = wire_has_complaints(loop->wire) && loop->complain_at_us < loop->wake_at_us;
    return complain_first ? loop->complain_at_us : loop->wake_at_us;
}

static void lose_slice(struct loop *loop, uint64_t now_us) {
    if (now_us - loop->slice_lost_us < CROWDED_US)
        loop->spin_again_us = now_us + CROWDED_PAUSE_US;
    loop->slice_lost_us = now_us;
}

/* Looks without sleeping until something is there, a deadline comes or the patience ends. The processor is
 * given away between two looks: on few cores ZeroMQ's I/O threads would otherwise wait for this one. Among our own
 * threads that is cheap, since they have little to do and sleep again. To a stranger who computes it is a whole time
 * slice, while who sleeps goes first when it wakes up: on a crowded machine looking is eight times slower. */
static bool spin(struct loop *loop, uint64_t now_us, uint64_t deadline_us) {
    uint64_t patience_us = now_us + loop->spec.spin_us,
             until_us = patience_us < deadline_us ? patience_us : deadline_us;
    while (now_us < until_us && now_us >= loop->spin_again_us) {
        if (wire_wait(loop->wire, 0))
            return true;
        sched_yield();
        uint64_t before_us = now_us;
        now_us = clock_us();
        if (now_us - before_us > SLICE_US)
            lose_slice(loop, now_us);
    }
    return now_us >= deadline_us;
}

static void idle(struct loop *loop) {
    uint64_t now_us = clock_us(), deadline_us = next_deadline(loop);
    if (spin(loop, now_us, deadline_us))
        return;
    now_us = clock_us();
    wire_wait(loop->wire, deadline_us == NEVER ? NEVER : deadline_us > now_us ? deadline_us - now_us : 0);
}

static void turn(struct loop *loop) {
    bool busy = false;
    busy |= deliver_calls(loop);
    busy |= !loop->over && deliver_messages(loop);
    busy |= !loop->over && deliver_timer(loop);
    busy |= !loop->over && deliver_jobs(loop);
    if (wire_has_complaints(loop->wire) && clock_us() >= loop->complain_at_us)
        log_complaints(loop);
    if (wire_failure(loop->wire) != NULL)
        world_exit(loop, wire_failure(loop->wire));
    if (!busy && !loop->over)
        idle(loop);
}

bool loop_run(struct loop *loop, const struct engine *engine, struct status *status) {
    REQUIRE(loop->engine == NULL, "a loop runs once");
    loop->engine = engine;
    step(loop, &(struct event){.kind = EVENT_START});
    while (!loop->over)
        turn(loop);
    while (loop->job_count > 0)
        perform_next(loop);
    log_complaints(loop);
    *status = loop->verdict;
    return status->code == STATUS_OK;
}
