/* dotbias train: a whole run on this machine, from a configuration or from a ratings file and the defaults.
 */
#include <argp.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "node/cluster.h"
#include "node/ratings_source.h"
#include "node/setup.h"

struct train_arguments {
    const char *path;
    struct launch_sets sets;
    enum display_level level;
    bool json;
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
        arguments->json = true;
        return 0;
    case 'q':
        arguments->level = DISPLAY_QUIET;
        return 0;
    case 'v':
        arguments->level = DISPLAY_VERBOSE;
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

/* "lesson-a" of config/lesson-a.yaml, "run" of a ratings file. */
static void run_name(const char *path, char *name, size_t capacity) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", is_configuration(path) ? path : "run");
    snprintf(name, capacity, "%s", basename(copy));
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}

/* What is about to be done, in the terms that people ask about. */
static void introduce(const struct config *config, const struct packed_set *set, const struct run_dir *dir,
                      struct display *display) {
    char line[PATH_MAX + 256];
    snprintf(line, sizeof line,
             "%llu training and %llu validation ratings, %u users, %u movies; %llu pservers and %llu workers "
             "(%s), %u "
             "lanes",
             (unsigned long long)set->train_count, (unsigned long long)set->valid_count, set->users,
             set->movies, (unsigned long long)config->cluster_pservers,
             (unsigned long long)config->cluster_workers, setup_transport_name(config), config_lanes(config));
    display_note(display, line);
    if (config->train_optimiser == OPTIMISER_SGD && config->train_momentum > 0) {
        snprintf(line, sizeof line, "learning rate %g with momentum %g: effective rate %g",
                 config->train_learning_rate, config->train_momentum,
                 config->train_learning_rate / (1 - config->train_momentum));
        display_note(display, line);
    }
    if (config->train_sync != SYNC_SYNCHRONOUS)
        display_note(
            display,
            "asynchronous pushes raise the effective momentum with the number of lanes, and the bits "
            "differ from run to run");
    snprintf(line, sizeof line, "run folder %s", dir->path);
    display_note(display, line);
}

static bool train(const struct train_arguments *arguments, struct config *config, const struct run_dir *dir,
                  struct display *display, bool *has_history, struct status *status) {
    struct packed_set set = {0};
    char data_path[PATH_MAX], program_dir[PATH_MAX];
    FILE *notes = arguments->level == DISPLAY_QUIET ? NULL : stderr;
    if (!config_require_data(config, status) || !launch_program_dir(program_dir, status) ||
        !ratings_source_open(config, dir, &set, data_path, notes, status))
        return false;
    struct cluster_spec spec = {
        .lead = {.config = config,
                 .set = &set,
                 .dir = dir,
                 .data_path = data_path,
                 .display = display,
                 .report = arguments->json || arguments->level == DISPLAY_QUIET ? NULL : stdout,
                 .json = arguments->json ? stdout : NULL},
        .program_dir = program_dir,
    };
    snprintf(config->data_ratings, sizeof config->data_ratings, "%.*s", CONFIG_TEXT_BYTES - 1, data_path);
    bool good = setup_check(config, &set, status) && run_dir_write_config(dir, config, status);
    if (good) {
        introduce(config, &set, dir, display);
        good = cluster_run(&spec, has_history, status);
    }
    if (good && !isnan(set.truth_rmse)) {
        char line[128];
        snprintf(line, sizeof line, "the planted model itself reaches a validation RMSE of %.4f",
                 set.truth_rmse);
        display_note(display, line);
    }
    packed_set_close(&set);
    return good;
}

static int run(const struct train_arguments *arguments, struct config *config) {
    struct status status;
    struct run_dir dir;
    char name[NAME_MAX + 1];
    bool has_history = false;
    run_name(arguments->path, name, sizeof name);
    if (!run_dir_create(&dir, config, name, &status))
        return command_report(&status);
    struct display *display = display_new(stderr, arguments->level, &status);
    bool good = display != NULL && train(arguments, config, &dir, display, &has_history, &status);
    if (display != NULL)
        display_clear(display);
    display_free(display);
    if (good)
        return 0;
    if (!has_history)
        run_dir_discard(&dir);
    return command_report(&status);
}

int command_train(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, NULL, NULL, NULL};
    struct train_arguments arguments = {.level = DISPLAY_NORMAL};
    struct config config;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = load(&arguments, &config);
    return code != 0 ? code : run(&arguments, &config);
}
