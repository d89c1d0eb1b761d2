#include "node/node.h"

#include <stdio.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/checkpoint.h"
#include "monitor/member_page.h"
#include "node/background.h"
#include "node/lane_loader.h"
#include "node/notify.h"
#include "node/setup.h"

struct node {
    struct node_spec spec;
    struct loop *loop;
    struct background background;
    struct lane_loader loader;
    struct member_page *page; /* NULL: nobody asks this process */
    struct pserver *pserver;  /* one of the two */
    struct worker *worker;
    bool is_known; /* to the coordinator */
};

/* In the background's thread. */
static void perform_image(void *context, struct job *job) {
    const struct node *node = context;
    const char *folder = node->spec.checkpoints;
    job->status.code = STATUS_OK;
    if (folder == NULL || folder[0] == '\0')
        status_fail(&job->status, STATUS_CONFIG,
                    "no folder for checkpoints is known here: set checkpoint.dir to a folder that all hosts "
                    "share");
    else if (job->kind == JOB_READ_IMAGE)
        checkpoint_read_shard(folder, job->image.number, job->image.shards, job->image.image,
                              job->image.rates_capacity, &job->status);
    else
        checkpoint_write_shard(folder, job->image.number, job->image.image, &job->status);
}

static bool perform(void *context, struct job *job) {
    struct node *node = context;
    if (node->worker != NULL) {
        lane_loader_perform(&node->loader, job);
        return true;
    }
    REQUIRE(job->kind == JOB_READ_IMAGE || job->kind == JOB_WRITE_IMAGE, "a pserver's jobs are images");
    return background_take(&node->background, job);
}

static void log_line(void *context, const char *sentence) {
    struct node *node = context;
    if (node->spec.log != NULL)
        node->spec.log(node->spec.log_context, sentence);
}

/* With the first heartbeat it has become a member. */
static void show(void *context, const struct figures *figures) {
    struct node *node = context;
    if (!node->is_known && node->spec.has_page)
        notify_send("READY=1\nSTATUS=a member of the cluster");
    node->is_known = true;
    if (node->page != NULL)
        member_page_show(node->page, figures);
}

static uint64_t turned_us(void *context) {
    const struct node *node = context;
    return loop_turned_us(node->loop);
}

/* A process without a page trains as well: what is in the way is said, no more. */
static void open_page(struct node *node, enum role role) {
    const struct config *config = node->spec.config;
    char listen[ENDPOINT_BYTES], line[STATUS_TEXT_BYTES + 64];
    struct status status;
    struct token token;
    if (!node->spec.has_page || !config->monitor_members)
        return;
    setup_page_listen(config, listen);
    if (token_read(&token, config->monitor_token, &status))
        node->page =
            member_page_start(&(struct member_page_spec){.listen = listen,
                                                         .token = &token,
                                                         .role = role,
                                                         .patience_us = setup_page_patience_us(config),
                                                         .turned_us = turned_us,
                                                         .context = node},
                              &status);
    if (node->page != NULL)
        return;
    snprintf(line, sizeof line, "event=page_missing role=%s index=%u reason=\"%s\"", role_name(role),
             node->spec.index, status.text);
    log_line(node, line);
}

/* Where others find the page; empty without one. */
static void name_page(const struct node *node, struct member_spec *member) {
    if (node->page != NULL)
        setup_page_address(node->spec.config, node->spec.coordinator, member_page_address(node->page),
                           member->page);
}

static bool open_loop(struct node *node, const char *listen, struct status *status) {
    const struct config *config = node->spec.config;
    struct loop_spec loop = {
        .zmq_context = node->spec.zmq_context,
        .guard = node->spec.guard,
        .listen = listen,
        .advertise = config->cluster_advertise[0] != '\0' ? config->cluster_advertise : NULL,
        .coordinator = node->spec.coordinator,
        .spin_us = (uint32_t)config->cluster_spin,
        .perform = perform,
        .log = log_line,
        .show = show,
        .context = node,
    };
    node->loop = loop_new(&loop, status);
    background_init(&node->background, node->loop, perform_image, node);
    return node->loop != NULL;
}

struct node *node_pserver_new(const struct node_spec *spec, struct status *status) {
    struct node *node = memory_take(sizeof *node, "a pserver node", status);
    if (node == NULL)
        return NULL;
    node->spec = *spec;
    if (!open_loop(node, spec->listen, status)) {
        node_free(node);
        return NULL;
    }
    open_page(node, ROLE_PSERVER);
    struct pserver_spec pserver = setup_pserver(spec->config, spec->index, loop_endpoint(node->loop));
    pserver.member.replaces = spec->replaces;
    name_page(node, &pserver.member);
    node->pserver = pserver_new(&pserver, status);
    if (node->pserver == NULL) {
        node_free(node);
        return NULL;
    }
    return node;
}

struct node *node_worker_new(const struct node_spec *spec, struct status *status) {
    struct node *node = memory_take(sizeof *node, "a worker node", status);
    if (node == NULL)
        return NULL;
    node->spec = *spec;
    lane_loader_init(&node->loader, spec->config, spec->set);
    if (!open_loop(node, NULL, status)) {
        node_free(node);
        return NULL;
    }
    open_page(node, ROLE_WORKER);
    struct worker_spec worker = setup_worker(spec->config, spec->set, spec->index);
    worker.member.replaces = spec->replaces;
    name_page(node, &worker.member);
    node->worker = worker_new(&worker, status);
    if (node->worker == NULL) {
        node_free(node);
        return NULL;
    }
    return node;
}

struct loop *node_loop(const struct node *node) {
    return node->loop;
}

bool node_run(struct node *node, struct status *status) {
    struct engine engine =
        node->pserver != NULL ? pserver_engine(node->pserver) : worker_engine(node->worker);
    struct notify *watchdog =
        node->spec.has_page ? notify_watchdog_start(node->loop, setup_page_patience_us(node->spec.config))
                            : NULL;
    bool good = loop_run(node->loop, &engine, status);
    notify_watchdog_stop(watchdog);
    if (node->spec.has_page)
        notify_send("STOPPING=1");
    return good;
}

void node_free(struct node *node) {
    if (node == NULL)
        return;
    background_stop(&node->background);
    member_page_stop(node->page);
    loop_free(node->loop);
    pserver_free(node->pserver);
    worker_free(node->worker);
    memory_release(node);
}
