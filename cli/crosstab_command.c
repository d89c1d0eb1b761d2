/* dotbias crosstab: the lesson's table of the most active users and the most rated movies. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/crosstab_print.h"
#include "cli/finished.h"

struct crosstab_arguments {
    const char *path, *data;
    uint32_t users, movies;
    enum crosstab_view view;
    bool json, csv;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias crosstab runs/lesson-a-001\n"
    "  dotbias crosstab runs/lesson-a-001 --users 30 --movies 8 --show error\n"
    "  dotbias crosstab runs/lesson-a-001 --show actual --csv > table.csv\n"
    "\v"
    "The users and movies with the most ratings, of training and validation together, in order of "
    "their ids. Shown are the actual ratings, the predicted ones, and the errors (predicted - "
    "actual); the model has not seen those marked with a star.\n\n"
    "--csv prints the table of one view, or with --show all a row per cell.";

static const struct argp_option OPTIONS[] = {
    {"users", 'u', "N", 0, "The N most active users (default 15)", 0},
    {"movies", 'm', "N", 0, "The N most rated movies (default 15)", 0},
    {"show", 's', "VIEW", 0, "actual, predicted, error or all (default all)", 0},
    {"data", 'd', "SET", 0, "Other ratings: a folder made by dotbias import, or a ratings.dotbias", 0},
    {"csv", 'c', NULL, 0, "Print CSV", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static enum crosstab_view view_named(const char *name, struct argp_state *state) {
    static const char *const NAMES[] = {"actual", "predicted", "error", "all"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(name, NAMES[i]) == 0)
            return (enum crosstab_view)i;
    argp_error(state, "--show: '%s' is not one of actual, predicted, error, all", name);
    return VIEW_ALL;
}

static void check_arguments(const struct crosstab_arguments *arguments, struct argp_state *state) {
    if (arguments->json && arguments->csv)
        argp_error(state, "--json or --csv, not both");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct crosstab_arguments *arguments = state->input;
    switch (key) {
    case 'u':
        arguments->users = amount_argument(state, "users", value, 1, CROSSTAB_CELLS_MAX);
        return 0;
    case 'm':
        arguments->movies = amount_argument(state, "movies", value, 1, CROSSTAB_CELLS_MAX);
        return 0;
    case 's':
        arguments->view = view_named(value, state);
        return 0;
    case 'd':
        arguments->data = value;
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

static void print(const struct crosstab_arguments *arguments, const struct crosstab *table) {
    crosstab_print_shortage(table, arguments->users, arguments->movies);
    if (arguments->json)
        crosstab_print_json(table, arguments->view);
    else if (arguments->csv)
        crosstab_print_csv(table, arguments->view);
    else
        crosstab_print_text(table, arguments->view);
}

static bool crosstab(const struct crosstab_arguments *arguments, struct status *status) {
    struct finished finished;
    struct crosstab table;
    if (!finished_open(&finished, arguments->path, arguments->data, RATINGS_NEEDED, status))
        return false;
    bool well = crosstab_make(&table, &finished.set, &finished.predictor, arguments->users, arguments->movies,
                              status);
    if (well) {
        print(arguments, &table);
        crosstab_free(&table);
    }
    finished_close(&finished);
    if (well && (fflush(stdout) != 0 || ferror(stdout)))
        return status_fail_errno(status, STATUS_IO, "cannot write the table");
    return well;
}

int command_crosstab(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct crosstab_arguments arguments = {.users = 15, .movies = 15, .view = VIEW_ALL};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return crosstab(&arguments, &status) ? STATUS_OK : command_report(&status);
}
