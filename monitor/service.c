#include "monitor/service.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/thread.h"
#include "monitor/desk.h"
#include "monitor/post.h"

enum { WORDS_BYTES = 8192, SILENT_S = 30 };

enum complaint { COMPLAINT_NONE, COMPLAINT_WRITTEN };

struct service {
    struct service_spec spec;
    double started; /* monotonic seconds */
    struct post *post;
    struct desk *desk; /* the thread's, while it runs */
    pthread_t thread;
    bool is_running;
    atomic_bool stopping;
    int hurry;            /* an event descriptor, -1: not made yet */
    atomic_int complaint; /* enum complaint: whose turn it is with the text */
    char complaint_text[STATUS_TEXT_BYTES + 128];
    atomic_uint_fast64_t heard_us; /* when the run's thread last told something */
    char words[WORDS_BYTES];       /* of the supervisor; a line that is not whole yet */
    size_t words_length;
};

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- in the monitor's thread ---- */

/* Of several failures at once the first one is told. */
static void complain(void *context, const char *sentence) {
    struct service *service = context;
    if (!service->is_running) {
        service->spec.say(service->spec.context, sentence);
        return;
    }
    if (atomic_load(&service->complaint) != COMPLAINT_NONE)
        return;
    snprintf(service->complaint_text, sizeof service->complaint_text, "%s", sentence);
    atomic_store(&service->complaint, COMPLAINT_WRITTEN);
}

static bool is_healthy(void *context, char *sentence, size_t capacity) {
    const struct service *service = context;
    double silent = now_seconds() - (double)atomic_load(&service->heard_us) / 1e6;
    if (silent <= SILENT_S + 3 * service->spec.run.interval)
        return true;
    snprintf(sentence, capacity, "the coordinator has been silent for %.0f s", silent);
    return false;
}

static void name_movie(void *context, uint32_t movie, struct http_movie *named) {
    const struct service *service = context;
    service->spec.movie(service->spec.context, movie, named);
}

/* Lines that are whole; the rest waits for its end. A line longer than the room for it is none of ours. */
static void read_words(struct service *service) {
    char *text = service->words, *newline;
    ssize_t got = read(service->spec.words, text + service->words_length,
                       sizeof service->words - service->words_length);
    if (got <= 0)
        return;
    service->words_length += (size_t)got;
    while ((newline = memchr(text, '\n', service->words_length)) != NULL) {
        size_t length = (size_t)(newline - text) + 1;
        *newline = '\0';
        desk_word(service->desk, text);
        memmove(text, text + length, service->words_length - length);
        service->words_length -= length;
    }
    if (service->words_length == sizeof service->words)
        service->words_length = 0;
}

static void read_letters(struct service *service) {
    for (const struct letter *letter; (letter = post_take(service->post)) != NULL;)
        desk_letter(service->desk, letter);
    desk_file(service->desk);
}

static void turn(struct service *service) {
    struct pollfd fds[] = {
        {.fd = post_fd(service->post), .events = POLLIN},
        {.fd = desk_fd(service->desk), .events = POLLIN},
        {.fd = service->spec.words, .events = POLLIN},
    };
    poll(fds, sizeof fds / sizeof fds[0], desk_timeout_ms(service->desk));
    if (fds[2].revents & POLLIN)
        read_words(service);
    else if (fds[2].revents != 0)
        service->spec.words = -1; /* the supervisor is gone, and soon so are we */
    read_letters(service);
    desk_answer(service->desk);
}

static void *run(void *context) {
    struct service *service = context;
    while (!atomic_load(&service->stopping))
        turn(service);
    read_letters(service); /* the last ones */
    return NULL;
}

/* ---- in the run's thread ---- */

static void say_complaint(struct service *service) {
    if (atomic_load(&service->complaint) != COMPLAINT_WRITTEN)
        return;
    service->spec.say(service->spec.context, service->complaint_text);
    atomic_store(&service->complaint, COMPLAINT_NONE);
}

/* Every call passes here: when it is, in seconds since the start. */
static double enter(struct service *service) {
    double now = now_seconds();
    atomic_store(&service->heard_us, (uint64_t)(now * 1e6));
    say_complaint(service);
    return now - service->started;
}

static bool open_parts(struct service *service, struct status *status) {
    struct desk_spec desk = {
        .service = &service->spec,
        .complain = complain,
        .healthy = is_healthy,
        .movie = service->spec.movie == NULL ? NULL : name_movie,
        .context = service,
    };
    service->hurry = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (service->hurry < 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot make an event descriptor");
    service->post = post_new(status);
    service->desk = service->post == NULL ? NULL : desk_open(&desk, status);
    return service->desk != NULL;
}

struct service *service_start(const struct service_spec *spec, struct status *status) {
    struct service *service = memory_take(sizeof *service, "the monitor", status);
    if (service == NULL)
        return NULL;
    service->spec = *spec;
    service->started = now_seconds();
    service->hurry = -1;
    bool good = open_parts(service, status);
    enter(service);
    service->is_running = good; /* before the thread may ask */
    if (good && thread_start(&service->thread, "monitor", run, service, status))
        return service;
    service->is_running = false;
    service_stop(service);
    return NULL;
}

const char *service_url(const struct service *service) {
    return service == NULL ? NULL : desk_url(service->desk);
}

void service_line(struct service *service, const char *line) {
    if (service != NULL)
        post_line(service->post, enter(service), line);
}

void service_progress(struct service *service, const struct progress_report *report) {
    if (service != NULL)
        post_progress(service->post, enter(service), report);
}

void service_epoch(struct service *service, const struct epoch_report *report) {
    if (service != NULL)
        post_epoch(service->post, enter(service), report);
}

void service_model(struct service *service, const struct model_report *report) {
    if (service != NULL)
        post_model(service->post, enter(service), report);
}

void service_over(struct service *service, const struct status *outcome) {
    if (service != NULL)
        post_over(service->post, enter(service), outcome);
}

void service_linger(struct service *service, double seconds) {
    if (service == NULL)
        return;
    struct pollfd fd = {.fd = service->hurry, .events = POLLIN};
    poll(&fd, 1, (int)(seconds * 1000));
}

void service_hurry(struct service *service) {
    uint64_t one = 1;
    ssize_t written = service == NULL ? 0 : write(service->hurry, &one, sizeof one);
    (void)written; /* it can only be full of words already */
}

void service_stop(struct service *service) {
    if (service == NULL)
        return;
    if (service->is_running) {
        atomic_store(&service->stopping, true);
        post_knock(service->post);
        pthread_join(service->thread, NULL);
        say_complaint(service);
    }
    service->is_running = false;
    desk_close(service->desk);
    post_free(service->post);
    if (service->hurry >= 0)
        close(service->hurry);
    memory_release(service);
}
