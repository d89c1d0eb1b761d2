/* dotbias fold-in: a new user's ratings make a row against the model's movies, and the row recommendations. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/fold_in.h"
#include "analysis/recommend.h"
#include "cli/command.h"
#include "cli/filter_options.h"
#include "cli/finished.h"
#include "cli/ranked_list.h"
#include "config/loader.h"
#include "core/memory.h"

struct fold_in_arguments {
    const char *path, *ratings;
    double l2; /* 0: as the run was trained */
    bool json;
    struct filter_options filter;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias fold-in runs/lesson-a-001 --ratings mine.csv\n"
    "  printf '318,5\\n\"Toy Story (1995)\",4\\n' | dotbias fold-in runs/lesson-a-001 --ratings - --json\n"
    "\v"
    "The ratings are lines of a movie and a rating, separated by a comma or a tab, with or without a header. "
    "A "
    "movie is named by its raw id or its title. Nothing is trained: the movies stay as they are, and one row "
    "is "
    "solved for that fits these ratings best under an L2 penalty. It is printed with --json.\n\n"
    "Without --l2 the penalty is the one that the run's weight decay amounts to: decay x training ratings / "
    "2, or "
    "decay x the ratings given where it is paid per visit (mode blocked). Where the run does not say, or "
    "decays "
    "otherwise (adamw, no decay), it is 0.1 for each rating given.";

static const struct argp_option OPTIONS[] = {
    {"ratings", 'r', "FILE", 0, "The new user's ratings; - is standard input", 0},
    {"l2", 'l', "X", 0, "The penalty on the squares of the row, above 0", 0},
    {"json", 'j', NULL, 0, "Print one JSON object: the fit, the row, the recommendations", 0},
    {0},
};

static void take_l2(struct fold_in_arguments *arguments, const char *text, struct argp_state *state) {
    char *end;
    arguments->l2 = strtod(text, &end);
    if (end == text || *end != '\0' || !(arguments->l2 > 0) || !isfinite(arguments->l2))
        argp_error(state, "--l2 takes a number above 0, not '%s'", text);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct fold_in_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->filter;
        return 0;
    case 'r':
        arguments->ratings = value;
        return 0;
    case 'l':
        take_l2(arguments, value, state);
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->ratings == NULL)
            argp_error(state, "which ratings? name a file with --ratings, or - for standard input");
        /* fall through */
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

/* The penalty, and where it comes from in words. */
struct penalty {
    double l2;
    char origin[160];
};

static struct penalty stated_penalty(size_t count, const char *why) {
    struct penalty penalty = {.l2 = 0.1 * (double)count};
    snprintf(penalty.origin, sizeof penalty.origin, "0.1 x %zu ratings given: %s", count, why);
    return penalty;
}

/* What the decay of the run's training amounts to for one row (model/fold_in.h). A touched row decays in the
 * steps that touch it, about one for each of its ratings. */
static struct penalty trained_penalty(const struct config *config, const struct model_file *model,
                                      size_t count) {
    double decay = config->train_weight_decay, given = (double)count, all = 0;
    struct penalty penalty;
    for (uint32_t user = 0; user < model->users; user++)
        all += model->user_counts[user];
    if (decay <= 0)
        return stated_penalty(count, "the run had no weight decay");
    if (config->train_mode == MODE_BLOCKED) {
        penalty.l2 = decay * given;
        snprintf(penalty.origin, sizeof penalty.origin, "weight decay %g x %zu ratings given", decay, count);
        return penalty;
    }
    if (config->train_optimiser == OPTIMISER_ADAMW)
        return stated_penalty(count, "adamw's decay is no penalty on the loss");
    bool touched = config->train_decay == DECAY_TOUCHED;
    penalty.l2 = decay / 2 * (touched ? given * (double)config->train_batch : all);
    snprintf(penalty.origin, sizeof penalty.origin,
             touched ? "weight decay %g x a batch of %.0f x the ratings given / 2"
                     : "weight decay %g x %.0f training ratings / 2",
             decay, touched ? (double)config->train_batch : all);
    return penalty;
}

static struct penalty find_penalty(const struct fold_in_arguments *arguments, const struct finished *opened,
                                   size_t count) {
    char path[PATH_MAX];
    struct config config;
    struct config_report report;
    struct status ignored = {0};
    if (arguments->l2 > 0)
        return (struct penalty){arguments->l2, "--l2"};
    if ((size_t)snprintf(path, sizeof path, "%s/config.yaml", opened->run.folder) >= sizeof path ||
        access(path, R_OK) != 0)
        return stated_penalty(count, "no config.yaml beside the model");
    bool loaded = config_load_alone(&config, path, &report, &ignored);
    config_report_release(&report);
    return loaded ? trained_penalty(&config, &opened->model, count)
                  : stated_penalty(count, "the config.yaml beside the model cannot be read");
}

