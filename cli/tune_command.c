/* dotbias tune: many configurations, trained for real, and which of them validates best. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/tune_plan.h"
#include "cli/tune_report.h"
#include "node/tune.h"

struct tune_arguments {
    struct tune_plan plan;
    struct launch_sets sets;
    const char *out;
    uint32_t jobs;
    bool json, quiet;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias tune my.yaml --grid train.learning_rate=0.003,0.01,0.03 --grid train.weight_decay=1e-4,2e-4\n"
    "  dotbias tune my.yaml --random 27 --range train.learning_rate=1e-3..1e-1:log --grid "
    "model.factors=20,50 --halving 3\n"
    "  dotbias tune ratings.csv --grid 'model.y_range=[0.5, 5],none' --jobs 2 --out searches/range --json\n"
    "\v"
    "FILE is what dotbias train takes. Without --random every combination of the lists is tried; with it, so "
    "many are drawn, "
    "lists and ranges alike. Each trial is a run of dotbias train in a folder of its own, sorted in the end "
    "by the RMSE of "
    "its model on the validation ratings.\n\n"
    "--halving N trains all trials for --min-epochs epochs, then the best one in N for N times as many, and "
    "so on; the last "
    "ones to the end of their schedule. A trial that goes on is the same run, taken up from its checkpoint; "
    "its schedule is that "
    "of the whole length from the start.\n\n"
    "A trial that fails is marked and left alone. SIGINT (Ctrl-C) saves those under way and ends with code "
    "75; the same "
    "command goes on, also after a kill.";

enum { KEY_MIN_EPOCHS = 256 };

static const struct argp_option OPTIONS[] = {
    {"grid", 'g', "SECTION.OPTION=A,B,C", 0, "Try these values; may be repeated", 0},
    {"range", 'r', "SECTION.OPTION=LOW..HIGH[:log]", 0,
     "Draw from this range, evenly in the logarithm with :log (needs --random)", 0},
    {"random", 'n', "N", 0, "Draw N trials instead of trying all combinations", 0},
    {"seed", 'S', "N", 0, "Of the draws (default 1)", 0},
    {"halving", 'H', "N", 0, "Go on with one trial in N after each round", 0},
    {"min-epochs", KEY_MIN_EPOCHS, "N", 0, "Epochs of the first round of --halving (default 1)", 0},
    {"jobs", 'J', "N", 0, "Trials at a time (default 1)", 0},
    {"out", 'o', "FOLDER", 0, "Where the trials go (default tune-NAME)", 0},
    {"json", 'j', NULL, 0, "Print the results as JSON", 0},
    {"quiet", 'q', NULL, 0, "Say nothing while trials are trained", 0},
    {0},
};

static void add_axis(struct argp_state *state, bool is_range, const char *text) {
    struct tune_arguments *arguments = state->input;
    struct status status;
    bool good = is_range ? search_space_range(&arguments->plan.space, text, &status)
                         : search_space_list(&arguments->plan.space, text, &status);
    if (!good)
        argp_error(state, "--%s: %s", is_range ? "range" : "grid", status.text);
}

static void check(struct tune_arguments *arguments, const struct argp_state *state) {
    if (arguments->plan.file == NULL)
        argp_error(state, "tune what? name a configuration or a ratings file");
    if (arguments->plan.space.count == 0)
        argp_error(state, "try what? name options and values with --grid or --range");
    if (arguments->plan.min_epochs != 0 && arguments->plan.halving == 0)
        argp_error(state, "--min-epochs is of --halving");
    if (arguments->plan.min_epochs == 0)
        arguments->plan.min_epochs = 1;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct tune_arguments *arguments = state->input;
    struct tune_plan *plan = &arguments->plan;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        return 0;
    case 'g':
    case 'r':
        add_axis(state, key == 'r', value);
        return 0;
    case 'n':
        plan->random = amount_argument(state, "random", value, 1, TUNE_TRIALS_MAX);
        return 0;
    case 'S':
        plan->seed = amount_argument(state, "seed", value, 0, UINT32_MAX);
        return 0;
    case 'H':
        plan->halving = amount_argument(state, "halving", value, 2, 100);
        return 0;
    case KEY_MIN_EPOCHS:
        plan->min_epochs = amount_argument(state, "min-epochs", value, 1, 100000);
        return 0;
    case 'J':
        arguments->jobs = amount_argument(state, "jobs", value, 1, 256);
        return 0;
    case 'o':
        arguments->out = value;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case 'q':
        arguments->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (plan->file != NULL)
            argp_error(state, "one file at a time: what is '%s'?", value);
        plan->file = value;
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void told(void *context, const struct trial *trial) {
    const struct tune_arguments *arguments = context;
    if (!arguments->quiet)
        tune_report_trial(trial, arguments->plan.count, arguments->plan.space.count);
}

static void name_folder(struct tune_arguments *arguments) {
    char name[NAME_MAX + 1];
    launch_name(arguments->plan.file, name, sizeof name);
    snprintf(arguments->plan.folder, sizeof arguments->plan.folder, arguments->out == NULL ? "tune-%s" : "%s",
             arguments->out == NULL ? name : arguments->out);
}

static bool search(struct tune_arguments *arguments, struct status *status) {
    struct tune_plan *plan = &arguments->plan;
    char program[PATH_MAX + 16], folder[PATH_MAX];
    bool goes_on;
    if (!launch_program_dir(folder, status) || !tune_plan_open(plan, &goes_on, status))
        return false;
    snprintf(program, sizeof program, "%s/dotbias", folder);
    if (!arguments->quiet)
        fprintf(stderr, "%u trials %s %s\n", plan->count, goes_on ? "go on in" : "in", plan->folder);
    struct tune_spec spec = {.launch = {.program = program,
                                        .file = plan->file,
                                        .sets = plan->sets->items,
                                        .set_count = (uint32_t)plan->sets->count,
                                        .axes = plan->space.count},
                             .jobs = arguments->jobs,
                             .halving = plan->halving,
                             .min_epochs = plan->min_epochs,
                             .told = told,
                             .context = arguments};
    return tune_run(&spec, plan->trials, plan->count, status) &&
           tune_report_print(plan, arguments->json, status);
}

int command_tune(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {{&LAUNCH_SETS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, CHILDREN, NULL, NULL};
    struct tune_arguments arguments = {.plan = {.seed = 1}, .jobs = 1};
    struct status status;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    arguments.plan.sets = &arguments.sets;
    name_folder(&arguments);
    int code = tune_plan_make(&arguments.plan);
    if (code == 0 && !search(&arguments, &status))
        code = command_report(&status);
    tune_plan_free(&arguments.plan);
    return code;
}
