/* dotbias predict: one rating, taken apart; or many, from pairs of raw ids to a table. */
#include <argp.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/movie_search.h"
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/finished.h"
#include "data/text_source.h"

struct predict_arguments {
    const char *path, *user, *movie, *pairs;
    bool json, explains;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias predict runs/lesson-a-001 --user 15 --movie 1\n"
    "  dotbias predict runs/lesson-a-001 --user 15 --movie \"toy story\" --explain\n"
    "  dotbias predict model.dotbias --pairs pairs.tsv > predicted.tsv\n"
    "\v"
    "Ids are the raw ids of the ratings file. A user or movie that the model does not know is "
    "predicted from what is known of the other one, and said so. The movie may be named by its title, too, "
    "or a "
    "piece of it that no other title has; in --pairs ids alone count.\n\n"
    "--explain also shows the largest products of factors, and the mean of the movie's training ratings.\n\n"
    "--pairs reads lines of a user and a movie separated by a tab, and prints a table with a "
    "header, or with --json one object a line; \"-\" is standard input.";

static const struct argp_option OPTIONS[] = {
    {"user", 'u', "ID", 0, "The user's raw id", 0},
    {"movie", 'm', "ID_OR_TITLE", 0, "The movie's raw id or title", 0},
    {"explain", 'e', NULL, 0, "Take the rating apart into more pieces", 0},
    {"pairs", 'p', "FILE", 0, "Many pairs, one a line: user, tab, movie; - is standard input", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static void check_arguments(const struct predict_arguments *arguments, struct argp_state *state) {
    if (arguments->pairs != NULL && (arguments->user != NULL || arguments->movie != NULL))
        argp_error(state, "--pairs stands in place of --user and --movie");
    if (arguments->pairs == NULL && (arguments->user == NULL || arguments->movie == NULL))
        argp_error(state, "both --user and --movie are needed, or --pairs");
    if (arguments->pairs != NULL && arguments->explains)
        argp_error(state, "--explain is for one pair");
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
    case 'e':
        arguments->explains = true;
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
    answer_ask(&answer, predictor);
    if (arguments->json)
        answer_print_json(&answer, JSON_COMPACT);
    else
        answer_print_row(&answer);
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
        puts(ANSWER_HEADER);
    while (well && (outcome = text_source_next(source, &line, status)) == TEXT_LINE)
        well = answer_line(predictor, arguments, &line, status);
    text_source_close(source);
    return well && outcome == TEXT_END;
}

/* Names the movie by its id where a title was given. One that nobody knows is predicted as it is. */
static bool name_movie(struct answer *answer, const struct finished *opened, struct status *status) {
    uint32_t movie;
    enum movie_match match = movie_search_find(&opened->model, &opened->predictor.indexes[TABLE_MOVIES],
                                               answer->movie, answer->movie_length, &movie, status);
    if (match == MOVIE_FOUND)
        answer->movie = string_table_get(&opened->model.movie_ids, movie, &answer->movie_length);
    if (match == MOVIE_UNKNOWN)
        fprintf(stderr, "%s\n", status->text);
    return match != MOVIE_AMBIGUOUS;
}

/* The mean of the movie's training ratings in the run's own set; NaN where that cannot be read. */
static double mean_rating(const struct finished *opened, const struct answer *answer) {
    char data[PATH_MAX];
    struct packed_set set;
    struct status ignored = {0};
    double sum = 0, count = 0;
    if (!run_folder_data(&opened->run, data, &ignored) || !packed_set_open(&set, data, &ignored))
        return NAN;
    for (uint64_t i = 0; i < set.train_count; i++) {
        size_t length;
        if (answer->prediction.rows[TABLE_MOVIES] != set.train[i].movie)
            continue;
        const char *id = string_table_get(&set.movie_ids, set.train[i].movie, &length);
        if (length != answer->movie_length || memcmp(id, answer->movie, length) != 0)
            break;
        sum += (double)set.train[i].value;
        count++;
    }
    packed_set_close(&set);
    return count > 0 ? sum / count : (double)NAN;
}

static bool answer_one(struct finished *opened, const struct predict_arguments *arguments,
                       struct status *status) {
    struct answer answer = {
        .user = arguments->user,
        .user_length = strlen(arguments->user),
        .movie = arguments->movie,
        .movie_length = strlen(arguments->movie),
        .explains = arguments->explains,
        .movie_mean = NAN,
    };
    if (!name_movie(&answer, opened, status))
        return false;
    answer_ask(&answer, &opened->predictor);
    if (arguments->explains && answer.prediction.counts[TABLE_MOVIES] > 0)
        answer.movie_mean = mean_rating(opened, &answer);
    if (arguments->json)
        answer_print_json(&answer, JSON_INDENT(2));
    else
        answer_print_text(&answer);
    return true;
}

static bool predict(const struct predict_arguments *arguments, struct status *status) {
    struct finished opened;
    if (!finished_open(&opened, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    bool well = arguments->pairs != NULL ? answer_pairs(&opened.predictor, arguments, status)
                                         : answer_one(&opened, arguments, status);
    finished_close(&opened);
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
