/* dotbias similar: movies whose factors are near those of one. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "analysis/movie_search.h"
#include "analysis/similar.h"
#include "cli/amount.h"
#include "cli/command.h"
#include "cli/finished.h"
#include "cli/ranked_list.h"
#include "core/memory.h"

static const char *const METRICS[] = {"cosine", "dot", "euclid"};

struct similar_arguments {
    const char *path, *movie, *user;
    enum similar_metric metric;
    uint32_t top, least_ratings;
    bool json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias similar runs/lesson-a-001 --movie 260\n"
    "  dotbias similar runs/lesson-a-001 --movie \"toy story\" --min-ratings 20 --metric euclid\n"
    "\v"
    "A movie is named by its raw id or its title, with or without its year, or a piece of it that no other "
    "title has. Compared are the factors alone: the bias says how good a movie is, not what it is like. "
    "cosine "
    "is the angle between the factors, dot their product, euclid their distance, smaller is nearer. With "
    "--user "
    "users are compared with users.";

enum { KEY_MIN_RATINGS = 3001 };

static const struct argp_option OPTIONS[] = {
    {"movie", 'm', "ID_OR_TITLE", 0, "The movie that others are compared with", 0},
    {"user", 'u', "ID", 0, "The user that others are compared with, in place of a movie", 0},
    {"metric", 'c', "METRIC", 0, "cosine (default), dot or euclid", 0},
    {"top", 't', "N", 0, "How many; 10 by default", 0},
    {"min-ratings", KEY_MIN_RATINGS, "N", 0, "Only those with so many training ratings; 1 by default", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static void take_metric(struct similar_arguments *arguments, const char *name, struct argp_state *state) {
    for (size_t i = 0; i < sizeof METRICS / sizeof METRICS[0]; i++)
        if (strcmp(name, METRICS[i]) == 0) {
            arguments->metric = (enum similar_metric)i;
            return;
        }
    argp_error(state, "there is no metric '%s': cosine, dot or euclid", name);
}

static void check_arguments(const struct similar_arguments *arguments, struct argp_state *state) {
    if ((arguments->movie == NULL) == (arguments->user == NULL))
        argp_error(state, "similar to what? name one --movie, or one --user");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct similar_arguments *arguments = state->input;
    switch (key) {
    case 'm':
        arguments->movie = value;
        return 0;
    case 'u':
        arguments->user = value;
        return 0;
    case 'c':
        take_metric(arguments, value, state);
        return 0;
    case 't':
        arguments->top = amount_argument(state, "top", value, 1, AMOUNT_ANY);
        return 0;
    case KEY_MIN_RATINGS:
        arguments->least_ratings = amount_argument(state, "min-ratings", value, 0, AMOUNT_ANY);
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

static bool find_row(const struct similar_arguments *arguments, const struct finished *opened, uint32_t *row,
                     struct status *status) {
    const struct id_index *indexes = opened->predictor.indexes;
    if (arguments->movie != NULL)
        return movie_search_find(&opened->model, &indexes[TABLE_MOVIES], arguments->movie,
                                 strlen(arguments->movie), row, status) == MOVIE_FOUND;
    *row = id_index_find(&indexes[TABLE_USERS], arguments->user, strlen(arguments->user));
    return *row != ID_UNKNOWN ||
           status_fail(status, STATUS_BAD_DATA, "unknown user '%.60s'", arguments->user);
}

static bool write_all(const struct similar_arguments *arguments, const struct finished *opened,
                      enum table_id table, const struct top_list *list, struct status *status) {
    struct output_file out;
    struct ranked_list ranking = {.model = &opened->model,
                                  .table = table,
                                  .value = METRICS[arguments->metric],
                                  .json = arguments->json,
                                  .out = &out};
    bool well = output_file_open(&out, NULL, status) && ranked_list_begin(&ranking, status);
    for (uint32_t i = 0; i < list->count && well; i++) {
        double score = list->entries[i].score;
        well = ranked_list_write(&ranking, 0, i + 1, list->entries[i].row,
                                 arguments->metric == SIMILAR_EUCLID ? -score : score, status);
    }
    return output_file_end(&out, well, status);
}

static bool rank(const struct similar_arguments *arguments, const struct finished *opened,
                 struct status *status) {
    enum table_id table = arguments->movie != NULL ? TABLE_MOVIES : TABLE_USERS;
    uint32_t others = (table == TABLE_MOVIES ? opened->model.movies : opened->model.users) - 1, row;
    if (!find_row(arguments, opened, &row, status))
        return false;
    if (arguments->top > others)
        fprintf(stderr, "only %u others to choose from: there cannot be %u\n", others, arguments->top);
    struct top_list list = {.capacity = arguments->top < others ? arguments->top : others};
    if (others == 0)
        return status_fail(status, STATUS_BAD_DATA, "the model knows nothing to compare it with");
    list.entries = memory_take_array(list.capacity, sizeof *list.entries, "the most similar", status);
    if (list.entries == NULL)
        return false;
    similar_find(&opened->model, table, row, arguments->metric, arguments->least_ratings, &list);
    bool well = write_all(arguments, opened, table, &list, status);
    memory_release(list.entries);
    return well;
}

static bool similar(const struct similar_arguments *arguments, struct status *status) {
    struct finished opened;
    if (!finished_open(&opened, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    bool well = rank(arguments, &opened, status);
    finished_close(&opened);
    return well;
}

int command_similar(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct similar_arguments arguments = {.top = 10, .least_ratings = 1};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return similar(&arguments, &status) ? STATUS_OK : command_report(&status);
}
