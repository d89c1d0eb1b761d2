/* dotbias train: a whole run on this machine, from a configuration or from a ratings file and the defaults.
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "cli/session.h"

struct train_arguments {
    const char *path;
    struct launch_sets sets;
    struct session_spec session;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias train config/lesson-a.yaml\n"
    "  dotbias train ratings.csv --set train.optimiser=adam --set train.learning_rate=0.005\n"
    "  dotbias train config/cluster.yaml --set cluster.workers=4 --json > summary.json\n"
    "  dotbias train ratings-of-may.csv --init-from runs/april-001\n"
    "  dotbias train --resume runs/cluster-001 --set cluster.pservers=4\n"
    "\v"
    "FILE is a configuration (.yaml, .yml) or ratings: a CSV, `::` or tab separated file, or a folder made "
    "by `dotbias "
    "import`. With ratings alone every option has its default (docs/OPTIONS.md).\n\n"
    "The run's folder gets the resolved configuration, the history, checkpoints, the model and summary.json. "
    "SIGTERM or SIGINT (Ctrl-C) saves a checkpoint and ends the run with code 75; a second one ends it at "
    "once. "
    "Either way --resume goes on from the newest checkpoint, to the model that an uninterrupted run would "
    "have "
    "made, also with other options of cluster. Processes that die are started again, cluster.restarts times.";

static const struct argp_option OPTIONS[] = {
    {"init-from", 'i', "RUN_OR_MODEL", 0,
     "Begin with the rows of a finished model, where it knows the user or movie (model.init_from)", 0},
    {"resume", 'r', "RUN", 0, "Go on with the run in this folder; no FILE then", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct train_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        state->child_inputs[1] = &arguments->session.output;
        return 0;
    case 'i':
        if (!launch_sets_option(&arguments->sets, "model.init_from", value))
            argp_error(state, "--init-from: once, and not too long");
        return 0;
    case 'r':
        arguments->session.resume = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one file at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL && arguments->session.resume == NULL)
            argp_error(state, "train what? name a configuration or a ratings file");
        if (arguments->path != NULL && arguments->session.resume != NULL)
            argp_error(state, "a run that goes on has its configuration already: what is '%s'?",
                       arguments->path);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int load(struct train_arguments *arguments, struct config *config) {
    struct session_spec *session = &arguments->session;
    char path[PATH_MAX];
    if (session->resume != NULL) {
        snprintf(path, sizeof path, "%s/config.yaml", session->resume);
        return launch_load(config, path, &arguments->sets);
    }
    snprintf(session->name, sizeof session->name, "run");
    if (launch_is_configuration(arguments->path))
        launch_name(arguments->path, session->name, sizeof session->name);
    return launch_load_file(config, arguments->path, &arguments->sets);
}

int command_train(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {
        {&LAUNCH_SETS_ARGP, 0, NULL, 0}, {&OUTPUT_OPTIONS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {OPTIONS, parse, "FILE\n--resume RUN", DOC, CHILDREN, NULL, NULL};
    struct train_arguments arguments = {
        .session = {.kind = SESSION_TRAIN, .output = {.level = DISPLAY_NORMAL}}};
    struct config config;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = load(&arguments, &config);
    return code != 0 ? code : session_run(&arguments.session, &config);
}
