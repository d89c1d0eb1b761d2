/* dotbias-coordinator: the coordinator of a cluster whose members are started by hand, on this and other
 * hosts. */
#include <argp.h>
#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "cli/session.h"

struct coordinator_arguments {
    const char *config;
    struct launch_sets sets;
    struct session_spec session;
};

static const char DOC[] =
    "Starts the coordinator alone, listening on cluster.coordinator, and waits for the members:\n"
    "  dotbias-coordinator --config hosts.yaml\n"
    "\v"
    "Pservers and workers are started with dotbias-pserver and dotbias-worker from the same file.";

static const struct argp_option OPTIONS[] = {
    {"config", 'c', "FILE", 0, "The cluster's configuration", 0},
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option; may be repeated", 0},
    {"json", 'j', NULL, 0, "Print summary.json on standard output at the end, and nothing else there", 0},
    {"quiet", 'q', NULL, 0, "Show no progress", 0},
    {"verbose", 'v', NULL, 0, "Show what the engine logs", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct coordinator_arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 's':
        if (!launch_sets_add(&arguments->sets, value))
            argp_error(state, "more than %d options are set", LAUNCH_SETS_MAX);
        return 0;
    case 'j':
        arguments->session.json = true;
        return 0;
    case 'q':
        arguments->session.level = DISPLAY_QUIET;
        return 0;
    case 'v':
        arguments->session.level = DISPLAY_VERBOSE;
        return 0;
    case ARGP_KEY_END:
        if (arguments->config == NULL)
            argp_error(state, "--config is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "", DOC, NULL, NULL, NULL};
    struct coordinator_arguments arguments = {
        .session = {.level = DISPLAY_NORMAL, .members_elsewhere = true}};
    struct config config;
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = launch_load(&config, arguments.config, &arguments.sets);
    if (code != 0)
        return code;
    launch_name(arguments.config, arguments.session.name, sizeof arguments.session.name);
    return session_run(&arguments.session, &config);
}
