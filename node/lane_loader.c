#include "node/lane_loader.h"

#include "core/contract.h"
#include "data/blocks.h"

void lane_loader_init(struct lane_loader *loader, const struct config *config, const struct packed_set *set) {
    *loader = (struct lane_loader){
        .set = set,
        .seed = config->model_seed,
        .batch = (uint32_t)config->train_batch,
        .lanes = config_lanes(config),
        .order = order_of_epoch(config->model_seed, 0, set->train_count),
    };
}

static void load_lane(struct lane_loader *loader, struct job *job) {
    if (job->lane.epoch != loader->epoch) {
        loader->epoch = job->lane.epoch;
        loader->order = order_of_epoch(loader->seed, loader->epoch, loader->set->train_count);
    }
    struct lane_span span = order_lane(loader->set->train_count, loader->batch, loader->lanes,
                                       job->lane.step_in_epoch, job->lane.lane);
    for (uint32_t i = 0; i < span.size; i++)
        job->lane.ratings[i] = loader->set->train[order_at(&loader->order, span.first + i)];
    job->lane.count = span.size;
    job->lane.minibatch = span.minibatch;
}

static void load_valid(const struct lane_loader *loader, struct job *job) {
    const struct packed_set *set = loader->set;
    if (job->valid.first > set->valid_count || job->valid.count > set->valid_count - job->valid.first) {
        status_fail(&job->status, STATUS_PROTOCOL,
                    "the coordinator asks for validation ratings that do not exist");
        return;
    }
    for (uint32_t i = 0; i < job->valid.count; i++) {
        struct rating rating = set->valid[job->valid.first + i];
        job->valid.ratings[i] = rating;
        job->valid.cold[i] = set->user_counts[rating.user] == 0 || set->movie_counts[rating.movie] == 0;
    }
}

/* The engine knows how many parts and strata there are. */
static void load_block(const struct lane_loader *loader, struct job *job) {
    const struct blocks *blocks = loader->set->blocks;
    struct block block = blocks_at(blocks, job->block.part, job->block.stratum);
    job->block.count = block.count;
    job->block.users = block.users;
    job->block.movies = block.movies;
    job->block.codes = block.codes;
    job->block.levels = blocks->values;
}

void lane_loader_perform(struct lane_loader *loader, struct job *job) {
    job->status.code = STATUS_OK;
    if (job->kind == JOB_LOAD_LANE)
        load_lane(loader, job);
    else if (job->kind == JOB_LOAD_BLOCK)
        load_block(loader, job);
    else if (job->kind == JOB_LOAD_VALID)
        load_valid(loader, job);
    else
        REQUIRE(false, "a worker's jobs load ratings");
}
