#include "node/forecast.h"

#include "coordinator/finale.h"
#include "core/memory.h"
#include "node/lane_loader.h"
#include "node/setup.h"
#include "proto/rows.h"
#include "worker/lane.h"

enum { STEPS_SAMPLED = 100 };

struct sample {
    struct plan plan;
    struct row_finder finder;
    uint64_t rows, ratings;
};

/* Loads one lane-step as a worker would, and counts its unique rows. */
static bool sample_lane(struct sample *sample, struct lane_loader *loader, uint64_t step, uint32_t lane,
                        struct status *status) {
    struct plan *plan = &sample->plan;
    plan->job.kind = JOB_LOAD_LANE;
    plan->job.lane.epoch = 0;
    plan->job.lane.step_in_epoch = step;
    plan->job.lane.lane = lane;
    plan->job.lane.ratings = plan->ratings;
    lane_loader_perform(loader, &plan->job);
    if (plan->job.status.code != STATUS_OK) {
        *status = plan->job.status;
        return false;
    }
    plan->count = plan->job.lane.count;
    plan_build(plan, &sample->finder);
    sample->rows += plan->slot_count;
    sample->ratings += plan->count;
    return true;
}

static bool take_sample(struct forecast *forecast, const struct config *config, const struct packed_set *set,
                        struct status *status) {
    struct sample sample = {0};
    struct lane_loader loader;
    uint64_t steps = forecast->steps_per_epoch < STEPS_SAMPLED ? forecast->steps_per_epoch : STEPS_SAMPLED;
    lane_loader_init(&loader, config, set);
    bool good = row_finder_init(&sample.finder, forecast->lane_ratings, status) &&
                plan_init(&sample.plan, forecast->lane_ratings, 1, 0, false, NULL, status);
    for (uint64_t i = 0; good && i < steps; i++)
        good = sample_lane(&sample, &loader, i * forecast->steps_per_epoch / steps, 0, status);
    plan_free(&sample.plan);
    row_finder_free(&sample.finder);
    forecast->steps_sampled = (uint32_t)steps;
    forecast->rows_per_lane = (double)sample.rows / (double)steps;
    forecast->ratings_per_lane = (double)sample.ratings / (double)steps;
    return good;
}

/* Mode blocked: each part has every stratum come by once an epoch, and comes home itself. */
static void count_blocks(struct forecast *forecast, const struct config *config,
                         const struct packed_set *set) {
    double parts = (double)config->train_parts, strata = (double)config->train_strata;
    forecast->steps_sampled = (uint32_t)config->train_strata;
    forecast->rows_per_lane = set->movies / strata + set->users / (parts * strata);
    forecast->ratings_per_lane = (double)set->train_count / (parts * strata);
}

/* A row in a long body: what it adds there. */
static double row_bytes(enum wire_format wire, uint32_t stride) {
    enum { MANY = 1024 };
    return (double)rows_bytes((struct rows_shape){wire, stride, MANY}) / MANY;
}

/* Rows and changes, each with its number. */
static double minibatch_bytes(const struct forecast *forecast, const struct config *config, uint32_t stride) {
    double rows = (double)forecast->steps_per_epoch * forecast->lanes * forecast->rows_per_lane;
    return rows * 2 * (row_bytes(config->train_wire, stride) + sizeof(uint32_t));
}

/* Every stratum comes by every part. Parts, which are never rounded, come home once, and are fetched once in the run. */
static double blocked_bytes(const struct forecast *forecast, const struct config *config,
                            const struct packed_set *set, uint32_t stride) {
    double visits = (double)config->train_parts * set->movies;
    double sums = config->train_optimiser == OPTIMISER_ADAGRAD_ROW ? sizeof(float) : 0;
    return visits * 2 * (row_bytes(config->train_wire, stride) + sums) +
           set->users * (1 + 1.0 / forecast->epochs) * (row_bytes(WIRE_FLOAT32, stride) + sums);
}

bool forecast_make(struct forecast *forecast, const struct config *config, const struct packed_set *set,
                   struct status *status) {
    struct pserver_spec pserver = setup_pserver(config, 0, "");
    struct worker_spec worker = setup_worker(config, set, 0);
    uint32_t stride = row_stride((uint32_t)config->model_factors),
             workers = (uint32_t)config->cluster_workers;
    uint32_t components = (uint32_t)config->run_components;
    pserver.shard.users = set->users;
    pserver.shard.movies = set->movies;
    pserver.shard.strata = worker.blocked && set->blocks != NULL ? worker.strata : 0;
    pserver.shard.stratum_first = worker.stratum_first;
    *forecast = (struct forecast){
        .steps_per_epoch = worker.steps_per_epoch,
        .epochs = (uint32_t)(worker.total_steps / worker.steps_per_epoch),
        .lanes = worker.lanes,
        .lane_ratings = lane_capacity(&worker),
        .pserver_bytes = pserver_bytes(&pserver),
        .worker_bytes = worker_bytes(&worker, (worker.lanes + workers - 1) / workers),
        .coordinator_bytes = FINALE_CHUNK_ROWS * stride * sizeof(float) +
                             (size_t)set->movies * (components + 1) * sizeof(double),
        .set_bytes = (set->train_count + set->valid_count) * sizeof(struct rating),
    };
    if (config->train_mode == MODE_BLOCKED)
        count_blocks(forecast, config, set);
    else if (!take_sample(forecast, config, set, status))
        return false;
    forecast->epoch_bytes = config->train_mode == MODE_BLOCKED ? blocked_bytes(forecast, config, set, stride)
                                                               : minibatch_bytes(forecast, config, stride);
    return true;
}
