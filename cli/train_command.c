/* dotbias train: a whole run on this machine, from a configuration or from a ratings file and the defaults.
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "analysis/run_folder.h"
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
    "  dotbias train --append may.csv runs/april-001 --epochs 2\n"
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
    {"append", 'a', "RATINGS", 0,
     "Join these ratings with those of the run named by FILE, and train on from its rows by its "
     "configuration",
     0},
    {"epochs", 'e', "N", 0, "Length of the run (schedule.epochs)", 0},
    {"resume", 'r', "RUN", 0, "Go on with the run in this folder; no FILE then", 0},
    {0},
};

static void check(const struct train_arguments *arguments, const struct argp_state *state) {
    if (arguments->path == NULL && arguments->session.append.newer != NULL)
        argp_error(state, "append to what? name a finished run");
    if (arguments->session.append.newer != NULL && arguments->session.resume != NULL)
        argp_error(state, "--append or --resume, not both");
    if (arguments->path == NULL && arguments->session.resume == NULL)
        argp_error(state, "train what? name a configuration or a ratings file");
    if (arguments->path != NULL && arguments->session.resume != NULL)
        argp_error(state, "a run that goes on has its configuration already: what is '%s'?", arguments->path);
}

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
    case 'a':
        arguments->session.append.newer = value;
        return 0;
    case 'e':
        if (!launch_sets_option(&arguments->sets, "schedule.epochs", value))
            argp_error(state, "--epochs: once");
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
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The configuration of a finished run, for another one in a folder of its own that begins with its rows. What the command
 * line sets comes after. */
static int load_run(struct train_arguments *arguments, struct config *config) {
    struct session_spec *session = &arguments->session;
    struct launch_sets sets = {.count = 0};
    struct run_folder run;
    struct status status;
    char path[PATH_MAX];
    session->append.run = arguments->path;
    if (!run_folder_find(&run, arguments->path, &status))
        return command_report(&status);
    launch_name(run.folder, session->name, sizeof session->name);
    size_t length = strlen(session->name);
    if (length > 4 && session->name[length - 4] == '-' &&
        strspn(session->name + length - 3, "0123456789") == 3)
        session->name[length - 4] = '\0'; /* a number of its own follows */
    launch_sets_option(&sets, "run.dir", "");
    launch_sets_option(&sets, "data.blocks", "");
    launch_sets_option(&sets, "model.init_digest", "");
    launch_sets_option(&sets, "model.init_from", arguments->path);
    for (size_t i = 0; i < arguments->sets.count; i++)
        launch_sets_add(&sets, arguments->sets.items[i]);
    snprintf(path, sizeof path, "%.*s/config.yaml", PATH_MAX - 16, run.folder);
    return launch_load(config, path, &sets);
}

static int load(struct train_arguments *arguments, struct config *config) {
    struct session_spec *session = &arguments->session;
    char path[PATH_MAX];
    if (session->resume != NULL) {
        snprintf(path, sizeof path, "%s/config.yaml", session->resume);
        return launch_load(config, path, &arguments->sets);
    }
    if (session->append.newer != NULL)
        return load_run(arguments, config);
    snprintf(session->name, sizeof session->name, "run");
    if (launch_is_configuration(arguments->path))
        launch_name(arguments->path, session->name, sizeof session->name);
    return launch_load_file(config, arguments->path, &arguments->sets);
}

int command_train(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {
        {&LAUNCH_SETS_ARGP, 0, NULL, 0}, {&OUTPUT_OPTIONS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {
        OPTIONS, parse, "FILE\n--append RATINGS RUN\n--resume RUN", DOC, CHILDREN, NULL, NULL};
    struct train_arguments arguments = {
        .session = {.kind = SESSION_TRAIN, .output = {.level = DISPLAY_NORMAL}}};
    struct config config;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = load(&arguments, &config);
    return code != 0 ? code : session_run(&arguments.session, &config);
}
