#include "tests/unit/checkpoint_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rating.h"
#include "data/checkpoint.h"

static void *take(size_t count, size_t size) {
    void *items = calloc(count + 1, size);
    if (items == NULL)
        abort();
    return items;
}

/* One of them is empty. */
enum { STRATA = 5 };
static const uint32_t STRATUM_FIRST[STRATA + 1] = {0, 2, 2, 3, 6, FIXTURE_MOVIES};
static bool has_strata;

void fixture_cut_by_strata(bool by_strata) {
    has_strata = by_strata;
}

/* The shard's movies, one after another: the row at a place, or FIXTURE_MOVIES. */
static uint32_t movie_at(uint32_t place, uint32_t shard, uint32_t shards) {
    for (uint32_t stratum = shard; has_strata && stratum < STRATA; stratum += shards)
        for (uint32_t row = STRATUM_FIRST[stratum]; row < STRATUM_FIRST[stratum + 1]; row++)
            if (place-- == 0)
                return row;
    return has_strata || place * shards + shard > FIXTURE_MOVIES ? FIXTURE_MOVIES : place * shards + shard;
}

void fixture_take(struct shard_image *image, uint32_t shard, uint32_t shards) {
    uint32_t users = FIXTURE_USERS / shards + (FIXTURE_USERS % shards > shard), movies = 0;
    while (movie_at(movies, shard, shards) < FIXTURE_MOVIES)
        movies++;
    size_t floats = (size_t)(users + movies) * FIXTURE_STRIDE;
    *image = (struct shard_image){.shard = shard,
                                  .shards = shards,
                                  .users = FIXTURE_USERS,
                                  .movies = FIXTURE_MOVIES,
                                  .strata = has_strata ? STRATA : 0,
                                  .stratum_first = has_strata ? STRATUM_FIRST : NULL,
                                  .user_rows = users,
                                  .movie_rows = movies,
                                  .factors = FIXTURE_FACTORS,
                                  .stride = FIXTURE_STRIDE,
                                  .values = take(floats, sizeof(float)),
                                  .first = take(floats, sizeof(float)),
                                  .kept = take(floats, sizeof(float)),
                                  .next_steps = take(users + movies, sizeof(uint64_t)),
                                  .rates = take(FIXTURE_STEP * 2, sizeof(double))};
    image->held = (struct image_held){.capacity = FIXTURE_HELD,
                                      .lanes = take(FIXTURE_HELD, sizeof(uint32_t)),
                                      .steps = take(FIXTURE_HELD, sizeof(uint64_t)),
                                      .names = take(FIXTURE_HELD, sizeof(uint64_t)),
                                      .values = take(FIXTURE_HELD * FIXTURE_STRIDE, sizeof(float))};
}

void fixture_release(struct shard_image *image) {
    free(image->values);
    free(image->first);
    free(image->second);
    free(image->kept);
    free(image->next_steps);
    free(image->rates);
    free(image->held.lanes);
    free(image->held.steps);
    free(image->held.names);
    free(image->held.values);
}

static void fill_row(float *row, uint64_t name, float kind) {
    for (uint32_t column = 0; column < FIXTURE_STRIDE; column++)
        row[column] = kind + (float)(name >> 32) * 100.0f + (float)(uint32_t)name + (float)column / 7.0f;
}

/* The name of an entry of an image. */
static uint64_t entry_name(const struct shard_image *image, uint32_t entry) {
    bool is_movie = entry >= image->user_rows;
    uint32_t row = is_movie ? movie_at(entry - image->user_rows, image->shard, image->shards)
                            : entry * image->shards + image->shard;
    return (uint64_t)(is_movie ? TABLE_MOVIES : TABLE_USERS) << 32 | row;
}

static uint64_t next_step_of(uint64_t name) {
    return FIXTURE_WINDOW_FIRST + (name * 3 + (name >> 32)) % (FIXTURE_STEP - FIXTURE_WINDOW_FIRST + 1);
}

/* Every third row is held, by a lane of its own, for two steps. */
static void hold(struct image_held *held, uint64_t name) {
    for (uint32_t ahead = 0; (uint32_t)name % 3 == 1 && ahead < 2; ahead++) {
        held->lanes[held->count] = (uint32_t)name % FIXTURE_LANES;
        held->steps[held->count] = FIXTURE_STEP + ahead;
        held->names[held->count] = name;
        fill_row(held->values + held->count * FIXTURE_STRIDE, name, 5000.0f + (float)ahead);
        held->count++;
    }
}

