#include "pserver/shard.h"

#include <string.h>

#include "core/contract.h"
#include "pserver/shard_inside.h"

/* An optimiser state that the rule does not use is NULL on both sides; so are kept rows where none are kept. */
static void copy_rows(float *to, const float *from, const struct shard *shard) {
    REQUIRE((to == NULL) == (from == NULL), "an image has the arrays of its shard");
    if (to != NULL)
        memcpy(to, from, (size_t)shard->entries * shard->stride * sizeof *to);
}

static void require_shape(const struct shard *shard, const struct shard_image *image) {
    REQUIRE(image->user_rows == shard->rows[TABLE_USERS] && image->movie_rows == shard->rows[TABLE_MOVIES] &&
                image->stride == shard->stride,
            "an image has the shape of its shard");
}

void shard_image(const struct shard *shard, struct shard_image *image) {
    REQUIRE(shard->pending.count == 0, "a shard is copied between two steps");
    require_shape(shard, image);
    image->step = optimiser_step(shard->optimiser);
    image->window_first = optimiser_window_first(shard->optimiser);
    copy_rows(image->values, shard->values, shard);
    copy_rows(image->first, shard->first, shard);
    copy_rows(image->second, shard->second, shard);
    copy_rows(image->kept, shard->kept, shard);
    image->kept_epoch = shard->kept_epoch;
    for (uint32_t entry = 0; entry < shard->entries; entry++)
        image->next_steps[entry] = shard->marks[entry].next_step;
    for (uint64_t step = image->window_first; step < image->step; step++) {
        struct step_rate rate = optimiser_rate(shard->optimiser, step);
        double *pair = image->rates + 2 * (step - image->window_first);
        pair[0] = rate.learning_rate;
        pair[1] = rate.momentum;
    }
}

/* The history lies in one window of the optimiser, and every row within the history. */
static bool check_steps(const struct shard_image *image, struct status *status) {
    uint64_t first = image->window_first;
    size_t entries = (size_t)image->user_rows + image->movie_rows;
    if (first % OPTIMISER_WINDOW != 0 || image->step < first || image->step - first > OPTIMISER_WINDOW)
        return status_fail(status, STATUS_BAD_DATA, "a history from step %llu to %llu cannot be",
                           (unsigned long long)first, (unsigned long long)image->step);
    for (size_t entry = 0; entry < entries; entry++)
        if (image->next_steps[entry] < first || image->next_steps[entry] > image->step)
            return status_fail(status, STATUS_BAD_DATA, "a row stands outside the optimiser's history");
    return true;
}

static void fill(struct shard *shard, const struct shard_image *image) {
    require_shape(shard, image);
    copy_rows(shard->values, image->values, shard);
    copy_rows(shard->first, image->first, shard);
    copy_rows(shard->second, image->second, shard);
    copy_rows(shard->kept, image->kept, shard);
    shard->kept_epoch = image->kept_epoch;
    for (uint32_t entry = 0; entry < shard->entries; entry++)
        shard->marks[entry].next_step = image->next_steps[entry];
    for (uint64_t i = 0; i < image->step - image->window_first; i++)
        optimiser_open(shard->optimiser, (struct step_rate){image->rates[2 * i], image->rates[2 * i + 1]});
}

struct shard *shard_restore(const struct shard_spec *spec, const struct shard_image *image,
                            struct status *status) {
    if (!check_steps(image, status))
        return NULL;
    struct shard *shard = shard_new_blank(spec, image->window_first, status);
    if (shard != NULL)
        fill(shard, image);
    return shard;
}
