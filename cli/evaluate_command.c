/* dotbias evaluate: how well a finished model predicts the validation ratings of a packed set. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/evaluate_report.h"
#include "cli/finished.h"
#include "data/number.h"

enum { KEY_RANKING = 0x100 };

struct evaluate_arguments {
    const char *path, *data;
    struct ranking_spec ranking;
    bool has_ranking, json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias evaluate runs/lesson-a-001\n"
    "  dotbias evaluate model.dotbias --data data/newer --json\n"
    "  dotbias evaluate runs/lesson-a-001 --k 10,20 --threshold 4.5\n"
    "\v"
    "Measures the validation ratings of the run's own data set, or of another one: users and "
    "movies are matched by their raw ids. Cold ratings have a user or a movie without a training "
    "rating, and are counted apart. The global mean is what a model without factors would reach. Warm "
    "ratings are also "
    "shown by the movie's popularity: the head holds half of the training ratings, head and torso nine "
    "tenths.\n\n"
    "--ranking: every movie that the user has not rated in training is a candidate; precision, recall, NDCG "
    "(a "
    "movie is relevant or not), MAP and MRR at k, AUC, and coverage, the share of movies that anybody is "
    "shown. "
    "Means over users with a relevant movie; cold users apart. The formulas: analysis/ranking.h.";

static const struct argp_option OPTIONS[] = {
    {"data", 'd', "SET", 0, "A folder made by dotbias import, or a ratings.dotbias", 0},
    {"ranking", KEY_RANKING, NULL, 0, "Also rank the whole catalogue for every user", 0},
    {"k", 'k', "K[,K...]", 0, "Lengths of the list that count (default 10); means --ranking", 0},
    {"threshold", 't', "RATING", 0,
     "Validation ratings from this one on are relevant (default 4); means --ranking", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

/* "10,20": each one once, in rising order. */
static void take_cuts(struct argp_state *state, const char *text, struct ranking_spec *spec) {
    char one[24];
    spec->cut_count = 0;
    for (const char *at = text; at != NULL;) {
        const char *comma = strchr(at, ',');
        uint64_t k = 0, last = spec->cut_count > 0 ? spec->cuts[spec->cut_count - 1] : 0;
        size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        snprintf(one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one), at);
        if (length >= sizeof one || !amount_parse(one, &k) || k <= last || k > UINT32_MAX)
            argp_error(state, "--k: '%s' is not a list of rising whole numbers, as in 10,20", text);
        if (spec->cut_count == RANKING_CUTS_MAX)
            argp_error(state, "--k: at most %d numbers", RANKING_CUTS_MAX);
        spec->cuts[spec->cut_count++] = (uint32_t)k;
        at = comma != NULL ? comma + 1 : NULL;
    }
}

static void take_threshold(struct argp_state *state, const char *text, struct ranking_spec *spec) {
    const char *reason;
    double value = 0;
    if (!number_parse(text, strlen(text), &value, &reason) || !isfinite((float)value))
        argp_error(state, "--threshold: '%s' is not a rating", text);
    spec->threshold = (float)value;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct evaluate_arguments *arguments = state->input;
    switch (key) {
    case 'd':
        arguments->data = value;
        return 0;
    case 'k':
        take_cuts(state, value, &arguments->ranking);
        arguments->has_ranking = true;
        return 0;
    case 't':
        take_threshold(state, value, &arguments->ranking);
        arguments->has_ranking = true;
        return 0;
    case KEY_RANKING:
        arguments->has_ranking = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

static bool measure(struct evaluate_result *result, const struct predictor *predictor,
                    const struct packed_set *set, struct status *status) {
    const struct model_file *model = predictor->model;
    struct popularity popularity;
    if (!popularity_sort(&popularity, model->movie_counts, model->movies, status))
        return false;
    memcpy(result->extents, popularity.extents, sizeof result->extents);
    bool well = evaluation_run(&result->evaluation, predictor, &popularity, set, status) &&
                (!result->has_ranking ||
                 ranking_run(&result->ranking, &result->ranking_spec, predictor, &popularity, set, status));
    popularity_free(&popularity);
    return well;
}

static bool report(const struct evaluate_result *result, bool json, struct status *status) {
    (json ? evaluate_report_json : evaluate_report_text)(result);
    if (fflush(stdout) != 0 || ferror(stdout))
        return status_fail_errno(status, STATUS_IO, "cannot write the result");
    return true;
}

static bool evaluate(const struct evaluate_arguments *arguments, struct status *status) {
    struct finished run;
    if (!finished_open(&run, arguments->path, arguments->data, RATINGS_NEEDED, status))
        return false;
    struct evaluate_result result = {.model = run.run.model,
                                     .data = run.data,
                                     .truth_rmse = run.set.truth_rmse,
                                     .has_ranking = arguments->has_ranking,
                                     .ranking_spec = arguments->ranking};
    bool well =
        measure(&result, &run.predictor, &run.set, status) && report(&result, arguments->json, status);
    finished_close(&run);
    return well;
}

int command_evaluate(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct evaluate_arguments arguments = {.ranking = {.cuts = {10}, .cut_count = 1, .threshold = 4}};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return evaluate(&arguments, &status) ? STATUS_OK : command_report(&status);
}
