#include "node/cluster.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "net/signals.h"
#include "net/socket.h"
#include "node/children.h"
#include "node/setup.h"
#include "node/threads.h"

static void on_signal(void *context, int number) {
    struct status status;
    status_fail(&status, STATUS_TRY_AGAIN, "stopped by signal %d (%s); nothing was saved of this run", number,
                strsignal(number));
    loop_stop(context, &status);
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

static bool run_children(const struct cluster_spec *spec, const struct lead_spec *lead_spec,
                         struct lead *lead, struct endpoint_home *home, struct status *status) {
    struct children *children = children_start(lead_spec, spec->program_dir, home, lead_loop(lead), status);
    if (children == NULL)
        return false;
    bool good = lead_run(lead, status);
    children_end(children);
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

static bool run_lead(const struct cluster_spec *spec, struct lead_spec *lead_spec, struct endpoint_home *home,
                     bool *has_history, struct status *status) {
    char listen[ENDPOINT_BYTES];
    if (!listen_at(lead_spec->config, home, listen, status))
        return false;
    lead_spec->listen = listen;
    struct lead *lead = lead_new(lead_spec, status);
    if (lead == NULL)
        return false;
    struct signals *signals = signals_start(on_signal, lead_loop(lead), status);
    bool good = signals != NULL;
    if (good && spec->members_elsewhere)
        good = lead_run(lead, status);
    else if (good && lead_spec->config->cluster_transport == TRANSPORT_INPROC)
        good = run_threads(lead_spec, lead, home, status);
    else if (good)
        good = run_children(spec, lead_spec, lead, home, status);
    signals_stop(signals);
    *has_history = lead_has_history(lead);
    lead_free(lead);
    return good;
}

bool cluster_run(const struct cluster_spec *spec, bool *has_history, struct status *status) {
    struct lead_spec lead_spec = spec->lead;
    struct endpoint_home home;
    *has_history = false;
    if (!endpoint_home_init(&home, status))
        return false;
    lead_spec.zmq_context = context_new(1, status);
    if (lead_spec.zmq_context == NULL)
        return false;
    bool good = run_lead(spec, &lead_spec, &home, has_history, status);
    context_free(lead_spec.zmq_context);
    endpoint_home_remove(&home);
    return good;
}
