/* dotbias workbook: the recommender in a spreadsheet. */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "analysis/workbook.h"
#include "cli/amount.h"
#include "cli/command.h"
#include "cli/crosstab_print.h"
#include "cli/finished.h"

enum { KEY_FORCE = 0x100 };

struct workbook_arguments {
    const char *path, *data;
    uint32_t users, movies;
    struct workbook_spec spec;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias workbook runs/lesson-a-001 -o model.xlsx\n"
    "  dotbias workbook runs/lesson-a-001 -o model.xlsx --users 30 --movies 8 --force\n"
    "  dotbias workbook model.dotbias --data data/ml -o model.xlsx\n"
    "\v"
    "Writes the table of dotbias crosstab as a workbook that computes: factors and biases, predictions, "
    "errors "
    "and RMSE, and one step of batch gradient descent, all as formulas over numbers that can be changed. "
    "Learning rate, L2 penalty and initial scale have drop-down lists; the sheet 'Read me' says where all "
    "is. "
    "For Excel, LibreOffice and others. The file appears whole or not at all.";

static const struct argp_option OPTIONS[] = {
    {"out", 'o', "FILE", 0, "The .xlsx to make", 0},
    {"users", 'u', "N", 0, "The N most active users (default 15, at most 200)", 0},
    {"movies", 'm', "N", 0, "The N most rated movies (default 15, at most 200)", 0},
    {"data", 'd', "SET", 0, "Other ratings: a folder made by dotbias import, or a ratings.dotbias", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace the file", 0},
    {0},
};

static void check_arguments(const struct workbook_arguments *arguments, struct argp_state *state) {
    const char *out = arguments->spec.out, *dot = out != NULL ? strrchr(out, '.') : NULL;
    if (out == NULL || out[0] == '\0')
        argp_error(state, "--out is needed: the .xlsx to make");
    if (dot == NULL || strcasecmp(dot, ".xlsx") != 0)
        argp_error(state, "--out: a workbook is an .xlsx, and '%s' is not", out);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct workbook_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->spec.out = value;
        return 0;
    case 'u':
        arguments->users = amount_argument(state, "users", value, 1, WORKBOOK_LINES_MAX);
        return 0;
    case 'm':
        arguments->movies = amount_argument(state, "movies", value, 1, WORKBOOK_LINES_MAX);
        return 0;
    case 'd':
        arguments->data = value;
        return 0;
    case KEY_FORCE:
        arguments->spec.force = true;
        return 0;
    case ARGP_KEY_END: {
        error_t outcome = finished_argument(key, value, state, &arguments->path);
        check_arguments(arguments, state);
        return outcome;
    }
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

static bool make_workbook(const struct workbook_arguments *arguments, struct status *status) {
    struct finished finished;
    struct crosstab table;
    if (!finished_open(&finished, arguments->path, arguments->data, RATINGS_NEEDED, status))
        return false;
    bool well = crosstab_make(&table, &finished.set, &finished.predictor, arguments->users, arguments->movies,
                              status);
    if (well) {
        crosstab_print_shortage(&table, arguments->users, arguments->movies);
        well = workbook_write(&arguments->spec, &table, &finished.predictor, status);
        crosstab_free(&table);
    }
    finished_close(&finished);
    if (well)
        fprintf(stderr, "written: %s\n", arguments->spec.out);
    return well;
}

int command_workbook(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct workbook_arguments arguments = {.users = 15, .movies = 15};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return make_workbook(&arguments, &status) ? STATUS_OK : command_report(&status);
}
