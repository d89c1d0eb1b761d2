/* dotbias-coordinator: the coordinator of a cluster, started by `dotbias train`, or by hand when its members are started
 * by hand, on this and other hosts. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "cli/session.h"

struct coordinator_arguments {
    const char *config, *run;
    bool resume;
    struct launch_sets sets;
    struct session_spec session;
};

static const char DOC[] =
    "Starts the coordinator alone, listening on cluster.coordinator, and waits for the members:\n"
    "  dotbias-coordinator --config hosts.yaml\n"
    "  dotbias-coordinator --run runs/hosts-001 --resume     go on with a run that was interrupted\n"
    "\v"
    "Pservers and workers are started with dotbias-pserver and dotbias-worker from the same file. "
    "Checkpoints are taken "
    "when checkpoint.dir (or --checkpoints, for all of them) names a folder that all hosts share.";

enum { KEY_SUPERVISED = 256 };

static const struct argp_option OPTIONS[] = {
    {"config", 'c', "FILE", 0,
     "The cluster's configuration; with --resume, the run's config.yaml is the default", 0},
    {"run", 'r', "DIR", 0, "The run's folder; else run.dir", 0},
    {"resume", 'R', NULL, 0, "Go on with the run in DIR from its newest checkpoint", 0},
    {"checkpoints", 'k', "DIR", 0, "The folder of checkpoints; else checkpoint.dir", 0},
    {"supervised", KEY_SUPERVISED, "DESCRIPTOR", OPTION_HIDDEN, NULL, 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct coordinator_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        state->child_inputs[1] = &arguments->session.output;
        return 0;
    case 'c':
        arguments->config = value;
        return 0;
    case 'r':
        arguments->run = value;
        return 0;
    case 'R':
        arguments->resume = true;
        return 0;
    case 'k':
        arguments->session.checkpoints = value;
        return 0;
    case KEY_SUPERVISED:
        arguments->session.kind = SESSION_SUPERVISED;
        arguments->session.words = atoi(value);
        return 0;
    case ARGP_KEY_END:
        if (arguments->resume && arguments->run == NULL)
            argp_error(state, "resume what? name the run's folder with --run");
        if (arguments->config == NULL && !arguments->resume)
            argp_error(state, "--config is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A new run's folder is a matter of the configuration. */
static int load(struct coordinator_arguments *arguments, struct config *config) {
    char path[PATH_MAX], dir[PATH_MAX + 16];
    if (arguments->resume) {
        snprintf(path, sizeof path, "%s/config.yaml", arguments->run);
        arguments->session.resume = arguments->run;
        return launch_load(config, arguments->config != NULL ? arguments->config : path, &arguments->sets);
    }
    if (arguments->run != NULL) {
        snprintf(dir, sizeof dir, "run.dir=%s", arguments->run);
        launch_sets_add(&arguments->sets, dir);
    }
    launch_name(arguments->config, arguments->session.name, sizeof arguments->session.name);
    return launch_load(config, arguments->config, &arguments->sets);
}

int main(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {
        {&LAUNCH_SETS_ARGP, 0, NULL, 0}, {&OUTPUT_OPTIONS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {OPTIONS, parse, "", DOC, CHILDREN, NULL, NULL};
    struct coordinator_arguments arguments = {
        .session = {.kind = SESSION_COORDINATOR, .output = {.level = DISPLAY_NORMAL}}};
    struct config config;
    argp_err_exit_status = STATUS_USAGE;
    command_spell_help(argc, argv);
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = load(&arguments, &config);
    return code != 0 ? code : session_run(&arguments.session, &config);
}
