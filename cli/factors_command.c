/* dotbias factors: what the movies' factors are about, as titles at both ends of each component, and as a map. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "analysis/factor_components.h"
#include "analysis/factor_map.h"
#include "analysis/factor_report.h"
#include "cli/amount.h"
#include "cli/command.h"
#include "cli/csv_field.h"
#include "cli/factor_json.h"
#include "cli/finished.h"

enum option_key { KEY_MOST_RATED = 0x100, KEY_FIT_MOST_RATED, KEY_AXES, KEY_LABEL };

enum { SHOWN_MAX = 1000000, LABELS_MAX = 1000, NAMED_AT_ENDS = 4 };

struct factors_arguments {
    const char *path, *plot;
    enum components_kind kind;
    uint32_t components, show, most_rated, label;
    uint32_t axes[2]; /* from 0 */
    enum plot_format format;
    bool fit_most_rated, json, csv;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias factors runs/lesson-a-001\n"
    "  dotbias factors runs/lesson-a-001 --plot map.svg --axes 1,3\n"
    "  dotbias factors runs/lesson-a-001 --lesson --fit-most-rated\n"
    "  dotbias factors model.dotbias --components 10 --csv > factors.csv\n"
    "\v"
    "Principal components of the movie factors, each with its share of the variance and the titles at "
    "both ends. They do not change when the factors of users and movies are rotated together, which "
    "changes no prediction.\n\n"
    "--lesson computes what the lesson's notebook did, PCA(n).fit(E.T).components_ of scikit-learn: each "
    "movie is centred over its own factors first. Mostly the same story, but such a rotation changes it.\n\n"
    "--csv prints the scores of all movies.";

