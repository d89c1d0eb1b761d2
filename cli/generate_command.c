/* dotbias generate: ratings from a planted model. */
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/shape.h"
#include "data/blocks.h"
#include "data/generate.h"
#include "data/number.h"

enum option_key {
    KEY_OUT = 'o',
    KEY_RATINGS = 'r',
    KEY_USERS = 'u',
    KEY_MOVIES = 'm',
    KEY_FACTORS = 'k',
    KEY_SEED = 's',
    KEY_QUIET = 'q',
    KEY_NOISE = 0x100,
    KEY_FRACTION,
    KEY_SPLIT_SEED,
    KEY_CSV,
    KEY_BLOCKS,
    KEY_TIGHT,
    KEY_THREADS,
    KEY_JSON,
};

enum { THREADS_MAX = 1024 };

struct arguments {
    struct generate_spec spec;
    bool is_json, is_quiet;
};

static const struct argp_option OPTIONS[] = {
    {"out", KEY_OUT, "DIR", 0, "Folder of the packed set (ratings.dotbias); made if missing", 0},
    {"ratings", KEY_RATINGS, "N", 0, "Number of ratings (default 100k)", 0},
    {"users", KEY_USERS, "N", 0, "Number of users (default: ratings / 143, more for small sets)", 0},
    {"movies", KEY_MOVIES, "N", 0, "Number of movies (default: 17 x ratings^0.4, like MovieLens)", 0},
    {"factors", KEY_FACTORS, "N", 0, "Planted factors (default 8)", 0},
    {"noise", KEY_NOISE, "X", 0, "What no model can know: deviation in stars (default 0.7)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of everything but the split (default 42)", 0},
    {"valid-fraction", KEY_FRACTION, "X", 0, "Share of ratings that validate (default 0.1)", 0},
    {"split-seed", KEY_SPLIT_SEED, "N", 0, "Seed of the split (default 42)", 0},
    {"csv", KEY_CSV, NULL, 0, "Also write ratings.csv and movies.csv", 0},
    {"blocks", KEY_BLOCKS, "PxS", 0,
     "Also write blocks.dotbias for the mode blocked: users in P parts, movies in S strata; `auto` chooses",
     0},
    {"tight", KEY_TIGHT, NULL, 0,
     "Write training ratings to blocks only, 5 bytes each, in bounded memory (for a billion)", 0},
    {"threads", KEY_THREADS, "N", 0,
     "Threads of --tight (default: one per processor); the outcome is the same", 0},
    {"json", KEY_JSON, NULL, 0, "Print the summary as JSON", 0},
    {"quiet", KEY_QUIET, NULL, 0, "No suggestion of what to do next", 0},
    {0},
};

static const char DOC[] =
    "Makes ratings from a planted model: biases, factors, Zipf-like movies, log-normal users, noise, half "
    "stars and made-up titles. Prints the RMSE that the truth itself reaches.\n\n"
    "Examples:\n"
    "  dotbias generate --out data/made\n"
    "  dotbias generate --ratings 10M --users 70k --movies 10.7k --out data/10m\n"
    "  dotbias generate --ratings 1e5 --seed 7 --csv --out data/made --json\v"
    "Amounts may be written 1000000, 1e6 or 1M, and 1e9 or 1B. The same seed and sizes give the same "
    "ratings.";

static void take_amount(struct argp_state *state, const char *name, const char *text, uint64_t most,
                        uint64_t *amount) {
    if (!amount_parse(text, amount) || *amount > most)
        argp_error(state, "--%s: '%s' is not a whole number up to %" PRIu64, name, text, most);
}

static void take_rows(struct argp_state *state, const char *name, const char *text, uint32_t most,
                      uint32_t *rows) {
    uint64_t amount = 0;
    take_amount(state, name, text, most, &amount);
    *rows = (uint32_t)amount;
}

static void take_real(struct argp_state *state, const char *name, const char *text, double *value) {
    const char *reason;
    if (!number_parse(text, strlen(text), value, &reason))
        argp_error(state, "--%s: '%s' %s", name, text, reason);
}

