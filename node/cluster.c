#include "node/cluster.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/image.h"
#include "data/checkpoint.h"
#include "net/signals.h"
#include "net/socket.h"
#include "node/event_log.h"
#include "node/protection.h"
#include "node/resume.h"
#include "node/setup.h"
#include "node/threads.h"

static const char ENDPOINT_FILE[] = "coordinator.endpoint";

/* Where the coordinator's lines go besides the display. */
struct ears {
    struct event_log log; /* logs/coordinator.log; no file: it cannot be written, or all are threads */
    int words;
};

static void hear(void *context, const char *sentence) {
    static const char LOST[] = "event=lost ";
    const struct ears *ears = context;
    char line[1024];
    event_log_line(&ears->log, sentence);
    if (ears->words <= 0 || strncmp(sentence, LOST, sizeof LOST - 1) != 0)
        return;
    int length = snprintf(line, sizeof line, "%.1000s\n", sentence);
    ssize_t written = write(ears->words, line, (size_t)length);
    (void)written; /* whoever does not listen has other worries */
}

static bool run_threads(const struct lead_spec *lead_spec, struct lead *lead, struct endpoint_home *home,
                        struct status *status) {
    struct threads *threads = threads_start(lead_spec, home, loop_endpoint(lead_loop(lead)), status);
    if (threads == NULL)
        return false;
    bool good = lead_run(lead, status);
    threads_end(threads);
    return good;
}

/* Tells whoever starts members where they find the coordinator, for as long as they do. */
static bool run_alone(const struct lead_spec *lead_spec, struct lead *lead, struct status *status) {
    const char *endpoint = loop_endpoint(lead_loop(lead));
    char path[PATH_MAX];
    if (!run_dir_write(lead_spec->dir, ENDPOINT_FILE, endpoint, strlen(endpoint), status))
        return false;
    bool good = lead_run(lead, status);
    run_dir_file(lead_spec->dir, ENDPOINT_FILE, path);
    unlink(path);
    return good;
}

/* Where the coordinator listens: as configured, or a place of this run's own. */
static bool listen_at(const struct config *config, struct endpoint_home *home, char text[ENDPOINT_BYTES],
                      struct status *status) {
    static const enum endpoint_kind KINDS[] = {ENDPOINT_INPROC, ENDPOINT_IPC, ENDPOINT_TCP};
    if (config->cluster_coordinator[0] == '\0')
        return endpoint_home_make(home, KINDS[config->cluster_transport], "coordinator", text, status);
    if (snprintf(text, ENDPOINT_BYTES, "%s", config->cluster_coordinator) >= ENDPOINT_BYTES)
        return status_fail(status, STATUS_CONFIG, "cluster.coordinator is longer than %d bytes",
                           ENDPOINT_BYTES - 1);
    return true;
}

/* Nobody writes yet: what is half-written has been left by the dead. After lead_new, which saw to it that no number of a
 * checkpoint comes again. */
static bool sweep(const struct lead_spec *lead, struct status *status) {
    run_dir_sweep(lead->dir);
    return lead->checkpoints == NULL || checkpoint_sweep(lead->checkpoints, UINT64_MAX, status);
}

static bool run_lead(const struct cluster_spec *spec, struct lead_spec *lead_spec, struct endpoint_home *home,
                     struct status *status) {
    struct lead *lead = lead_new(lead_spec, status);
    if (lead == NULL)
        return false;
    struct signals *signals =
        spec->resume && !sweep(lead_spec, status) ? NULL : signals_start_loop(lead_loop(lead), status);
    bool good = signals != NULL && (spec->members_elsewhere ? run_alone(lead_spec, lead, status)
                                                            : run_threads(lead_spec, lead, home, status));
    signals_stop(signals);
    if (good)
        lead_linger(lead);
    lead_free(lead);
    return good;
}

static bool run_guarded(const struct cluster_spec *spec, struct lead_spec *lead_spec,
                        struct endpoint_home *home, struct status *status) {
    char listen[ENDPOINT_BYTES];
    if (!listen_at(lead_spec->config, home, listen, status) ||
        !protection_open(&lead_spec->guard, lead_spec->config, ROLE_COORDINATOR, listen, NULL,
                         lead_spec->zmq_context, status))
        return false;
    lead_spec->listen = listen;
    return run_lead(spec, lead_spec, home, status);
}

static bool run_home(const struct cluster_spec *spec, struct lead_spec *lead_spec, struct status *status) {
    struct endpoint_home home;
    if (!endpoint_home_init(&home, status))
        return false;
    lead_spec->zmq_context = context_new(1, status);
    if (lead_spec->zmq_context == NULL)
        return false;
    bool good = run_guarded(spec, lead_spec, &home, status);
    context_free(lead_spec->zmq_context);
    guard_free(lead_spec->guard);
    endpoint_home_remove(&home);
    return good;
}

static void note_resume(const struct lead_spec *lead, const struct run_position *position) {
    char line[128];
    snprintf(line, sizeof line, "going on from checkpoint %llu: epoch %u, step %llu",
             (unsigned long long)position->number, position->epoch + 1,
             (unsigned long long)position->lane_step);
    display_note(lead->display, line);
}

/* With the place where the run goes on, if it does. */
static bool run_resumed(const struct cluster_spec *spec, struct lead_spec *lead_spec, struct status *status) {
    struct resume resume;
    bool good = resume_find(&resume, lead_spec->config, lead_spec->set,
                            spec->resume ? lead_spec->checkpoints : NULL, status);
    if (good && resume.found) {
        lead_spec->resume = &resume.position;
        if (resume.position.lane_step != 0)
            note_resume(lead_spec, &resume.position);
    }
    good = good && run_home(spec, lead_spec, status);
    resume_release(&resume);
    return good;
}

bool cluster_run(const struct cluster_spec *spec, struct status *status) {
    struct lead_spec lead_spec = spec->lead;
    struct ears ears = {.log = {.format = spec->lead.config->monitor_log, .process = "coordinator"},
                        .words = spec->words};
    char path[PATH_MAX];
    if (spec->members_elsewhere) {
        run_dir_file(lead_spec.dir, "logs/coordinator.log", path);
        ears.log.file = fopen(path, "ae");
    }
    lead_spec.log = hear;
    lead_spec.log_context = &ears;
    lead_spec.words = spec->words;
    bool good = run_resumed(spec, &lead_spec, status);
    if (ears.log.file != NULL)
        fclose(ears.log.file);
    return good;
}
