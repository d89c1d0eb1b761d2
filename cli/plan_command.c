/* dotbias plan: what a run will take, before anything starts. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "node/forecast.h"

static const char DOC[] =
    "Examples:\n"
    "  dotbias plan config/cluster.yaml\n"
    "  dotbias plan config/cluster.yaml --set cluster.pservers=8 --set train.batch=16384\n"
    "\v"
    "Says how much memory each process will hold and how many bytes an epoch will move, from the "
    "configuration and the ratings it names. Ratings that are not packed yet are read once.";

static double mebibytes(double bytes) {
    return bytes / (1024.0 * 1024.0);
}

static void print(const struct config *config, const struct packed_set *set,
                  const struct forecast *forecast) {
    printf("ratings      %" PRIu64 " for training, %" PRIu64 " for validation; %u users, %u movies\n",
           set->train_count, set->valid_count, set->users, set->movies);
    printf("steps        %" PRIu64 " an epoch, %u epochs, %u lanes of at most %u ratings\n",
           forecast->steps_per_epoch, forecast->epochs, forecast->lanes, forecast->lane_ratings);
    if (config->train_mode == MODE_BLOCKED)
        printf("blocks       %" PRIu64 " parts of the users, %" PRIu64 " strata of the movies\n",
               config->train_parts, config->train_strata);
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

/* In minibatches; blocks hardly wait for the network. */
static void print_link(const struct config *config, const struct forecast *forecast) {
    uint64_t in_flight = 1 + (config->train_sync == SYNC_ASP ? 0 : config->train_staleness);
    double trips = (double)forecast->steps_per_epoch / (double)in_flight;
    if (config->cluster_transport == TRANSPORT_TCP && config->train_mode == MODE_MINIBATCH)
        printf("link         %10.1f s an epoch at least for each millisecond of a round trip (`dotbias "
               "check` measures it)\n",
               trips / 1e3);
}

int command_plan(int argc, char **argv) {
    struct launch_arguments arguments;
    struct config config;
    struct status status;
    struct packed_set set = {0};
    struct forecast forecast;
    launch_parse(&arguments, DOC, argc, argv);
    int code = launch_load(&config, arguments.path, &arguments.sets);
    if (code != 0)
        return code;
    bool good = launch_open_set(&config, &set, &status) && forecast_make(&forecast, &config, &set, &status);
    if (good) {
        print(&config, &set, &forecast);
        print_link(&config, &forecast);
    }
    packed_set_close(&set);
    return good ? 0 : command_report(&status);
}