static error_t take_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    struct generate_spec *spec = &arguments->spec;
    switch (key) {
    case KEY_OUT:
        spec->folder = text;
        return 0;
    case KEY_RATINGS:
        take_amount(state, "ratings", text, UINT32_MAX - 1, &spec->ratings);
        return 0;
    case KEY_USERS:
        take_rows(state, "users", text, INT32_MAX, &spec->users);
        return 0;
    case KEY_MOVIES:
        take_rows(state, "movies", text, INT32_MAX, &spec->movies);
        return 0;
    case KEY_FACTORS:
        take_rows(state, "factors", text, 64, &spec->factors);
        return 0;
    case KEY_NOISE:
        take_real(state, "noise", text, &spec->noise);
        return 0;
    case KEY_SEED:
        take_amount(state, "seed", text, UINT64_C(1) << 53, &spec->seed);
        return 0;
    case KEY_FRACTION:
        take_real(state, "valid-fraction", text, &spec->valid_fraction);
        return 0;
    case KEY_SPLIT_SEED:
        take_amount(state, "split-seed", text, UINT32_MAX, &spec->split_seed);
        return 0;
    case KEY_CSV:
        spec->with_csv = true;
        return 0;
    case KEY_BLOCKS:
        spec->with_blocks = true;
        if (!shape_parse(text, &spec->shape))
            argp_error(state, "--blocks: '%s' is neither PARTSxSTRATA, as in 64x32, nor auto", text);
        return 0;
    case KEY_TIGHT:
        spec->is_tight = true;
        return 0;
    case KEY_THREADS:
        take_rows(state, "threads", text, THREADS_MAX, &spec->threads);
        return 0;
    case KEY_JSON:
        arguments->is_json = true;
        return 0;
    case KEY_QUIET:
        arguments->is_quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        return EINVAL;
    case ARGP_KEY_END:
        if (spec->folder == NULL)
            argp_error(state, "--out DIR is needed");
        if (spec->is_tight && spec->with_csv)
            argp_error(state, "--tight and --csv do not go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The shape of MovieLens: 143 ratings a user, and 1,700, 4,270 and 10,700 movies for 100 thousand, 1 and 10
 * million ratings. Small sets get more users, so that nobody has to rate everything. */
static void fill_sizes(struct generate_spec *spec) {
    double ratings = (double)spec->ratings;
    if (spec->users == 0)
        spec->users = (uint32_t)fmax(ceil(sqrt(ratings)), floor(ratings / 143));
    if (spec->movies == 0)
        spec->movies = (uint32_t)ceil(17 * pow(ratings, 0.4));
}

static void print_table(const struct generate_spec *spec, const struct generate_summary *summary) {
    char text[32];
    printf("ratings     %s\n", amount_show(text, summary->ratings));
    printf("users       %s\n", amount_show(text, summary->users));
    printf("movies      %s rated", amount_show(text, summary->movies));
    printf(" of %s\n", amount_show(text, spec->movies));
    printf("train       %s, mean %.4f\n", amount_show(text, summary->totals.train),
           summary->totals.train_mean);
    printf("valid       %s, mean %.4f", amount_show(text, summary->totals.valid), summary->totals.valid_mean);
    printf(" (%s with a movie or user unseen in training)\n", amount_show(text, summary->totals.cold));
    if (summary->totals.valid > 0) {
        printf("truth RMSE  %.4f   what the planted model itself reaches on the validation ratings\n",
               summary->truth_rmse);
        printf("mean RMSE   %.4f   what always predicting the training mean reaches\n",
               sqrt(summary->totals.baseline_mse));
    }
    printf("wrote       %s/" PACKED_SET_FILE "%s%s\n", spec->folder,
           spec->with_blocks || spec->is_tight ? ", " BLOCKS_FILE : "",
           spec->with_csv ? ", ratings.csv, movies.csv" : "");
}

static int print_json(const struct generate_spec *spec, const struct generate_summary *summary) {
    const struct packed_totals *totals = &summary->totals;
    json_t *stars = json_array();
    for (int i = 0; i < 10; i++)
        json_array_append_new(stars, json_pack("{s:f, s:I}", "rating", (i + 1) / 2.0, "count",
                                               (json_int_t)summary->half_stars[i]));
    json_t *truth = isnan(summary->truth_rmse) ? json_null() : json_real(summary->truth_rmse);
    json_t *root = json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:o, s:f, s:o, s:s}", "ratings",
                             (json_int_t)summary->ratings, "users", (json_int_t)summary->users, "movies",
                             (json_int_t)summary->movies, "train", (json_int_t)totals->train, "valid",
                             (json_int_t)totals->valid, "train_mean", totals->train_mean, "valid_mean",
                             totals->valid_mean, "valid_cold", (json_int_t)totals->cold, "truth_rmse", truth,
                             "baseline_mse", totals->baseline_mse, "histogram", stars, "out", spec->folder);
    int code = root != NULL && json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0
                   ? STATUS_OK
                   : STATUS_IO;
    putchar('\n');
    json_decref(root);
    return code;
}

int command_generate(int argc, char **argv) {
    struct arguments arguments = {.spec = {.ratings = 100000,
                                           .factors = 8,
                                           .noise = 0.7,
                                           .seed = 42,
                                           .valid_fraction = 0.1,
                                           .split_seed = 42}};
    const struct argp argp = {.options = OPTIONS, .parser = take_option, .doc = DOC};
    struct generate_summary summary;
    struct status status = {0};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    fill_sizes(&arguments.spec);
    /* A file size limit then is a failed write with a sentence, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    if (!generate_ratings(&arguments.spec, &summary, &status))
        return command_report(&status);
    int code = STATUS_OK;
    if (arguments.is_json)
        code = print_json(&arguments.spec, &summary);
    else
        print_table(&arguments.spec, &summary);
    if (!arguments.is_quiet && !arguments.is_json)
        fprintf(stderr, "next: dotbias train %s\n", arguments.spec.folder);
    return code == STATUS_OK && fflush(stdout) != 0 ? STATUS_IO : code;
}
