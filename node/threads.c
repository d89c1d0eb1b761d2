#include "node/threads.h"

#include <pthread.h>
#include <stdio.h>

#include "core/memory.h"
#include "node/node.h"

struct member_thread {
    struct node *node;
    pthread_t thread;
    bool running;
};

struct threads {
    struct member_thread *members;
    uint32_t count;
};

static void *run(void *context) {
    struct member_thread *member = context;
    struct status status;
    node_run(member->node, &status);
    return NULL;
}

static bool start(struct member_thread *member, const char *name, struct status *status) {
    if (member->node == NULL)
        return false;
    int error = pthread_create(&member->thread, NULL, run, member);
    if (error != 0)
        return status_fail(status, STATUS_NO_MEMORY, "cannot start a thread for %s (error %d)", name, error);
    member->running = true;
    pthread_setname_np(member->thread, name);
    return true;
}

static bool start_role(struct threads *threads, const struct lead_spec *lead, struct endpoint_home *home,
                       const char *coordinator, enum role role, uint32_t index, struct status *status) {
    char name[32], listen[ENDPOINT_BYTES];
    struct node_spec spec = {.config = lead->config,
                             .set = lead->set,
                             .zmq_context = lead->zmq_context,
                             .index = index,
                             .checkpoints = lead->checkpoints,
                             .coordinator = coordinator};
    snprintf(name, sizeof name, "%s-%u", role_name(role), index);
    struct member_thread *member = &threads->members[threads->count++];
    if (role == ROLE_PSERVER) {
        if (!endpoint_home_make(home, ENDPOINT_INPROC, name, listen, status))
            return false;
        spec.listen = listen;
        member->node = node_pserver_new(&spec, status);
    } else {
        member->node = node_worker_new(&spec, status);
    }
    return start(member, name, status);
}

struct threads *threads_start(const struct lead_spec *lead, struct endpoint_home *home,
                              const char *coordinator, struct status *status) {
    uint32_t pservers = (uint32_t)lead->config->cluster_pservers,
             workers = (uint32_t)lead->config->cluster_workers;
    struct threads *threads = memory_take(sizeof *threads, "threads", status);
    if (threads == NULL)
        return NULL;
    threads->members = memory_take_array(pservers + workers, sizeof *threads->members, "threads", status);
    bool good = threads->members != NULL;
    for (uint32_t i = 0; good && i < pservers; i++)
        good = start_role(threads, lead, home, coordinator, ROLE_PSERVER, i, status);
    for (uint32_t i = 0; good && i < workers; i++)
        good = start_role(threads, lead, home, coordinator, ROLE_WORKER, i, status);
    if (good)
        return threads;
    threads_end(threads);
    return NULL;
}

void threads_end(struct threads *threads) {
    struct status stop = {.code = STATUS_TRY_AGAIN, .text = "the run is over"};
    for (uint32_t i = 0; i < threads->count; i++)
        if (threads->members[i].running)
            loop_stop(node_loop(threads->members[i].node), &stop);
    for (uint32_t i = 0; i < threads->count; i++) {
        if (threads->members[i].running)
            pthread_join(threads->members[i].thread, NULL);
        node_free(threads->members[i].node);
    }
    memory_release(threads->members);
    memory_release(threads);
}
