/* dotbias plan: what a run will take, before anything starts. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "node/forecast.h"

struct plan_arguments {
    const char *path;
    struct launch_sets sets;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias plan config/cluster.yaml\n"
    "  dotbias plan config/cluster.yaml --set cluster.pservers=8 --set train.batch=16384\n"
    "\v"
    "Says how much memory each process will hold and how many bytes an epoch will move, from the "
    "configuration and the ratings it names. Ratings that are not packed yet are read once.";

static const struct argp_option OPTIONS[] = {
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option; may be repeated", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct plan_arguments *arguments = state->input;
    switch (key) {
    case 's':
        if (!launch_sets_add(&arguments->sets, value))
            argp_error(state, "more than %d options are set", LAUNCH_SETS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one configuration at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "plan what? name a configuration");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static double mebibytes(double bytes) {
    return bytes / (1024.0 * 1024.0);
}

static void print(const struct config *config, const struct packed_set *set,
                  const struct forecast *forecast) {
    printf("ratings      %" PRIu64 " for training, %" PRIu64 " for validation; %u users, %u movies\n",
           set->train_count, set->valid_count, set->users, set->movies);
    printf("steps        %" PRIu64 " an epoch, %u epochs, %u lanes of at most %u ratings\n",
           forecast->steps_per_epoch, forecast->epochs, forecast->lanes, forecast->lane_ratings);
    printf("pserver      %10.1f MiB each, %" PRIu64
           " of them: rows and optimiser state, and requests that wait\n",
           mebibytes((double)forecast->pserver_bytes), config->cluster_pservers);
    printf("worker       %10.1f MiB each, %" PRIu64
           " of them: the lanes' rows in flight (the ratings are mapped, %.1f MiB "
           "that all share)\n",
           mebibytes((double)forecast->worker_bytes), config->cluster_workers,
           mebibytes((double)forecast->set_bytes));
    printf("coordinator  %10.1f MiB\n", mebibytes((double)forecast->coordinator_bytes));
    printf("wire         %10.1f MiB an epoch, pulled and pushed (measured on %u steps of the first epoch: "
           "%.1f unique "
           "rows for %.1f ratings)\n",
           mebibytes(forecast->epoch_bytes), forecast->steps_sampled, forecast->rows_per_lane,
           forecast->ratings_per_lane);
}

int command_plan(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, NULL, NULL, NULL};
    struct plan_arguments arguments = {0};
    struct config config;
    struct status status;
    struct packed_set set = {0};
    struct forecast forecast;
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    int code = launch_load(&config, arguments.path, &arguments.sets);
    if (code != 0)
        return code;
    bool good = launch_open_set(&config, &set, &status) && forecast_make(&forecast, &config, &set, &status);
    if (good)
        print(&config, &set, &forecast);
    packed_set_close(&set);
    return good ? 0 : command_report(&status);
}
