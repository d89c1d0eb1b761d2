#include "pserver/image.h"

#include "core/memory.h"
#include "model/optimiser.h"

static bool take_held(struct image_held *held, uint64_t capacity, uint32_t stride, struct status *status) {
    held->capacity = capacity;
    held->lanes = memory_take_array(capacity, sizeof *held->lanes, "the copy of rows read ahead", status);
    held->steps = memory_take_array(capacity, sizeof *held->steps, "the copy of rows read ahead", status);
    held->names = memory_take_array(capacity, sizeof *held->names, "the copy of rows read ahead", status);
    held->values = memory_take_array(capacity, stride * sizeof(float), "the copy of rows read ahead", status);
    return held->lanes != NULL && held->steps != NULL && held->names != NULL && held->values != NULL;
}

static bool take_rows(struct shard_image *image, unsigned needs, bool keeps, struct status *status) {
    size_t entries = (size_t)image->user_rows + image->movie_rows, row_bytes = image->stride * sizeof(float);
    bool first = (needs & OPTIMISER_NEEDS_FIRST) != 0, second = (needs & OPTIMISER_NEEDS_SECOND) != 0;
    image->values = memory_take_array(entries, row_bytes, "the copy of a shard", status);
    image->next_steps = memory_take_array(entries, sizeof *image->next_steps, "the copy of a shard", status);
    image->rates =
        memory_take_array(OPTIMISER_WINDOW, 2 * sizeof *image->rates, "the copy of a shard", status);
    if (first)
        image->first = memory_take_array(entries, row_bytes, "the copy of a shard", status);
    if (second)
        image->second = memory_take_array(entries, row_bytes, "the copy of a shard", status);
    if (keeps)
        image->kept = memory_take_array(entries, row_bytes, "the copy of a shard", status);
    return image->values != NULL && image->next_steps != NULL && image->rates != NULL &&
           (!first || image->first != NULL) && (!second || image->second != NULL) &&
           (!keeps || image->kept != NULL);
}

bool image_init(struct shard_image *image, const struct shard_spec *spec, uint64_t held_capacity,
                struct status *status) {
    *image = (struct shard_image){
        .shard = spec->index,
        .shards = spec->shards,
        .users = spec->users,
        .movies = spec->movies,
        .strata = spec->strata,
        .stratum_first = spec->stratum_first,
        .user_rows = shard_rows_planned(spec, TABLE_USERS),
        .movie_rows = shard_rows_planned(spec, TABLE_MOVIES),
        .factors = spec->model.factors,
        .stride = row_stride(spec->model.factors),
    };
    return take_rows(image, optimiser_needs(&spec->optimiser), spec->keeps, status) &&
           take_held(&image->held, held_capacity, image->stride, status);
}

void image_free(struct shard_image *image) {
    memory_release(image->values);
    memory_release(image->first);
    memory_release(image->second);
    memory_release(image->kept);
    memory_release(image->next_steps);
    memory_release(image->rates);
    memory_release(image->held.lanes);
    memory_release(image->held.steps);
    memory_release(image->held.names);
    memory_release(image->held.values);
    *image = (struct shard_image){0};
}

size_t image_bytes(const struct shard_spec *spec, uint64_t held_capacity) {
    size_t row = row_stride(spec->model.factors) * sizeof(float);
    size_t entries = (size_t)shard_rows_planned(spec, TABLE_USERS) + shard_rows_planned(spec, TABLE_MOVIES);
    unsigned needs = optimiser_needs(&spec->optimiser);
    size_t arrays =
        1 + ((needs & OPTIMISER_NEEDS_FIRST) != 0) + ((needs & OPTIMISER_NEEDS_SECOND) != 0) + spec->keeps;
    return entries * (arrays * row + sizeof(uint64_t)) + OPTIMISER_WINDOW * 2 * sizeof(double) +
           held_capacity * (row + sizeof(uint32_t) + 2 * sizeof(uint64_t));
}
