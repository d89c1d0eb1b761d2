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
    "\v"
    "FILE is a configuration (.yaml, .yml) or ratings: a CSV, `::` or tab separated file, or a folder made "
    "by `dotbias "
    "import`. With ratings alone every option has its default (docs/OPTIONS.md).\n\n"
    "The run's folder gets the resolved configuration, the history, the model and summary.json.";

static const struct argp_option OPTIONS[] = {
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option of the configuration; may be repeated", 0},
    {"json", 'j', NULL, 0, "Print summary.json on standard output at the end, and nothing else there", 0},
    {"quiet", 'q', NULL, 0, "Show no progress", 0},
    {"verbose", 'v', NULL, 0, "Show what the engines log", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct train_arguments *arguments = state->input;
    switch (key) {
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
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one file at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "train what? name a configuration or a ratings file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_configuration(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* A ratings file alone is a configuration that says nothing but data.ratings. */
static int load(const struct train_arguments *arguments, struct config *config) {
    char ratings[PATH_MAX + 16];
    struct launch_sets sets = {.count = 0};
    if (is_configuration(arguments->path))
        return launch_load(config, arguments->path, &arguments->sets);
    snprintf(ratings, sizeof ratings, "data.ratings=%s", arguments->path);
    launch_sets_add(&sets, ratings);
    for (size_t i = 0; i < arguments->sets.count; i++)
        launch_sets_add(&sets, arguments->sets.items[i]);
    return launch_load(config, NULL, &sets);
}

int command_train(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, NULL, NULL, NULL};
    struct train_arguments arguments = {.session = {.level = DISPLAY_NORMAL}};
    struct config config;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = load(&arguments, &config);
    if (code != 0)
        return code;
    if (is_configuration(arguments.path))
        launch_name(arguments.path, arguments.session.name, sizeof arguments.session.name);
    else
        snprintf(arguments.session.name, sizeof arguments.session.name, "run");
    return session_run(&arguments.session, &config);
}
