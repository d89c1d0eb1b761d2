#include "cli/role.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "net/endpoint.h"
#include "net/names.h"
#include "net/signals.h"
#include "net/socket.h"
#include "node/block_source.h"
#include "node/event_log.h"
#include "node/node.h"
#include "node/protection.h"
#include "node/ratings_source.h"

struct role_arguments {
    enum role role;
    const char *config, *coordinator, *listen, *checkpoints;
    unsigned long index, replaces;
    bool has_index;
    struct launch_sets sets;
};

static const char DOC[] = "One member of a cluster. `dotbias train` starts them on this machine; by hand, "
                          "start the coordinator and every "
                          "member from the same file, each with its index:\n"
                          "  dotbias-coordinator --config hosts.yaml\n"
                          "  dotbias-pserver --config hosts.yaml --index 0\n"
                          "  dotbias-worker --config hosts.yaml --index 0\n"
                          "\v"
                          "A worker reads the ratings that data.ratings names: a folder made by `dotbias "
                          "import`, the same on every host. A "
                          "pserver reads no ratings.";

static const struct argp_option OPTIONS[] = {
    {"config", 'c', "FILE", 0, "The cluster's configuration", 0},
    {"index", 'i', "N", 0, "Which of the pservers or workers this is, from 0", 0},
    {"coordinator", 'C', "ENDPOINT", 0, "Where the coordinator is; else cluster.coordinator", 0},
    {"listen", 'l', "ENDPOINT", 0, "pserver: where to listen; else tcp://<cluster.bind>:*", 0},
    {"checkpoints", 'k', "DIR", 0, "pserver: the folder of checkpoints; else checkpoint.dir", 0},
    {"replaces", 'r', "PID", 0, "The process id of a dead member whose place this one takes at once", 0},
    {0},
};

