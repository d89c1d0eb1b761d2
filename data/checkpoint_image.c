#include <inttypes.h>
#include <jansson.h>

#include "core/contract.h"
#include "data/checkpoint.h"
#include "data/checkpoint_files.h"
#include "data/sections.h"
#include "model/partition.h"

static json_t *describe(uint64_t number, const struct shard_image *image) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:I, s:I, s:I}", "number",
                     (json_int_t)number, "shard", (json_int_t)image->shard, "shards",
                     (json_int_t)image->shards, "users", (json_int_t)image->users, "movies",
                     (json_int_t)image->movies, "factors", (json_int_t)image->factors, "stride",
                     (json_int_t)image->stride, "step", (json_int_t)image->step, "window_first",
                     (json_int_t)image->window_first, "has_first", (int)(image->first != NULL), "has_second",
                     (int)(image->second != NULL), "has_kept", (int)(image->kept != NULL), "kept_epoch",
                     (json_int_t)image->kept_epoch, "held", (json_int_t)image->held.count, "strata",
                     (json_int_t)image->strata);
}

static bool put(struct container_writer *writer, const char *name, const void *items, uint64_t count,
                size_t size, struct status *status) {
    return container_section(writer, name, status) && container_write(writer, items, count * size, status);
}

static bool put_rows(struct container_writer *writer, const struct shard_image *image,
                     struct status *status) {
    uint64_t entries = (uint64_t)image->user_rows + image->movie_rows, floats = entries * image->stride;
    return put(writer, "values", image->values, floats, sizeof(float), status) &&
           (image->first == NULL || put(writer, "first", image->first, floats, sizeof(float), status)) &&
           (image->second == NULL || put(writer, "second", image->second, floats, sizeof(float), status)) &&
           (image->kept == NULL || put(writer, "kept", image->kept, floats, sizeof(float), status)) &&
           (image->strata == 0 || put(writer, "stratum_first", image->stratum_first,
                                      image->strata + (size_t)1, sizeof *image->stratum_first, status)) &&
           put(writer, "next_steps", image->next_steps, entries, sizeof(uint64_t), status) &&
           put(writer, "rates", image->rates, (image->step - image->window_first) * 2, sizeof(double),
               status);
}

static bool put_held(struct container_writer *writer, const struct shard_image *image,
                     struct status *status) {
    const struct image_held *held = &image->held;
    return put(writer, "held_lanes", held->lanes, held->count, sizeof *held->lanes, status) &&
           put(writer, "held_steps", held->steps, held->count, sizeof *held->steps, status) &&
           put(writer, "held_names", held->names, held->count, sizeof *held->names, status) &&
           put(writer, "held_values", held->values, held->count * image->stride, sizeof *held->values,
               status);
}

static bool write_file(const char *path, uint64_t number, const struct shard_image *image,
                       struct status *status) {
    struct container_writer *writer = container_create(path, CONTAINER_CHECKPOINT, status);
    if (writer == NULL)
        return false;
    if (sections_write_meta(writer, describe(number, image), status) && put_rows(writer, image, status) &&
        put_held(writer, image, status))
        return container_commit(writer, status);
    container_abandon(writer);
    return false;
}

bool checkpoint_rows_fit(const struct shard_image *image) {
    struct partition_spec users = partition_of_image(image, TABLE_USERS),
                          movies = partition_of_image(image, TABLE_MOVIES);
    return image->user_rows == partition_rows(&users, image->shard) &&
           image->movie_rows == partition_rows(&movies, image->shard);
}

/* After a failure the folder stays, empty of this file: other shards may be writing into it, and the next
 * commit removes it. */
bool checkpoint_write_shard(const char *folder, uint64_t number, const struct shard_image *image,
                            struct status *status) {
    char path[PATH_MAX];
    REQUIRE(image->shard < image->shards && image->step >= image->window_first, "an image of a shard");
    REQUIRE(checkpoint_rows_fit(image), "an image has the rows of its shard");
    return (checkpoint_sweep(folder, number, status) && checkpoint_make_folder(folder, number, status) &&
            checkpoint_shard_path(path, folder, number, image->shard, status) &&
            write_file(path, number, image, status)) ||
           status_context(status, "checkpoint %" PRIu64 ", shard %u", number, image->shard);
}