void fixture_fill(struct shard_image *image) {
    image->step = FIXTURE_STEP;
    image->window_first = FIXTURE_WINDOW_FIRST;
    image->kept_epoch = FIXTURE_KEPT;
    for (uint32_t entry = 0; entry < image->user_rows + image->movie_rows; entry++) {
        uint64_t name = entry_name(image, entry);
        fill_row(image->values + (size_t)entry * FIXTURE_STRIDE, name, 0.0f);
        fill_row(image->first + (size_t)entry * FIXTURE_STRIDE, name, 1000.0f);
        fill_row(image->kept + (size_t)entry * FIXTURE_STRIDE, name, 3000.0f);
        image->next_steps[entry] = next_step_of(name);
        hold(&image->held, name);
    }
    for (uint32_t i = 0; i < (FIXTURE_STEP - FIXTURE_WINDOW_FIRST) * 2; i++)
        image->rates[i] = 1.0 / (3.0 + i);
}

static bool holds(const struct image_held *held, const struct image_held *other, uint64_t index) {
    for (uint64_t i = 0; i < held->count; i++)
        if (held->names[i] == other->names[index] && held->steps[i] == other->steps[index])
            return held->lanes[i] == other->lanes[index] &&
                   memcmp(held->values + i * FIXTURE_STRIDE, other->values + index * FIXTURE_STRIDE,
                          FIXTURE_STRIDE * sizeof(float)) == 0;
    return false;
}

bool fixture_is_right(const struct shard_image *image) {
    struct shard_image right;
    fixture_take(&right, image->shard, image->shards);
    fixture_fill(&right);
    size_t entries = right.user_rows + right.movie_rows, bytes = entries * FIXTURE_STRIDE * sizeof(float);
    bool same = image->step == right.step && image->window_first == right.window_first &&
                memcmp(image->values, right.values, bytes) == 0 &&
                memcmp(image->first, right.first, bytes) == 0 &&
                memcmp(image->kept, right.kept, bytes) == 0 && image->kept_epoch == FIXTURE_KEPT &&
                memcmp(image->next_steps, right.next_steps, entries * sizeof(uint64_t)) == 0 &&
                memcmp(image->rates, right.rates, FIXTURE_STEP * 2 * sizeof(double)) == 0 &&
                image->held.count == right.held.count;
    for (uint64_t i = 0; same && i < right.held.count; i++)
        same = holds(&image->held, &right.held, i);
    fixture_release(&right);
    return same;
}

struct run_position fixture_position(uint64_t number, uint32_t shards) {
    static double squared[FIXTURE_LANES] = {0.1, 1e300 / 3, 5e-324};
    static uint64_t counts[FIXTURE_LANES] = {0, 17, (UINT64_C(1) << 53) + 1};
    return (struct run_position){.number = number,
                                 .shards = shards,
                                 .lanes = FIXTURE_LANES,
                                 .lane_step = (UINT64_C(1) << 60) + 1,
                                 .clock_step = FIXTURE_STEP,
                                 .epoch = UINT32_MAX,
                                 .config_digest = UINT64_MAX - 1,
                                 .data_digest = 1,
                                 .plateau_best = INFINITY,
                                 .plateau_seen = 1,
                                 .plateau_waiting = 2,
                                 .plateau_drops = 3,
                                 .best_loss = 0.1,
                                 .best_epoch = 6,
                                 .stop_loss = 1.0 / 7,
                                 .stop_seen = 8,
                                 .stop_waiting = 2,
                                 .train_seconds = 1.0 / 3,
                                 .lane_squared = squared,
                                 .lane_counts = counts};
}

bool fixture_write_shards(const char *folder, uint64_t number, uint32_t shards, struct status *status) {
    bool done = true;
    for (uint32_t shard = 0; done && shard < shards; shard++) {
        struct shard_image image;
        fixture_take(&image, shard, shards);
        fixture_fill(&image);
        done = checkpoint_write_shard(folder, number, &image, status);
        fixture_release(&image);
    }
    return done;
}

bool fixture_write(const char *folder, uint64_t number, uint32_t shards, uint32_t keep,
                   struct status *status) {
    struct run_position position = fixture_position(number, shards);
    return fixture_write_shards(folder, number, shards, status) &&
           checkpoint_commit(folder, &position, keep, status);
}
