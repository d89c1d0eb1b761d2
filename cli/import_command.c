/* dotbias import: a ratings file into a packed set. */
#include <argp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/import_report.h"
#include "cli/shape.h"
#include "data/import.h"
#include "data/number.h"

enum option_key {
    KEY_OUT = 'o',
    KEY_MOVIES = 'm',
    KEY_SPLIT = 's',
    KEY_QUIET = 'q',
    KEY_FRACTION = 0x100,
    KEY_SPLIT_SEED,
    KEY_VALID_FILE,
    KEY_VALID_SINCE,
    KEY_DUPLICATES,
    KEY_RANGE,
    KEY_STRICT,
    KEY_BLOCKS,
    KEY_THREADS,
    KEY_JSON,
};

enum { THREADS_MAX = 1024 };

struct arguments {
    struct import_spec spec;
    bool is_json, is_quiet, has_split;
};

static const struct argp_option OPTIONS[] = {
    {"out", KEY_OUT, "DIR", 0, "Folder of the packed set (ratings.dotbias); made if missing", 0},
    {"movies", KEY_MOVIES, "FILE", 0, "Titles and genres (default: movies.csv or movies.dat beside RATINGS)",
     0},
    {"split", KEY_SPLIT, "METHOD", 0,
     "Which ratings validate: hash (default), numpy, time, leave-last-out, files", 0},
    {"valid-fraction", KEY_FRACTION, "X", 0, "Share that validates (hash, numpy, time; default 0.1)", 0},
    {"split-seed", KEY_SPLIT_SEED, "N", 0, "Seed of the split (hash, numpy; default 42)", 0},
    {"valid-file", KEY_VALID_FILE, "FILE", 0, "The ratings that validate; means --split files", 0},
    {"valid-since", KEY_VALID_SINCE, "TIME", 0,
     "YYYY-MM-DD (UTC) or a timestamp: what is rated then or later validates; means --split time", 0},
    {"duplicates", KEY_DUPLICATES, "RULE", 0,
     "A (user, movie) pair rated again: last (default), mean, or error", 0},
    {"range", KEY_RANGE, "LOW,HIGH", 0, "Reject ratings outside of this range", 0},
    {"strict", KEY_STRICT, NULL, 0, "Fail on the first row that cannot be used", 0},
    {"blocks", KEY_BLOCKS, "PxS", 0,
     "Also write blocks.dotbias for the mode blocked: users in P parts, movies in S strata; `auto` chooses",
     0},
    {"threads", KEY_THREADS, "N", 0,
     "Threads that read (default: one per processor); the outcome is the same", 0},
    {"json", KEY_JSON, NULL, 0, "Print the summary as JSON", 0},
    {"quiet", KEY_QUIET, NULL, 0, "No suggestion of what to do next", 0},
    {0},
};

static const char DOC[] =
    "Reads a ratings file once and writes a packed set that any number of processes can map.\n\n"
    "Examples:\n"
    "  dotbias import ml-latest-small/ratings.csv --out data/small\n"
    "  dotbias import ratings.csv --out data/lesson --split numpy --valid-fraction 0.2\n"
    "  dotbias import ml-1m/ratings.dat --out data/1m --movies ml-1m/movies.dat\n"
    "  dotbias import ratings.csv.zst --out data/new --valid-since 2019-01-01 --strict\v"
    "RATINGS is CSV with a header (columns userId, movieId, rating, timestamp, in any order), or separated "
    "by `::` or "
    "tabs (user, item, rating[, timestamp]); plain, .gz or .zst. Ids are strings of any kind.";

static bool parse_day(const char *text, int64_t *seconds) {
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    if (end == NULL || *end != '\0')
        return false;
    *seconds = (int64_t)timegm(&day);
    return true;
}

static void take_since(struct argp_state *state, const char *text, struct split_spec *split) {
    const char *reason;
    if (!parse_day(text, &split->since) && !number_parse_whole(text, strlen(text), &split->since, &reason))
        argp_error(state, "--valid-since: '%s' is neither YYYY-MM-DD nor a timestamp", text);
    split->has_since = true;
}

static void take_duplicates(struct argp_state *state, const char *text, enum duplicate_rule *rule) {
    static const char *const NAMES[] = {"last", "mean", "error"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, NAMES[i]) == 0) {
            *rule = (enum duplicate_rule)i;
            return;
        }
    argp_error(state, "--duplicates: '%s' is not one of last, mean, error", text);
}

static void take_range(struct argp_state *state, const char *text, struct import_spec *spec) {
    const char *reason, *comma = strchr(text, ',');
    double low = 0, high = 0;
    if (comma == NULL || !number_parse(text, (size_t)(comma - text), &low, &reason) ||
        !number_parse(comma + 1, strlen(comma + 1), &high, &reason) || low > high)
        argp_error(state, "--range: '%s' is not LOW,HIGH, as in 0.5,5", text);
    spec->has_range = true;
    spec->range_low = (float)low;
    spec->range_high = (float)high;
}