static const struct argp_option OPTIONS[] = {
    {"components", 'n', "N", 0, "How many components (default 3, at most the model's factors)", 0},
    {"lesson", 'l', NULL, 0, "The lesson's way", 0},
    {"show", 's', "N", 0, "Titles at each end (default 5)", 0},
    {"most-rated", KEY_MOST_RATED, "N", 0, "Name only the N most-rated movies (default 3000)", 0},
    {"fit-most-rated", KEY_FIT_MOST_RATED, NULL, 0,
     "Find the components from these movies alone, as the lesson did, not from all", 0},
    {"plot", 'p', "FILE", 0, "Draw the map of movies: an .svg or a .png", 0},
    {"axes", KEY_AXES, "X,Y", 0, "The components across and up (default 1,2)", 0},
    {"label", KEY_LABEL, "N", 0,
     "Name the N most-rated movies on the map, and the four furthest out at each end (default 60)", 0},
    {"csv", 'c', NULL, 0, "Print CSV", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static void take_axes(struct factors_arguments *arguments, const char *text, struct argp_state *state) {
    char first[16];
    const char *comma = strchr(text, ',');
    if (comma == NULL || (size_t)(comma - text) >= sizeof first)
        argp_error(state, "--axes: '%s' is not two components, like 1,3", text);
    snprintf(first, sizeof first, "%.*s", (int)(comma - text), text);
    arguments->axes[0] = amount_argument(state, "axes", first, 1, FACTORS_MAX) - 1;
    arguments->axes[1] = amount_argument(state, "axes", comma + 1, 1, FACTORS_MAX) - 1;
}

static void check_arguments(struct factors_arguments *arguments, struct argp_state *state) {
    struct status status;
    if (arguments->json && arguments->csv)
        argp_error(state, "--json or --csv, not both");
    if (arguments->plot == NULL)
        return;
    if (!plot_format_of(arguments->plot, &arguments->format, &status))
        argp_error(state, "--plot: %s", status.text);
    for (int i = 0; i < 2; i++)
        if (arguments->components < arguments->axes[i] + 1)
            arguments->components = arguments->axes[i] + 1;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct factors_arguments *arguments = state->input;
    switch (key) {
    case 'n':
        arguments->components = amount_argument(state, "components", value, 1, FACTORS_MAX);
        return 0;
    case 'l':
        arguments->kind = COMPONENTS_OF_LESSON;
        return 0;
    case 's':
        arguments->show = amount_argument(state, "show", value, 1, SHOWN_MAX);
        return 0;
    case KEY_MOST_RATED:
        arguments->most_rated = amount_argument(state, "most-rated", value, 1, AMOUNT_ANY);
        return 0;
    case KEY_FIT_MOST_RATED:
        arguments->fit_most_rated = true;
        return 0;
    case 'p':
        arguments->plot = value;
        return 0;
    case KEY_AXES:
        take_axes(arguments, value, state);
        return 0;
    case KEY_LABEL:
        arguments->label = amount_argument(state, "label", value, 0, LABELS_MAX);
        return 0;
    case 'c':
        arguments->csv = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        /* fall through */
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

/* The answer, and what it was made from. */
struct answer {
    const struct factors_arguments *arguments;
    const struct model_file *model;
    struct factor_components components;
    struct factor_report report; /* owns its selection */
};

static const char *kind_name(const struct answer *answer) {
    return answer->components.kind == COMPONENTS_OF_LESSON ? "lesson" : "over movies";
}

static bool print_text(const struct answer *answer, struct status *status) {
    if (!factor_report_components(&answer->report, stdout, status))
        return false;
    printf("\ncomponents of %u movies; %s\n", answer->components.fitted,
           answer->components.kind == COMPONENTS_OF_LESSON
               ? "the lesson's way: each movie centred over its factors, unit vectors over movies"
               : "scores are distances from the mean movie along each component");
    return true;
}

static bool print_json(const struct answer *answer, struct status *status) {
    const struct factor_report *report = &answer->report;
    json_t *object = json_object(), *list = json_array();
    bool well = true;
    for (uint32_t c = 0; well && c < report->components; c++) {
        struct factor_ranking ranking;
        well =
            factor_ranking_make(&ranking, report->scores + c, report->components, &report->popular, status);
        if (!well)
            break;
        json_t *component =
            json_pack("{s:I, s:f}", "component", (json_int_t)c + 1, "share", report->share[c]);
        factor_json_add_ends(component, "high", "low", "score", report, &ranking);
        json_array_append_new(list, component);
        factor_ranking_free(&ranking);
    }
    json_object_set_new(object, "kind", json_string(kind_name(answer)));
    json_object_set_new(object, "fitted_movies", json_integer(answer->components.fitted));
    json_object_set_new(object, "most_rated", json_integer(report->popular.count));
    json_object_set_new(object, "components", list);
    if (well)
        json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
    return well;
}

/* All movies, in the order of the model. */
static void print_csv(const struct answer *answer) {
    const struct factor_components *components = &answer->components;
    fputs("movie,title,ratings", stdout);
    for (uint32_t c = 0; c < components->count; c++)
        printf(",component_%u", c + 1);
    putchar('\n');
    for (uint32_t movie = 0; movie < answer->model->movies; movie++) {
        size_t length;
        const char *id = string_table_get(&answer->model->movie_ids, movie, &length);
        csv_field(id, length);
        putchar(',');
        const char *title = string_table_get(&answer->model->movie_titles, movie, &length);
        csv_field(title, length);
        printf(",%u", answer->model->movie_counts[movie]);
        for (uint32_t c = 0; c < components->count; c++)
            printf(",%.9g", components->scores[(size_t)movie * components->count + c]);
        putchar('\n');
    }
}

static bool draw(const struct answer *answer, struct status *status) {
    const struct factors_arguments *arguments = answer->arguments;
    struct factor_map map = {answer->model,           &answer->components,
                             &answer->report.popular, {arguments->axes[0], arguments->axes[1]},
                             arguments->label,        arguments->label > 0 ? NAMED_AT_ENDS : 0};
    size_t hidden;
    if (!factor_map_draw(&map, arguments->plot, arguments->format, &hidden, status))
        return false;
    fprintf(stderr, "drawn: %s", arguments->plot);
    if (hidden > 0)
        fprintf(stderr, " (no place for %zu of the names)", hidden);
    fputc('\n', stderr);
    return true;
}

static bool show(const struct answer *answer, struct status *status) {
    const struct factors_arguments *arguments = answer->arguments;
    if (arguments->plot != NULL && !draw(answer, status))
        return false;
    if (arguments->csv)
        print_csv(answer);
    else if (arguments->json ? !print_json(answer, status) : !print_text(answer, status))
        return false;
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           status_fail_errno(status, STATUS_IO, "cannot write the factors");
}

static bool answer_with(struct answer *answer, struct status *status) {
    const struct factors_arguments *arguments = answer->arguments;
    const struct model_file *model = answer->model;
    struct factor_report *report = &answer->report;
    if (!selection_most_rated(&report->popular, model->movie_counts, model->movies, arguments->most_rated,
                              status))
        return false;
    if (report->popular.count == 0)
        return status_fail(
            status, STATUS_BAD_DATA,
            "no movie of the model has a training rating: there is nothing to say of its factors");
    const struct selection *fit = arguments->fit_most_rated ? &report->popular : NULL;
    if (!factor_components_make(&answer->components, model, arguments->kind, arguments->components, fit,
                                status))
        return false;
    report->components = answer->components.count;
    report->scores = answer->components.scores;
    report->share = answer->components.share;
    return show(answer, status);
}

static bool factors(const struct factors_arguments *arguments, struct status *status) {
    struct finished finished;
    if (!finished_open(&finished, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    struct answer answer = {
        .arguments = arguments,
        .model = &finished.model,
        .report = {.titles = finished.predictor.titles,
                   .counts = finished.model.movie_counts,
                   .show = arguments->show},
    };
    bool well = answer_with(&answer, status);
    selection_free(&answer.report.popular);
    factor_components_free(&answer.components);
    finished_close(&finished);
    return well;
}

int command_factors(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct factors_arguments arguments = {
        .components = 3, .show = 5, .most_rated = 3000, .label = 60, .axes = {0, 1}};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return factors(&arguments, &status) ? STATUS_OK : command_report(&status);
}
