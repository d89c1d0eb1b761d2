#include "cli/role.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "net/endpoint.h"
#include "net/signals.h"
#include "net/socket.h"
#include "node/node.h"
#include "node/ratings_source.h"

struct role_arguments {
    enum role role;
    const char *config, *coordinator, *listen;
    unsigned long index;
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
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option; may be repeated", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct role_arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'i':
        arguments->index = strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || *end != '\0' || arguments->index > UINT16_MAX)
            argp_error(state, "'%s' is no index", value);
        arguments->has_index = true;
        return 0;
    case 'C':
        arguments->coordinator = value;
        return 0;
    case 'l':
        arguments->listen = value;
        return 0;
    case 's':
        if (!launch_sets_add(&arguments->sets, value))
            argp_error(state, "more than %d options are set", LAUNCH_SETS_MAX);
        return 0;
    case ARGP_KEY_END:
        if (arguments->config == NULL || !arguments->has_index)
            argp_error(state, "--config and --index are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One line on stderr with the time, for the log file. */
static void log_line(void *context, const char *sentence) {
    struct timespec now;
    struct tm parts;
    char when[32];
    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(stderr, "time=%s.%03ldZ %s\n", when, now.tv_nsec / 1000000, sentence);
}

static void on_signal(void *context, int number) {
    struct status status;
    status_fail(&status, STATUS_TRY_AGAIN, "signal %d (%s)", number, strsignal(number));
    loop_stop(context, &status);
}

static bool drive(struct node *node, struct status *status) {
    struct signals *signals = signals_start(on_signal, node_loop(node), status);
    bool good = signals != NULL && node_run(node, status);
    signals_stop(signals);
    return good;
}

static bool run_node(const struct role_arguments *arguments, struct node_spec *spec, struct status *status) {
    spec->zmq_context = context_new(1, status);
    if (spec->zmq_context == NULL)
        return false;
    struct node *node =
        arguments->role == ROLE_PSERVER ? node_pserver_new(spec, status) : node_worker_new(spec, status);
    bool good = node != NULL && drive(node, status);
    node_free(node);
    context_free(spec->zmq_context);
    return good;
}

static bool open_set(const struct config *config, struct packed_set *set, struct status *status) {
    if (!config_require_data(config, status))
        return false;
    if (!ratings_source_is_packed(config))
        return status_fail(
            status, STATUS_CONFIG,
            "data.ratings of a worker must be a packed set: run `dotbias import %s --out DIR` first and "
            "name DIR",
            config->data_ratings);
    return packed_set_open(set, config->data_ratings, status);
}

static bool run_role(const struct role_arguments *arguments, const struct config *config,
                     struct status *status) {
    struct packed_set set = {0};
    char listen[ENDPOINT_BYTES];
    struct node_spec spec = {
        .config = config,
        .set = arguments->role == ROLE_WORKER ? &set : NULL,
        .index = (uint32_t)arguments->index,
        .listen = arguments->listen != NULL ? arguments->listen : listen,
        .coordinator = arguments->coordinator != NULL ? arguments->coordinator : config->cluster_coordinator,
        .log = log_line,
    };
    snprintf(listen, sizeof listen, "tcp://%.200s:*", config->cluster_bind);
    if (spec.coordinator[0] == '\0')
        return status_fail(status, STATUS_CONFIG,
                           "where is the coordinator? set cluster.coordinator or --coordinator");
    if (arguments->role == ROLE_WORKER && !open_set(config, &set, status))
        return false;
    bool good = run_node(arguments, &spec, status);
    packed_set_close(&set);
    return good;
}

int role_main(enum role role, int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "", DOC, NULL, NULL, NULL};
    struct role_arguments arguments = {.role = role};
    struct config config;
    struct status status;
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = launch_load(&config, arguments.config, &arguments.sets);
    if (code != 0)
        return code;
    return run_role(&arguments, &config, &status) ? 0 : command_report(&status);
}
