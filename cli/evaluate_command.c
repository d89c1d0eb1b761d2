/* dotbias evaluate: how well a finished model predicts the validation ratings of a packed set. */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include "analysis/evaluation.h"
#include "analysis/run_folder.h"
#include "cli/command.h"

struct evaluate_arguments {
    const char *path, *data;
    bool json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias evaluate runs/lesson-a-001\n"
    "  dotbias evaluate model.dotbias --data data/newer --json\n"
    "\v"
    "Measures the validation ratings of the run's own data set, or of another one: users and "
    "movies are matched by their raw ids. Cold ratings have a user or a movie without a training "
    "rating, and are counted apart. The global mean is what a model without factors would reach.";

static const struct argp_option OPTIONS[] = {
    {"data", 'd', "SET", 0, "A folder made by dotbias import, or a ratings.dotbias", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct evaluate_arguments *arguments = state->input;
    switch (key) {
    case 'd':
        arguments->data = value;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one model at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "which model? name a run's folder or a model file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What was measured on what. */
struct result {
    const char *model, *data;
    double truth_rmse; /* NaN unless the set was generated */
    struct evaluation evaluation;
};

static void print_line(const char *name, const struct loss_sum *sum) {
    struct metrics metrics;
    if (evaluation_metrics(sum, &metrics))
        printf("  %-12s %12llu  %9.5f  %9.5f  %9.5f\n", name, (unsigned long long)sum->count, metrics.mse,
               metrics.rmse, metrics.mae);
    else
        printf("  %-12s   no ratings\n", name);
}

static void print_text(const struct result *result) {
    const struct evaluation *evaluation = &result->evaluation;
    printf("model  %s\ndata   %s (validation)\n\n", result->model, result->data);
    printf("  %-12s %12s  %9s  %9s  %9s\n", "", "ratings", "mse", "rmse", "mae");
    print_line("all", &evaluation->all);
    print_line("  warm", &evaluation->warm);
    print_line("  cold", &evaluation->cold);
    print_line("global mean", &evaluation->baseline);
    if (evaluation->baseline.count > 0)
        printf("\nglobal mean: every rating guessed as %.6f, the mean training rating\n",
               evaluation->baseline_mean);
    if (evaluation->cold.count > 0)
        printf("cold: the user or the movie has no training rating; of these, %llu have one the model does "
               "not know\n",
               (unsigned long long)evaluation->unknown_count);
    if (result->truth_rmse == result->truth_rmse)
        printf("truth: the planted model itself reaches rmse %.5f\n", result->truth_rmse);
}

static json_t *json_metrics(const struct loss_sum *sum) {
    struct metrics metrics;
    json_t *object = json_object();
    bool any = evaluation_metrics(sum, &metrics);
    json_object_set_new(object, "ratings", json_integer((json_int_t)sum->count));
    json_object_set_new(object, "mse", any ? json_real(metrics.mse) : json_null());
    json_object_set_new(object, "rmse", any ? json_real(metrics.rmse) : json_null());
    json_object_set_new(object, "mae", any ? json_real(metrics.mae) : json_null());
    return object;
}

/* The metrics of all ratings stand at the top, the others in objects of their own. */
static void print_json(const struct result *result) {
    const struct evaluation *evaluation = &result->evaluation;
    json_t *object = json_metrics(&evaluation->all), *baseline = json_metrics(&evaluation->baseline);
    if (evaluation->baseline.count > 0)
        json_object_set_new(baseline, "mean", json_real(evaluation->baseline_mean));
    json_object_set_new(object, "warm", json_metrics(&evaluation->warm));
    json_object_set_new(object, "cold", json_metrics(&evaluation->cold));
    json_object_set_new(object, "unknown_ratings", json_integer((json_int_t)evaluation->unknown_count));
    json_object_set_new(object, "global_mean", baseline);
    if (result->truth_rmse == result->truth_rmse)
        json_object_set_new(object, "truth_rmse", json_real(result->truth_rmse));
    json_object_set_new(object, "model", json_string(result->model));
    json_object_set_new(object, "data", json_string(result->data));
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    putchar('\n');
    json_decref(object);
}

static bool evaluate_on(struct result *result, const struct predictor *predictor, struct status *status) {
    struct packed_set set;
    if (!packed_set_open(&set, result->data, status))
        return false;
    result->truth_rmse = set.truth_rmse;
    bool well = evaluation_run(&result->evaluation, predictor, &set, status);
    packed_set_close(&set);
    return well;
}

static bool evaluate_model(struct result *result, struct status *status) {
    struct model_file model;
    struct predictor predictor;
    if (!model_file_open(&model, result->model, status))
        return false;
    bool well = predictor_open(&predictor, &model, status);
    if (well) {
        well = evaluate_on(result, &predictor, status);
        predictor_close(&predictor);
    }
    model_file_close(&model);
    return well;
}

static bool evaluate(const struct evaluate_arguments *arguments, struct status *status) {
    struct run_folder run;
    char data[PATH_MAX];
    if (!run_folder_find(&run, arguments->path, status))
        return false;
    if (arguments->data == NULL && !run_folder_data(&run, data, status))
        return false;
    struct result result = {.model = run.model, .data = arguments->data != NULL ? arguments->data : data};
    if (!evaluate_model(&result, status))
        return false;
    if (arguments->json)
        print_json(&result);
    else
        print_text(&result);
    if (fflush(stdout) != 0 || ferror(stdout))
        return status_fail_errno(status, STATUS_IO, "cannot write the result");
    return true;
}

int command_evaluate(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct evaluate_arguments arguments = {0};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return evaluate(&arguments, &status) ? STATUS_OK : command_report(&status);
}
