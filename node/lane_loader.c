#include "node/lane_loader.h"

#include "core/contract.h"
#include "data/blocks.h"

enum { GROUP = 64 };

void lane_loader_init(struct lane_loader *loader, const struct config *config, const struct packed_set *set) {
    *loader = (struct lane_loader){
        .set = set,
        .seed = config->model_seed,
        .batch = (uint32_t)config->train_batch,
        .lanes = config_lanes(config),
        .order = order_of_epoch(config->model_seed, 0, set->train_count),
    };
}

/* Copies ratings in the order of the epoch. They lie anywhere in a file much larger than any cache, so the next group is
 * asked of the memory before this one is copied. */
static void copy_ratings(const struct epoch_order *order, const struct rating *train, struct lane_span span,
                         struct rating *ratings) {
    uint64_t places[2][GROUP];
    uint32_t ahead = span.size < GROUP ? span.size : GROUP;
    order_run(order, span.first, ahead, places[0]);
    for (uint32_t done = 0, turn = 0; done < span.size; turn ^= 1) {
        uint32_t size = ahead;
        for (uint32_t i = 0; i < size; i++)
            __builtin_prefetch(&train[places[turn][i]]);
        uint32_t left = span.size - done - size;
        ahead = left < GROUP ? left : GROUP;
        order_run(order, span.first + done + size, ahead, places[turn ^ 1]);
        for (uint32_t i = 0; i < size; i++)
            ratings[done + i] = train[places[turn][i]];
        done += size;
    }
}

static void load_lane(struct lane_loader *loader, struct job *job) {
    if (job->lane.epoch != loader->epoch) {
        loader->epoch = job->lane.epoch;
        loader->order = order_of_epoch(loader->seed, loader->epoch, loader->set->train_count);
    }
    struct lane_span span = order_lane(loader->set->train_count, loader->batch, loader->lanes,
                                       job->lane.step_in_epoch, job->lane.lane);
    copy_ratings(&loader->order, loader->set->train, span, job->lane.ratings);
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

/* The engine knows how many parts and strata there are. When a part is to visit a stratum it is at the one before, and done
 * with the one before that. */
static void load_block(const struct lane_loader *loader, struct job *job) {
    enum { AT_ONCE = 3 };
    const struct blocks *blocks = loader->set->blocks;
    blocks_expect(blocks, job->block.part, job->block.stratum);
    if (blocks->strata > AT_ONCE)
        blocks_forget(blocks, job->block.part, (job->block.stratum + blocks->strata - 2) % blocks->strata);
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
