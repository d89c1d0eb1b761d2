/* dotbias export: a finished model as files for other tools. */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "analysis/export.h"
#include "cli/command.h"
#include "cli/finished.h"
#include "config/nearest.h"

enum { KEY_TABLE = 't', KEY_FORCE = 0x100 };

struct export_arguments {
    const char *path, *table;
    struct export_spec spec;
    bool has_format, json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias export runs/lesson-a-001 --format npy --out exported\n"
    "  dotbias export runs/lesson-a-001 --format safetensors --out model.safetensors\n"
    "  dotbias export model.dotbias --format projector --out projector --table movies\n"
    "\v"
    "Formats: npy (a folder of NumPy arrays and lists of ids), safetensors (one file with everything), "
    "word2vec (text, "
    "keyed by raw id), csv (a folder), projector (a folder for TensorBoard). word2vec and projector hold one "
    "table, that of the movies unless --table says users.\n\n"
    "Embeddings and biases come apart: z = users[u] . movies[m] + user_bias[u] + movie_bias[m] + mean. "
    "docs/examples/load_export.py reads npy and safetensors with NumPy alone. The export appears whole or "
    "not at all.";

static const struct argp_option OPTIONS[] = {
    {"format", 'f', "FORMAT", 0, "npy, safetensors, word2vec, csv or projector", 0},
    {"out", 'o', "PATH", 0, "The folder, or for safetensors and word2vec the file, to make", 0},
    {"table", KEY_TABLE, "TABLE", 0, "users, movies or both (the default where the format holds both)", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace the file, or an earlier export in the folder", 0},
    {"json", 'j', NULL, 0, "Print what was written as JSON", 0},
    {0},
};

static void take_format(struct argp_state *state, const char *word, struct export_arguments *arguments) {
    const char *meant = NULL;
    unsigned best = NEAREST_FAR;
    arguments->has_format = true;
    if (export_format_named(word, &arguments->spec.format))
        return;
    for (int i = 0; i < EXPORT_FORMATS; i++) {
        const char *name = export_format_name((enum export_format)i);
        unsigned rank = nearest_rank(word, name);
        if (rank < best) {
            best = rank;
            meant = name;
        }
    }
    if (meant != NULL)
        argp_error(state, "there is no format '%s' (did you mean '%s'?)", word, meant);
    argp_error(state, "there is no format '%s'; there are npy, safetensors, word2vec, csv and projector",
               word);
}

static void take_table(struct argp_state *state, const char *word) {
    if (strcmp(word, "users") != 0 && strcmp(word, "movies") != 0 && strcmp(word, "both") != 0)
        argp_error(state, "--table: '%s' is not one of users, movies, both", word);
}

/* What one option implies of another, and what is missing. */
static void complete(struct argp_state *state, struct export_arguments *arguments) {
    struct export_spec *spec = &arguments->spec;
    if (arguments->path == NULL)
        argp_error(state, "which model? name a run's folder or a model file");
    if (!arguments->has_format)
        argp_error(state, "--format is needed: npy, safetensors, word2vec, csv or projector");
    if (spec->out == NULL || spec->out[0] == '\0')
        argp_error(state, "--out is needed: the %s to make",
                   export_is_file(spec->format) ? "file" : "folder");
    bool has_one = export_has_one_table(spec->format);
    const char *table = arguments->table != NULL ? arguments->table : has_one ? "movies" : "both";
    if (has_one && strcmp(table, "both") == 0)
        argp_error(state, "the format %s holds one table: --table users or --table movies",
                   export_format_name(spec->format));
    spec->has[TABLE_USERS] = strcmp(table, "movies") != 0;
    spec->has[TABLE_MOVIES] = strcmp(table, "users") != 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct export_arguments *arguments = state->input;
    switch (key) {
    case 'f':
        take_format(state, value, arguments);
        return 0;
    case 'o':
        arguments->spec.out = value;
        return 0;
    case KEY_TABLE:
        take_table(state, value);
        arguments->table = value;
        return 0;
    case KEY_FORCE:
        arguments->spec.force = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        complete(state, arguments);
        return 0;
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

static void print_text(const struct export_spec *spec, const struct export_result *result,
                       const struct model_file *model) {
    for (size_t i = 0; i < result->count; i++)
        if (result->names[i] != NULL)
            printf("%s/%s\n", spec->out, result->names[i]);
        else
            printf("%s\n", spec->out);
    fprintf(stderr, "wrote %s: ", export_format_name(spec->format));
    if (spec->has[TABLE_USERS])
        fprintf(stderr, "%u users%s", model->users, spec->has[TABLE_MOVIES] ? " and " : "");
    if (spec->has[TABLE_MOVIES])
        fprintf(stderr, "%u movies", model->movies);
    fprintf(stderr, " of %u factors\n", model->spec.factors);
}

/* A path may be any bytes; JSON takes UTF-8 only. */
static json_t *text_or_null(const char *text) {
    json_t *string = text != NULL ? json_string(text) : NULL;
    return string != NULL ? string : json_null();
}

static void print_json(const struct export_spec *spec, const struct export_result *result,
                       const struct model_file *model) {
    json_t *names = json_array();
    for (size_t i = 0; i < result->count; i++)
        json_array_append_new(names, text_or_null(result->names[i] != NULL ? result->names[i] : spec->out));
    json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:I, s:I}", "format", export_format_name(spec->format),
                               "out", text_or_null(spec->out), "files", names, "users",
                               (json_int_t)(spec->has[TABLE_USERS] ? model->users : 0), "movies",
                               (json_int_t)(spec->has[TABLE_MOVIES] ? model->movies : 0), "factors",
                               (json_int_t)model->spec.factors);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static bool export_model(const struct export_arguments *arguments, struct status *status) {
    struct finished run;
    struct export_result result;
    if (!finished_open(&run, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    bool done = export_write(&result, &arguments->spec, &run.model, status);
    if (done)
        (arguments->json ? print_json : print_text)(&arguments->spec, &result, &run.model);
    finished_close(&run);
    if (done && (fflush(stdout) != 0 || ferror(stdout)))
        return status_fail_errno(status, STATUS_IO, "cannot write the result");
    return done;
}

int command_export(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct export_arguments arguments = {0};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return export_model(&arguments, &status) ? STATUS_OK : command_report(&status);
}