/* Everything about the new user. */
struct newcomer {
    const struct finished *opened;
    struct fold_in_ratings given;
    struct penalty penalty;
    struct fold_in_solution solution;
    float *row;
    double milliseconds; /* of solving */
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool solve(struct newcomer *newcomer, struct status *status) {
    const struct model_file *model = &newcomer->opened->model;
    newcomer->row = memory_take_array(row_stride(model->spec.factors), sizeof(float), "a new row", status);
    if (newcomer->row == NULL)
        return false;
    double begin = seconds();
    bool solved = fold_in_row(&newcomer->given, model, newcomer->penalty.l2, newcomer->row,
                              &newcomer->solution, status);
    newcomer->milliseconds = 1e3 * (seconds() - begin);
    return solved;
}

static double rmse(const struct newcomer *newcomer) {
    return sqrt(newcomer->solution.squared / (double)newcomer->given.count);
}

static void print_fit(const struct newcomer *newcomer) {
    fprintf(stderr, "%zu ratings fitted with rmse %.4f; l2 %g (%s); %u step%s in %.2f ms\n",
            newcomer->given.count, rmse(newcomer), newcomer->penalty.l2, newcomer->penalty.origin,
            newcomer->solution.steps, newcomer->solution.steps == 1 ? "" : "s", newcomer->milliseconds);
}

static json_t *json_fit(const struct newcomer *newcomer) {
    uint32_t factors = newcomer->opened->model.spec.factors;
    json_t *object = json_object(), *row = json_array();
    for (uint32_t k = 0; k < factors; k++)
        json_array_append_new(row, json_real((double)newcomer->row[k]));
    json_object_set_new(object, "ratings", json_integer((json_int_t)newcomer->given.count));
    json_object_set_new(object, "rmse", json_real(rmse(newcomer)));
    json_object_set_new(object, "loss", json_real(newcomer->solution.loss));
    json_object_set_new(object, "gradient", json_real(newcomer->solution.gradient));
    json_object_set_new(object, "steps", json_integer(newcomer->solution.steps));
    json_object_set_new(object, "solve_ms", json_real(newcomer->milliseconds));
    json_object_set_new(object, "l2", json_real(newcomer->penalty.l2));
    json_object_set_new(object, "l2_origin", json_string(newcomer->penalty.origin));
    json_object_set_new(object, "embedding", row);
    json_object_set_new(object, "bias", json_real((double)newcomer->row[factors]));
    return object;
}

/* Prints, or with JSON collects in `list`. */
struct answer {
    struct ranked_list ranking;
    json_t *list;
};

static bool take_best(void *context, uint32_t user, const struct recommendation *best, uint32_t count,
                      struct status *status) {
    struct answer *answer = context;
    for (uint32_t i = 0; i < count; i++) {
        double rating = (double)best[i].rating;
        if (answer->list != NULL)
            json_array_append_new(answer->list,
                                  ranked_list_object(&answer->ranking, user, i + 1, best[i].movie, rating));
        else if (!ranked_list_write(&answer->ranking, user, i + 1, best[i].movie, rating, status))
            return false;
    }
    return true;
}

static bool recommend_row(const struct newcomer *newcomer, const struct catalogue *catalogue, uint32_t top,
                          struct answer *answer, struct status *status) {
    static const uint32_t FIRST = 0;
    uint64_t starts[] = {0, newcomer->given.count};
    struct seen seen = {starts, newcomer->given.movies};
    struct recommend_request request = {
        .catalogue = catalogue,
        .rows = newcomer->row,
        .users = &FIRST,
        .user_count = 1,
        .seen = &seen,
        .top = top,
    };
    return recommend_run(&request, take_best, answer, status);
}

static bool print_json(const struct newcomer *newcomer, struct answer *answer) {
    json_t *object = json_fit(newcomer);
    json_object_set_new(object, "recommendations", answer->list);
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
    return true;
}

static bool answer_newcomer(const struct newcomer *newcomer, const struct fold_in_arguments *arguments,
                            struct status *status) {
    struct output_file out;
    struct catalogue catalogue;
    const struct model_file *model = &newcomer->opened->model;
    struct answer answer = {
        .ranking = {.model = model, .table = TABLE_MOVIES, .value = "rating", .out = &out},
        .list = arguments->json ? json_array() : NULL};
    if (!filter_options_open(&arguments->filter, model, &newcomer->opened->predictor.indexes[TABLE_MOVIES],
                             &catalogue, status))
        return false;
    bool well = output_file_open(&out, NULL, status) &&
                (arguments->json || ranked_list_begin(&answer.ranking, status)) &&
                recommend_row(newcomer, &catalogue, arguments->filter.top, &answer, status) &&
                (!arguments->json || print_json(newcomer, &answer));
    catalogue_close(&catalogue);
    if (well && !arguments->json)
        print_fit(newcomer);
    return output_file_end(&out, well, status);
}

static bool fold_in(const struct fold_in_arguments *arguments, struct status *status) {
    struct finished opened;
    struct newcomer newcomer = {.opened = &opened};
    if (!finished_open(&opened, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    bool well = fold_in_read(&newcomer.given, &opened.model, &opened.predictor.indexes[TABLE_MOVIES],
                             arguments->ratings, status);
    if (well) {
        newcomer.penalty = find_penalty(arguments, &opened, newcomer.given.count);
        well = solve(&newcomer, status) && answer_newcomer(&newcomer, arguments, status);
    }
    memory_release(newcomer.row);
    fold_in_free(&newcomer.given);
    finished_close(&opened);
    return well;
}

int command_fold_in(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {{&FILTER_OPTIONS_ARGP, 0, NULL, 0}, {0}};
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, CHILDREN, NULL, NULL};
    struct fold_in_arguments arguments = {.filter = FILTER_OPTIONS_DEFAULTS};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return fold_in(&arguments, &status) ? STATUS_OK : command_report(&status);
}
