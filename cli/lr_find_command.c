/* dotbias lr-find: the learning-rate range test, on the real trainer, leaving nothing behind. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "cli/lr_find_report.h"
#include "cli/output_options.h"
#include "node/block_source.h"
#include "node/cluster.h"
#include "node/ratings_source.h"
#include "node/setup.h"
#include "node/warm_start.h"

struct lr_find_arguments {
    const char *path, *out;
    struct launch_sets sets;
    struct output_options output;
    double from, to;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias lr-find config/lesson-a.yaml\n"
    "  dotbias lr-find ratings.csv --set train.optimiser=adam --from 1e-4 --to 1\n"
    "  dotbias lr-find packed --init-from runs/april-001 --out curve.csv\n"
    "\v"
    "Trains for at most one epoch while the learning rate grows exponentially, step by step, and shows the "
    "training loss of "
    "up to 128 intervals. It stops when the smoothed loss exceeds four times its lowest value, or is no "
    "number. Two rules of "
    "thumb are told: the rate at which the loss falls fastest, and a tenth of the rate at which it is "
    "lowest.\n\n"
    "FILE is what dotbias train takes. The cluster is that of the configuration, as threads of this process: "
    "the curve is "
    "the same for any cluster. No model is written, and that of --init-from stays as it is.";

static const struct argp_option OPTIONS[] = {
    {"from", 'f', "RATE", 0, "The first step's rate (default 1e-5)", 0},
    {"to", 't', "RATE", 0, "The last step's rate (default 10)", 0},
    {"init-from", 'i', "RUN_OR_MODEL", 0, "Begin with the rows of a finished model (model.init_from)", 0},
    {"out", 'o', "FILE", 0, "Write the whole curve as CSV", 0},
    {0},
};

static double rate(const char *option, const char *text, const struct argp_state *state) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0) || !isfinite(value) || value > 1e6)
        argp_error(state, "--%s: '%s' is no learning rate: a number above 0, up to 1e6", option, text);
    return value;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct lr_find_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        state->child_inputs[1] = &arguments->output;
        return 0;
    case 'f':
        arguments->from = rate("from", value, state);
        return 0;
    case 't':
        arguments->to = rate("to", value, state);
        return 0;
    case 'i':
        if (!launch_sets_option(&arguments->sets, "model.init_from", value))
            argp_error(state, "--init-from: once, and not too long");
        return 0;
    case 'o':
        arguments->out = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one file at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "find a rate for what? name a configuration or a ratings file");
        if (arguments->from >= arguments->to)
            argp_error(state, "--from must be below --to");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Threads of this process; nothing is validated, saved, kept or served. */
static void reduce(struct config *config) {
    config->cluster_transport = TRANSPORT_INPROC;
    config->cluster_coordinator[0] = '\0';
    config->checkpoint_interval = 0;
    config->checkpoint_steps = 0;
    config->schedule_early_stopping = 0;
    config->schedule_keep_best = false;
    config->run_components = 0;
    snprintf(config->monitor_listen, sizeof config->monitor_listen, "none");
}

/* What a search borrows. */
struct search {
    struct run_dir dir; /* gone when the search is over */
    struct packed_set set;
    char data_path[PATH_MAX], blocks_path[PATH_MAX], checkpoints[PATH_MAX];
    bool warm;
};

static bool open_search(struct search *search, struct config *config, FILE *notes, struct status *status) {
    struct warm_start start;
    search->warm = config->model_init_from[0] != '\0';
    run_dir_file(&search->dir, "checkpoints", search->checkpoints);
    return warm_start_pin(config, status) && config_require_data(config, status) &&
           ratings_source_open(config, &search->dir, &search->set, search->data_path, notes, stderr,
                               status) &&
           block_source_open(config, &search->dir, &search->set, search->data_path, search->blocks_path,
                             notes, status) &&
           setup_check(config, &search->set, status) &&
           (!search->warm || warm_start_write(&start, config, &search->set, search->checkpoints, status));
}

static bool train(const struct search *search, const struct config *config, const struct lead_search *wanted,
                  enum display_level level, struct status *status) {
    struct display *display = display_new(stderr, level, status);
    if (display == NULL)
        return false;
    struct cluster_spec spec = {.lead = {.config = config,
                                         .set = &search->set,
                                         .dir = &search->dir,
                                         .data_path = search->data_path,
                                         .checkpoints = search->warm ? search->checkpoints : NULL,
                                         .search = wanted,
                                         .display = display},
                                .resume = search->warm};
    bool good = cluster_run(&spec, status);
    display_clear(display);
    display_free(display);
    return good;
}

static bool find(const struct lr_find_arguments *arguments, struct config *config, struct lr_find *curve,
                 struct status *status) {
    struct search search = {.warm = false};
    struct lead_search wanted = {arguments->from, arguments->to, curve};
    if (!launch_make_temporary(&search.dir, status))
        return false;
    FILE *notes = arguments->output.level == DISPLAY_QUIET ? NULL : stderr;
    bool good = open_search(&search, config, notes, status) &&
                train(&search, config, &wanted, arguments->output.level, status);
    packed_set_close(&search.set);
    run_dir_discard(&search.dir);
    return good;
}

static bool report(const struct lr_find_arguments *arguments, const struct lr_find *curve,
                   struct status *status) {
    if (arguments->out != NULL && !lr_find_report_csv(curve, arguments->out, status))
        return false;
    if (arguments->output.json)
        return lr_find_report_json(curve, status);
    lr_find_report_text(curve);
    return true;
}

int command_lr_find(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {
        {&LAUNCH_SETS_ARGP, 0, NULL, 0}, {&OUTPUT_OPTIONS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, CHILDREN, NULL, NULL};
    struct lr_find_arguments arguments = {.from = 1e-5, .to = 10, .output = {.level = DISPLAY_NORMAL}};
    struct lr_find curve = {.count = 0};
    struct config config;
    struct status status;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = launch_load_file(&config, arguments.path, &arguments.sets);
    if (code != 0)
        return code;
    reduce(&config);
    return find(&arguments, &config, &curve, &status) && report(&arguments, &curve, &status)
               ? 0
               : command_report(&status);
}