static unsigned long number(const struct argp_state *state, const char *text, unsigned long most,
                            const char *what) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > most)
        argp_error(state, "'%s' is no %s", text, what);
    return value;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct role_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        return 0;
    case 'c':
        arguments->config = value;
        return 0;
    case 'i':
        arguments->index = number(state, value, UINT16_MAX, "index");
        arguments->has_index = true;
        return 0;
    case 'C':
        arguments->coordinator = value;
        return 0;
    case 'l':
        arguments->listen = value;
        return 0;
    case 'k':
        arguments->checkpoints = value;
        return 0;
    case 'r':
        arguments->replaces = number(state, value, UINT32_MAX, "process id");
        return 0;
    case ARGP_KEY_END:
        if (arguments->config == NULL || !arguments->has_index)
            argp_error(state, "--config and --index are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* For the log file, which is our stderr. */
static void log_line(void *context, const char *sentence) {
    event_log_line(context, sentence);
}

static time_t seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static bool drive(struct node *node, struct status *status) {
    struct signals *signals = signals_start_loop(node_loop(node), status);
    bool good = signals != NULL && node_run(node, status);
    signals_stop(signals);
    return good;
}

static void say_unresolved(const struct role_arguments *arguments, const struct node_spec *spec,
                           const struct status *status) {
    char line[STATUS_TEXT_BYTES + 96];
    snprintf(line, sizeof line, "event=unresolved role=%s index=%u reason=\"%s\"", role_name(arguments->role),
             spec->index, status->text);
    spec->log(spec->log_context, line);
}

/* Half a second, or until somebody asks us to end: then false and STATUS_TRY_AGAIN. */
static bool pause_between_tries(struct status *status) {
    const struct timespec pause = {0, 500000000};
    int number = signals_await(&pause);
    return number == 0 ||
           status_fail(status, STATUS_TRY_AGAIN, "stopped by signal %d (%s)", number, strsignal(number));
}

/* A name may come later, as those of Kubernetes do; a pserver must know the address before it can tell its own. */
static bool await_name(const struct role_arguments *arguments, const struct node_spec *spec,
                       struct status *status) {
    enum { SAID_EVERY_S = 5 };
    time_t begun = seconds_now(), said = begun - SAID_EVERY_S;
    struct addresses addresses;
    while (!names_connect(&addresses, spec->coordinator, status)) {
        time_t now = seconds_now();
        if (status->code != STATUS_UNAVAILABLE)
            return false;
        if (now - begun >= (time_t)spec->config->cluster_start_timeout)
            return status_context(status, "%s %u has waited for %ld s", role_name(arguments->role),
                                  spec->index, (long)(now - begun));
        if (now - said >= SAID_EVERY_S) {
            say_unresolved(arguments, spec, status);
            said = now;
        }
        if (!pause_between_tries(status))
            return false;
    }
    return true;
}

static bool run_guarded(const struct role_arguments *arguments, struct node_spec *spec,
                        struct status *status) {
    const char *listen = arguments->role == ROLE_PSERVER ? spec->listen : NULL;
    if (!protection_open(&spec->guard, spec->config, arguments->role, listen, spec->coordinator,
                         spec->zmq_context, status))
        return false;
    if (!await_name(arguments, spec, status))
        return false;
    struct node *node =
        arguments->role == ROLE_PSERVER ? node_pserver_new(spec, status) : node_worker_new(spec, status);
    bool good = node != NULL && drive(node, status);
    node_free(node);
    return good;
}

static bool run_node(const struct role_arguments *arguments, struct node_spec *spec, struct status *status) {
    spec->zmq_context = context_new(1, status);
    if (spec->zmq_context == NULL)
        return false;
    bool good = run_guarded(arguments, spec, status);
    context_free(spec->zmq_context);
    guard_free(spec->guard);
    return good;
}

static bool open_set(struct config *config, struct packed_set *set, struct status *status) {
    if (!config_require_data(config, status))
        return false;
    if (!ratings_source_is_packed(config))
        return status_fail(
            status, STATUS_CONFIG,
            "data.ratings of a worker must be a packed set: run `dotbias import %s --out DIR` first and "
            "name DIR",
            config->data_ratings);
    char blocks[PATH_MAX];
    return block_source_open_set(config, set, config->data_ratings, status) &&
           block_source_open(config, NULL, set, config->data_ratings, blocks, NULL, status);
}

static bool run_role(const struct role_arguments *arguments, struct config *config, struct status *status) {
    struct packed_set set = {0};
    char listen[ENDPOINT_BYTES];
    struct event_log log = {stderr, config->monitor_log, role_name(arguments->role)};
    struct node_spec spec = {
        .config = config,
        .set = arguments->role == ROLE_WORKER ? &set : NULL,
        .index = (uint32_t)arguments->index,
        .listen = arguments->listen != NULL ? arguments->listen : listen,
        .coordinator = arguments->coordinator != NULL ? arguments->coordinator : config->cluster_coordinator,
        .checkpoints = arguments->checkpoints != NULL ? arguments->checkpoints : config->checkpoint_dir,
        .has_page = true,
        .replaces = arguments->replaces,
        .log = log_line,
        .log_context = &log,
    };
    snprintf(listen, sizeof listen, "tcp://%.200s:*", config->cluster_bind);
    if (spec.coordinator[0] == '\0')
        return status_fail(status, STATUS_CONFIG,
                           "where is the coordinator? set cluster.coordinator or --coordinator");
    if (!block_source_is_settled(config, status) ||
        (arguments->role == ROLE_WORKER && !open_set(config, &set, status)))
        return false;
    bool good = run_node(arguments, &spec, status);
    packed_set_close(&set);
    return good;
}

int role_main(enum role role, int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {{&LAUNCH_SETS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {OPTIONS, parse, "", DOC, CHILDREN, NULL, NULL};
    struct role_arguments arguments = {.role = role};
    struct config config;
    struct status status;
    argp_err_exit_status = STATUS_USAGE;
    signal(SIGXFSZ, SIG_IGN); /* an image that may not grow is a checkpoint less, not a dead pserver */
    command_spell_help(argc, argv);
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = launch_load(&config, arguments.config, &arguments.sets);
    if (code != 0)
        return code;
    return run_role(&arguments, &config, &status) ? 0 : command_report(&status);
}
