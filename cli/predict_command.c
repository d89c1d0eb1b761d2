/* dotbias predict: one rating, taken apart; or many, from pairs of raw ids to a table. */
#include <argp.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/prediction.h"
#include "analysis/run_folder.h"
#include "cli/command.h"
#include "data/text_source.h"

struct predict_arguments {
    const char *path, *user, *movie, *pairs;
    bool json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias predict runs/lesson-a-001 --user 15 --movie 1\n"
    "  dotbias predict model.dotbias --pairs pairs.tsv > predicted.tsv\n"
    "\v"
    "Ids are the raw ids of the ratings file. A user or movie that the model does not know is "
    "predicted from what is known of the other one, and said so.\n\n"
    "--pairs reads lines of a user and a movie separated by a tab, and prints a table with a "
    "header, or with --json one object a line; \"-\" is standard input.";

static const struct argp_option OPTIONS[] = {
    {"user", 'u', "ID", 0, "The user's raw id", 0},
    {"movie", 'm', "ID", 0, "The movie's raw id", 0},
    {"pairs", 'p', "FILE", 0, "Many pairs, one a line: user, tab, movie; - is standard input", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static void check_arguments(const struct predict_arguments *arguments, struct argp_state *state) {
    if (arguments->path == NULL)
        argp_error(state, "which model? name a run's folder or a model file");
    if (arguments->pairs != NULL && (arguments->user != NULL || arguments->movie != NULL))
        argp_error(state, "--pairs stands in place of --user and --movie");
    if (arguments->pairs == NULL && (arguments->user == NULL || arguments->movie == NULL))
        argp_error(state, "both --user and --movie are needed, or --pairs");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct predict_arguments *arguments = state->input;
    switch (key) {
    case 'u':
        arguments->user = value;
        return 0;
    case 'm':
        arguments->movie = value;
        return 0;
    case 'p':
        arguments->pairs = value;
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
        check_arguments(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A question and its answer, as the printers need them. */
struct answer {
    const struct predictor *predictor;
    const char *user, *movie;
    size_t user_length, movie_length;
    struct prediction prediction;
    char title[1024]; /* empty for an unknown movie */
    char note[PREDICTION_NOTE_BYTES];
};

static void ask(struct answer *answer, struct predictor *predictor) {
    answer->predictor = predictor;
    answer->prediction =
        prediction_make(predictor, answer->user, answer->user_length, answer->movie, answer->movie_length);
    uint32_t row = answer->prediction.rows[TABLE_MOVIES];
    answer->title[0] = '\0';
    if (row != ID_UNKNOWN)
        titles_fit_movie(&predictor->titles, row, SIZE_MAX, answer->title, sizeof answer->title);
    prediction_note(predictor, &answer->prediction, answer->note);
}

static void print_counts(const struct answer *answer, enum table_id table) {
    if (answer->prediction.rows[table] == ID_UNKNOWN)
        puts("(not in the model)");
    else
        printf("(%u training rating%s)\n", answer->prediction.counts[table],
               answer->prediction.counts[table] == 1 ? "" : "s");
}

static void print_terms(const struct answer *answer) {
    const struct model_spec *spec = &answer->predictor->model->spec;
    const struct prediction *prediction = &answer->prediction;
    printf("  p.q         %9.4f\n", prediction->dot);
    if (spec->has_bias) {
        printf("  user bias   %+9.4f\n", prediction->user_bias);
        printf("  movie bias  %+9.4f\n", prediction->movie_bias);
    }
    if (spec->mean != 0)
        printf("  mean        %+9.4f\n", prediction->mean);
    printf("  score z     %9.4f\n", prediction->score);
    printf("  rating      %9.4f", prediction->rating);
    if (spec->has_range)
        printf("  = %g + %g * sigmoid(z)", (double)spec->range_low,
               (double)spec->range_high - (double)spec->range_low);
    putchar('\n');
}

static void print_text(const struct answer *answer) {
    char id[256];
    titles_fit(answer->user, answer->user_length, SIZE_MAX, id, sizeof id);
    printf("user   %s  ", id);
    print_counts(answer, TABLE_USERS);
    titles_fit(answer->movie, answer->movie_length, SIZE_MAX, id, sizeof id);
    printf("movie  %s  ", id);
    if (answer->title[0] != '\0')
        printf("%s  ", answer->title);
    print_counts(answer, TABLE_MOVIES);
    putchar('\n');
    print_terms(answer);
    if (answer->note[0] != '\0')
        printf("\n%s\n", answer->note);
}

/* Bytes that are not UTF-8 cannot stand in JSON: they are shown as titles_fit shows them, or as null. */
static json_t *text_or_null(const char *bytes, size_t length) {
    json_t *text = json_stringn(bytes, length);
    return text != NULL ? text : json_null();
}

static void set_term(json_t *object, const char *key, double value) {
    json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static void print_json(const struct answer *answer, size_t style) {
    const struct prediction *prediction = &answer->prediction;
    json_t *object = json_object();
    json_object_set_new(object, "user", text_or_null(answer->user, answer->user_length));
    json_object_set_new(object, "movie", text_or_null(answer->movie, answer->movie_length));
    json_object_set_new(object, "title", text_or_null(answer->title, strlen(answer->title)));
    json_object_set_new(object, "user_ratings", json_integer(prediction->counts[TABLE_USERS]));
    json_object_set_new(object, "movie_ratings", json_integer(prediction->counts[TABLE_MOVIES]));
    json_object_set_new(object, "user_known", json_boolean(prediction->rows[TABLE_USERS] != ID_UNKNOWN));
    json_object_set_new(object, "movie_known", json_boolean(prediction->rows[TABLE_MOVIES] != ID_UNKNOWN));
    set_term(object, "dot", prediction->dot);
    set_term(object, "user_bias", prediction->user_bias);
    set_term(object, "movie_bias", prediction->movie_bias);
    set_term(object, "mean", prediction->mean);
    set_term(object, "score", prediction->score);
    set_term(object, "rating", prediction->rating);
    json_object_set_new(object, "note", json_string(answer->note));
    json_dumpf(object, stdout, style | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}

static void print_row(const struct answer *answer) {
    const struct prediction *prediction = &answer->prediction;
    printf("%.*s\t%.*s\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%s\n", (int)answer->user_length, answer->user,
           (int)answer->movie_length, answer->movie, answer->title, prediction->dot, prediction->user_bias,
           prediction->movie_bias, prediction->mean, prediction->score, prediction->rating, answer->note);
}

/* Looks at "user\tmovie[\t...]"; the answer borrows the line. */
static bool split_line(struct answer *answer, const struct text_line *line) {
    const char *end = line->bytes + line->length;
    const char *tab = memchr(line->bytes, '\t', line->length);
    if (tab == NULL)
        return false;
    const char *movie = tab + 1, *next = memchr(movie, '\t', (size_t)(end - movie));
    answer->user = line->bytes;
    answer->user_length = (size_t)(tab - line->bytes);
    answer->movie = movie;
    answer->movie_length = (size_t)((next != NULL ? next : end) - movie);
    return answer->user_length > 0 && answer->movie_length > 0;
}

static bool is_head(const struct answer *answer) {
    return answer->user_length == 4 && memcmp(answer->user, "user", 4) == 0 && answer->movie_length == 5 &&
           memcmp(answer->movie, "movie", 5) == 0;
}

static bool answer_line(struct predictor *predictor, const struct predict_arguments *arguments,
                        const struct text_line *line, struct status *status) {
    struct answer answer = {0};
    if (line->length == 0 && !line->too_long)
        return true;
    if (!split_line(&answer, line))
        return status_fail(status, STATUS_BAD_DATA, "%s:%llu: expected a user, a tab and a movie",
                           arguments->pairs, (unsigned long long)line->number);
    if (line->number == 1 && is_head(&answer))
        return true;
    ask(&answer, predictor);
    if (arguments->json)
        print_json(&answer, JSON_COMPACT);
    else
        print_row(&answer);
    return true;
}

static bool answer_pairs(struct predictor *predictor, const struct predict_arguments *arguments,
                         struct status *status) {
    bool standard = strcmp(arguments->pairs, "-") == 0, well = true;
    struct text_source *source = text_source_open(standard ? "/dev/stdin" : arguments->pairs, status);
    struct text_line line;
    enum text_outcome outcome = TEXT_LINE;
    if (source == NULL)
        return false;
    if (!arguments->json)
        puts("user\tmovie\ttitle\tdot\tuser_bias\tmovie_bias\tmean\tscore\trating\tnote");
    while (well && (outcome = text_source_next(source, &line, status)) == TEXT_LINE)
        well = answer_line(predictor, arguments, &line, status);
    text_source_close(source);
    return well && outcome == TEXT_END;
}

static bool answer_one(struct predictor *predictor, const struct predict_arguments *arguments) {
    struct answer answer = {
        .user = arguments->user,
        .user_length = strlen(arguments->user),
        .movie = arguments->movie,
        .movie_length = strlen(arguments->movie),
    };
    ask(&answer, predictor);
    if (arguments->json)
        print_json(&answer, JSON_INDENT(2));
    else
        print_text(&answer);
    return true;
}

static bool predict(const struct predict_arguments *arguments, struct status *status) {
    struct run_folder run;
    struct model_file model;
    struct predictor predictor;
    if (!run_folder_find(&run, arguments->path, status) || !model_file_open(&model, run.model, status))
        return false;
    bool well = predictor_open(&predictor, &model, status);
    if (well) {
        well = arguments->pairs != NULL ? answer_pairs(&predictor, arguments, status)
                                        : answer_one(&predictor, arguments);
        predictor_close(&predictor);
    }
    model_file_close(&model);
    if (well && (fflush(stdout) != 0 || ferror(stdout)))
        return status_fail_errno(status, STATUS_IO, "cannot write the predictions");
    return well;
}

int command_predict(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct predict_arguments arguments = {0};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return predict(&arguments, &status) ? STATUS_OK : command_report(&status);
}
