#include <math.h>
#include <string.h>

#include "cluster.h"
#include "core/contract.h"

static void cut_side(uint32_t *starts, uint32_t sides, uint32_t rows) {
    REQUIRE(sides >= 1 && sides <= SIM_SIDES_MAX && sides <= rows, "a few sides");
    for (uint32_t side = 0; side <= sides; side++)
        starts[side] = (uint32_t)((uint64_t)side * rows / sides);
}

static uint32_t side_of(const uint32_t *starts, uint32_t row) {
    uint32_t side = 0;
    while (starts[side + 1] <= row)
        side++;
    return side;
}

static uint32_t block_of(const struct sim_set *data, const struct rating *rating) {
    return side_of(data->part_starts, rating->user) * data->blocks.strata +
           side_of(data->stratum_starts, rating->movie);
}

/* The level of half stars, or the one for what is no number. */
static uint8_t code_of(float value) {
    return isnan(value) ? SIM_LEVELS - 1 : (uint8_t)(2 * value);
}

static void put(const struct sim_set *data, unsigned char *begin, uint32_t room, uint32_t i,
                const struct rating *rating) {
    uint16_t *users = (uint16_t *)(void *)begin, *movies = users + room;
    users[i] = (uint16_t)(rating->user - data->part_starts[side_of(data->part_starts, rating->user)]);
    movies[i] =
        (uint16_t)(rating->movie - data->stratum_starts[side_of(data->stratum_starts, rating->movie)]);
    begin[4 * (size_t)room + i] = code_of(rating->value);
}

static void count_ratings(struct sim_set *data) {
    uint64_t bytes = 0;
    memset(data->block_counts, 0, sizeof data->block_counts);
    for (uint64_t i = 0; i < data->set.train_count; i++)
        data->block_counts[block_of(data, &data->set.train[i])]++;
    for (uint32_t block = 0; block < data->blocks.parts * data->blocks.strata; block++) {
        data->block_offsets[block] = bytes;
        bytes += blocks_bytes(data->block_counts[block]);
    }
    REQUIRE(bytes <= sizeof data->block_bytes, "few ratings");
}

static void deal_ratings(struct sim_set *data) {
    uint32_t dealt[SIM_SIDES_MAX * SIM_SIDES_MAX] = {0};
    for (uint64_t i = 0; i < data->set.train_count; i++) {
        uint32_t block = block_of(data, &data->set.train[i]);
        uint32_t room = (uint32_t)(blocks_bytes(data->block_counts[block]) / 5);
        put(data, data->block_bytes + data->block_offsets[block], room, dealt[block]++, &data->set.train[i]);
    }
}

void sim_set_cut(struct sim_set *data, uint32_t parts, uint32_t strata) {
    cut_side(data->part_starts, parts, data->set.users);
    cut_side(data->stratum_starts, strata, data->set.movies);
    for (int level = 0; level < SIM_LEVELS; level++)
        data->levels[level] = level == SIM_LEVELS - 1 ? NAN : (float)level / 2;
    data->blocks = (struct blocks){.users = data->set.users,
                                   .movies = data->set.movies,
                                   .parts = parts,
                                   .strata = strata,
                                   .train_count = data->set.train_count,
                                   .value_count = SIM_LEVELS,
                                   .values = data->levels,
                                   .part_starts = data->part_starts,
                                   .stratum_starts = data->stratum_starts,
                                   .counts = data->block_counts,
                                   .ratings = data->block_bytes,
                                   .offsets = data->block_offsets,
                                   .digest = (uint64_t)parts << 32 | strata};
    data->set.blocks = &data->blocks;
    count_ratings(data);
    deal_ratings(data);
}