static void take_fraction(struct argp_state *state, const char *text, double *fraction) {
    const char *reason;
    if (!number_parse(text, strlen(text), fraction, &reason) || *fraction < 0 || *fraction >= 1)
        argp_error(state, "--valid-fraction: '%s' is not a number in [0, 1)", text);
}

static void take_split(struct argp_state *state, const char *text, struct arguments *arguments) {
    if (!split_named(text, &arguments->spec.split.method))
        argp_error(state, "--split: '%s' is not one of numpy, hash, time, leave-last-out, files", text);
    arguments->has_split = true;
}

static void take_threads(struct argp_state *state, const char *text, unsigned *threads) {
    uint64_t amount;
    if (!amount_parse(text, &amount) || amount < 1 || amount > THREADS_MAX)
        argp_error(state, "--threads: '%s' is not a whole number from 1 to %d", text, THREADS_MAX);
    *threads = (unsigned)amount;
}

/* What one option implies of another, and what is missing. */
static void complete(struct argp_state *state, struct arguments *arguments) {
    struct import_spec *spec = &arguments->spec;
    struct split_spec *split = &spec->split;
    if (spec->ratings == NULL)
        argp_error(state, "the ratings file is missing");
    if (spec->folder == NULL)
        argp_error(state, "--out DIR is needed");
    if (!arguments->has_split)
        split->method = spec->valid_file != NULL ? SPLIT_BY_FILES
                        : split->has_since       ? SPLIT_BY_TIME
                                                 : SPLIT_BY_HASH;
    if ((split->method == SPLIT_BY_FILES) != (spec->valid_file != NULL))
        argp_error(state, "--split files and --valid-file FILE go together");
    if (split->has_since && split->method != SPLIT_BY_TIME)
        argp_error(state, "--valid-since goes with --split time");
}

static error_t take_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    struct import_spec *spec = &arguments->spec;
    switch (key) {
    case KEY_OUT:
        spec->folder = text;
        return 0;
    case KEY_MOVIES:
        spec->movies = text;
        return 0;
    case KEY_SPLIT:
        take_split(state, text, arguments);
        return 0;
    case KEY_FRACTION:
        take_fraction(state, text, &spec->split.fraction);
        return 0;
    case KEY_SPLIT_SEED:
        if (!amount_parse(text, &spec->split.seed) || spec->split.seed > UINT32_MAX)
            argp_error(state, "--split-seed: '%s' is not a whole number below 2^32", text);
        return 0;
    case KEY_VALID_FILE:
        spec->valid_file = text;
        return 0;
    case KEY_VALID_SINCE:
        take_since(state, text, &spec->split);
        return 0;
    case KEY_DUPLICATES:
        take_duplicates(state, text, &spec->duplicates);
        return 0;
    case KEY_RANGE:
        take_range(state, text, spec);
        return 0;
    case KEY_STRICT:
        spec->is_strict = true;
        return 0;
    case KEY_BLOCKS:
        spec->with_blocks = true;
        if (!shape_parse(text, &spec->shape))
            argp_error(state, "--blocks: '%s' is neither PARTSxSTRATA, as in 64x32, nor auto", text);
        return 0;
    case KEY_THREADS:
        take_threads(state, text, &spec->threads);
        return 0;
    case KEY_JSON:
        arguments->is_json = true;
        return 0;
    case KEY_QUIET:
        arguments->is_quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (spec->ratings != NULL)
            argp_error(state, "unexpected argument '%s'", text);
        spec->ratings = text;
        return 0;
    case ARGP_KEY_END:
        complete(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_import(int argc, char **argv) {
    struct arguments arguments = {.spec = {.split = {.fraction = 0.1, .seed = 42}}};
    const struct argp argp = {.options = OPTIONS, .parser = take_option, .args_doc = "RATINGS", .doc = DOC};
    struct import_summary summary;
    struct status status = {0};
    bool printed = true;
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    /* A file size limit then is a failed write with a sentence, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    bool done = import_ratings(&arguments.spec, &summary, &status);
    import_report_warnings(&arguments.spec, &summary, stderr);
    if (!done)
        return command_report(&status);
    if (arguments.is_json)
        printed = import_report_json(&arguments.spec, &summary, stdout);
    else
        import_report_table(&arguments.spec, &summary, stdout);
    if (!arguments.is_quiet && !arguments.is_json)
        fprintf(stderr, "next: dotbias train %s\n", arguments.spec.folder);
    return printed && fflush(stdout) == 0 ? STATUS_OK : STATUS_IO;
}
