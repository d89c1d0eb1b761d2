#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "core/contract.h"
#include "core/rating.h"
#include "data/checkpoint.h"
#include "data/checkpoint_files.h"
#include "data/sections.h"
#include "model/partition.h"

/* A shard's file as it lies in memory: its numbers and its arrays, checked against each other. */
struct stored_shard {
    struct container *file;
    struct shard_image image; /* its arrays lie in the file and are only read */
    struct partition tables[TABLE_COUNT];
    uint64_t rates_hash, strata_hash;
};

/* More strata than any run has. */
enum { STRATA_MAX = 1 << 16 };

/* What a reading needs at every file. */
struct reading {
    uint64_t number, rates_capacity;
    struct shard_image *image;            /* being filled */
    struct partition tables[TABLE_COUNT]; /* of the image */
    uint64_t rates_hash, strata_hash;     /* of the first file */
};

static bool fill_numbers(struct shard_image *image, const json_int_t numbers[8], struct status *status) {
    static const json_int_t HIGHEST = INT32_MAX;
    for (int i = 0; i < 8; i++)
        if (numbers[i] < 0 || (i < 6 && numbers[i] > HIGHEST))
            return status_fail(status, STATUS_BAD_DATA, "section meta has an impossible number");
    image->shard = (uint32_t)numbers[0];
    image->shards = (uint32_t)numbers[1];
    image->users = (uint32_t)numbers[2];
    image->movies = (uint32_t)numbers[3];
    image->factors = (uint32_t)numbers[4];
    image->stride = (uint32_t)numbers[5];
    image->step = (uint64_t)numbers[6];
    image->window_first = (uint64_t)numbers[7];
    return (image->shard < image->shards && image->window_first <= image->step) ||
           status_fail(status, STATUS_BAD_DATA, "section meta describes an impossible shard");
}

static bool take_meta(struct stored_shard *stored, json_t *meta, uint64_t number, bool has_state[3],
                      struct status *status) {
    json_int_t numbers[8], held, stored_number, kept_epoch, strata = 0; /* not in files of old versions */
    int has_first, has_second, has_kept;
    if (json_unpack(meta, "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:I, s:I, s?:I}",
                    "number", &stored_number, "shard", &numbers[0], "shards", &numbers[1], "users",
                    &numbers[2], "movies", &numbers[3], "factors", &numbers[4], "stride", &numbers[5], "step",
                    &numbers[6], "window_first", &numbers[7], "has_first", &has_first, "has_second",
                    &has_second, "has_kept", &has_kept, "kept_epoch", &kept_epoch, "held", &held, "strata",
                    &strata) != 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta lacks a field");
    if (stored_number != (json_int_t)number || held < 0 || held > INT32_MAX || kept_epoch < 0 ||
        kept_epoch > UINT32_MAX || strata < 0 || strata > STRATA_MAX)
        return status_fail(status, STATUS_BAD_DATA, "section meta does not fit this checkpoint");
    stored->image.held.count = (uint64_t)held;
    has_state[0] = has_first;
    has_state[1] = has_second;
    has_state[2] = has_kept;
    stored->image.kept_epoch = (uint32_t)kept_epoch;
    stored->image.strata = (uint32_t)strata;
    return fill_numbers(&stored->image, numbers, status);
}

/* Arrays of the file are only read, though the image's pointers could write. */
static bool point(void *pointer_to, const struct container *file, const char *name, uint64_t count,
                  size_t size, struct status *status) {
    const void *items = sections_array(file, name, count, size, status);
    memcpy(pointer_to, &items, sizeof items);
    return items != NULL;
}

static bool check_strata(const struct shard_image *image, struct status *status) {
    const uint32_t *firsts = image->stratum_first;
    bool good = firsts[0] == 0 && firsts[image->strata] == image->movies;
    for (uint32_t i = 0; good && i < image->strata; i++)
        good = firsts[i] <= firsts[i + 1];
    return good || status_fail(status, STATUS_BAD_DATA, "section stratum_first does not cut the movies");
}

static bool take_partitions(struct partition tables[TABLE_COUNT], const struct shard_image *image,
                            struct status *status) {
    struct partition_spec movies = partition_of_image(image, TABLE_MOVIES);
    return partition_both(tables, image->users, &movies, status);
}

/* Where the rows lie in the file; old files, and those of minibatches, have no strata. */
static bool cut_tables(struct stored_shard *stored, struct status *status) {
    struct shard_image *image = &stored->image;
    if (image->strata != 0 && (!point(&image->stratum_first, stored->file, "stratum_first",
                                      image->strata + (uint64_t)1, sizeof *image->stratum_first, status) ||
                               !check_strata(image, status)))
        return false;
    if (!take_partitions(stored->tables, image, status))
        return false;
    image->user_rows = partition_rows(&stored->tables[TABLE_USERS].spec, image->shard);
    image->movie_rows = partition_rows(&stored->tables[TABLE_MOVIES].spec, image->shard);
    return true;
}

static bool point_to_arrays(struct stored_shard *stored, const bool has_state[3], struct status *status) {
    struct shard_image *image = &stored->image;
    const struct container *file = stored->file;
    uint64_t entries = (uint64_t)image->user_rows + image->movie_rows, floats = entries * image->stride;
    uint64_t rates = (image->step - image->window_first) * 2, held = image->held.count;
    return point(&image->values, file, "values", floats, sizeof(float), status) &&
           (!has_state[0] || point(&image->first, file, "first", floats, sizeof(float), status)) &&
           (!has_state[1] || point(&image->second, file, "second", floats, sizeof(float), status)) &&
           (!has_state[2] || point(&image->kept, file, "kept", floats, sizeof(float), status)) &&
           point(&image->next_steps, file, "next_steps", entries, sizeof(uint64_t), status) &&
           point(&image->rates, file, "rates", rates, sizeof(double), status) &&
           point(&image->held.lanes, file, "held_lanes", held, sizeof(uint32_t), status) &&
           point(&image->held.steps, file, "held_steps", held, sizeof(uint64_t), status) &&
           point(&image->held.names, file, "held_names", held, sizeof(uint64_t), status) &&
           point(&image->held.values, file, "held_values", held * image->stride, sizeof(float), status);
}

static void close_stored(struct stored_shard *stored) {
    partition_free_both(stored->tables);
    container_close(stored->file);
}

static bool open_stored(struct stored_shard *stored, const char *path, uint64_t number,
                        struct status *status) {
    bool has_state[3] = {false, false, false};
    *stored = (struct stored_shard){.file = container_open(path, CONTAINER_CHECKPOINT, status)};
    if (stored->file == NULL)
        return false;
    json_t *meta = sections_meta(stored->file, status);
    bool done = meta != NULL && take_meta(stored, meta, number, has_state, status) &&
                cut_tables(stored, status) && point_to_arrays(stored, has_state, status);
    json_decref(meta);
    stored->rates_hash = container_hash(stored->file, "rates");
    stored->strata_hash = stored->image.strata == 0 ? 0 : container_hash(stored->file, "stratum_first");
    if (done)
        return true;
    close_stored(stored);
    return status_context(status, "%s", path);
}

static bool check_fit(const struct shard_image *stored, const struct shard_image *image,
                      struct status *status) {
    if (stored->users != image->users || stored->movies != image->movies)
        return status_fail(status, STATUS_BAD_DATA,
                           "the checkpoint has %u users and %u movies, not %u and %u", stored->users,
                           stored->movies, image->users, image->movies);
    if (stored->factors != image->factors || stored->stride != image->stride)
        return status_fail(status, STATUS_BAD_DATA, "the checkpoint has %u factors, not %u", stored->factors,
                           image->factors);
    if ((stored->first != NULL) != (image->first != NULL) ||
        (stored->second != NULL) != (image->second != NULL))
        return status_fail(status, STATUS_BAD_DATA, "the checkpoint is of another optimiser");
    if ((stored->kept != NULL) != (image->kept != NULL))
        return status_fail(status, STATUS_BAD_DATA, "of checkpoint and run only one keeps the best epoch");
    return true;
}

/* The first file says where the shards stood, and every other one has to say the same. */
static bool take_history(struct reading *reading, const struct stored_shard *stored, struct status *status) {
    struct shard_image *image = reading->image;
    uint64_t pairs = stored->image.step - stored->image.window_first;
    if (pairs > reading->rates_capacity)
        return status_fail(status, STATUS_BAD_DATA, "a history of %" PRIu64 " steps is too long", pairs);
    image->step = stored->image.step;
    image->window_first = stored->image.window_first;
    image->kept_epoch = stored->image.kept_epoch;
    reading->rates_hash = stored->rates_hash;
    reading->strata_hash = stored->strata_hash;
    if (pairs > 0)
        memcpy(image->rates, stored->image.rates, pairs * 2 * sizeof *image->rates);
    return true;
}

static bool check_history(const struct reading *reading, const struct stored_shard *stored,
                          struct status *status) {
    return (stored->image.step == reading->image->step &&
            stored->image.window_first == reading->image->window_first &&
            stored->image.kept_epoch == reading->image->kept_epoch &&
            stored->rates_hash == reading->rates_hash && stored->strata_hash == reading->strata_hash) ||
           status_fail(status, STATUS_BAD_DATA, "the shards were not cut at one step");
}

static void copy_row(float *to, uint64_t to_row, const float *from, uint64_t from_row, uint32_t stride) {
    if (to != NULL)
        memcpy(to + to_row * stride, from + from_row * stride, stride * sizeof *to);
}

static void copy_entry(struct shard_image *to, uint64_t to_entry, const struct shard_image *from,
                       uint64_t from_entry) {
    copy_row(to->values, to_entry, from->values, from_entry, to->stride);
    copy_row(to->first, to_entry, from->first, from_entry, to->stride);
    copy_row(to->second, to_entry, from->second, from_entry, to->stride);
    copy_row(to->kept, to_entry, from->kept, from_entry, to->stride);
    to->next_steps[to_entry] = from->next_steps[from_entry];
}

/* Copies the rows of one table that both shards have; a table's entries begin at to_base and from_base. */
static void copy_table(const struct reading *reading, const struct stored_shard *stored, enum table_id table,
                       uint64_t to_base, uint64_t from_base) {
    const struct partition *theirs = &stored->tables[table], *ours = &reading->tables[table];
    struct shard_image *to = reading->image;
    const struct shard_image *from = &stored->image;
    uint32_t rows = partition_rows(&ours->spec, to->shard);
    for (uint32_t local = 0; local < rows; local++) {
        uint32_t row = partition_row(ours, local, to->shard);
        if (partition_shard(&theirs->spec, row) == from->shard)
            copy_entry(to, to_base + local, from, from_base + partition_local(theirs, row));
    }
}

static bool check_next_steps(const struct shard_image *stored, struct status *status) {
    uint64_t entries = (uint64_t)stored->user_rows + stored->movie_rows;
    for (uint64_t entry = 0; entry < entries; entry++)
        if (stored->next_steps[entry] < stored->window_first || stored->next_steps[entry] > stored->step)
            return status_fail(status, STATUS_BAD_DATA, "a row stands outside the optimiser's history");
    return true;
}

static bool check_name(const struct stored_shard *stored, uint64_t name, struct status *status) {
    uint32_t row = (uint32_t)name;
    uint64_t table = name >> 32;
    return (table < TABLE_COUNT && row < stored->tables[table].spec.rows &&
            partition_shard(&stored->tables[table].spec, row) == stored->image.shard) ||
           status_fail(status, STATUS_BAD_DATA, "a held row is none of this shard's");
}

static bool copy_held_row(struct shard_image *to, const struct shard_image *from, uint64_t index,
                          struct status *status) {
    struct image_held *held = &to->held;
    if (held->count == held->capacity)
        return status_fail(status, STATUS_BAD_DATA, "more than %" PRIu64 " rows are held", held->capacity);
    held->lanes[held->count] = from->held.lanes[index];
    held->steps[held->count] = from->held.steps[index];
    held->names[held->count] = from->held.names[index];
    copy_row(held->values, held->count, from->held.values, index, to->stride);
    held->count++;
    return true;
}

static bool copy_held(const struct reading *reading, const struct stored_shard *stored,
                      struct status *status) {
    const struct image_held *held = &stored->image.held;
    struct shard_image *to = reading->image;
    for (uint64_t i = 0; i < held->count; i++) {
        uint64_t name = held->names[i];
        if (!check_name(stored, name, status))
            return false;
        if (partition_shard(&reading->tables[name >> 32].spec, (uint32_t)name) == to->shard &&
            !copy_held_row(to, &stored->image, i, status))
            return false;
    }
    return true;
}

static bool copy_stored(struct reading *reading, const struct stored_shard *stored, struct status *status) {
    struct shard_image *image = reading->image;
    const struct shard_image *from = &stored->image;
    bool fits =
        check_fit(from, image, status) && check_next_steps(from, status) &&
        (from->shard == 0 ? take_history(reading, stored, status) : check_history(reading, stored, status));
    if (!fits)
        return false;
    copy_table(reading, stored, TABLE_USERS, 0, 0);
    copy_table(reading, stored, TABLE_MOVIES, image->user_rows, from->user_rows);
    return copy_held(reading, stored, status);
}

static bool read_file(struct reading *reading, const char *path, uint32_t shard, uint32_t shards,
                      struct status *status) {
    struct stored_shard stored;
    if (!open_stored(&stored, path, reading->number, status))
        return false;
    bool done = stored.image.shard == shard && stored.image.shards == shards;
    if (!done)
        status_fail(status, STATUS_BAD_DATA, "it holds shard %u of %u, not %u of %u", stored.image.shard,
                    stored.image.shards, shard, shards);
    done = done && copy_stored(reading, &stored, status);
    close_stored(&stored);
    return done || status_context(status, "%s", path);
}

static bool read_files(struct reading *reading, const char *folder, uint32_t shards, struct status *status) {
    char path[PATH_MAX];
    if (shards == 0)
        return status_fail(status, STATUS_BAD_DATA, "a checkpoint without shards");
    for (uint32_t shard = 0; shard < shards; shard++)
        if (!checkpoint_shard_path(path, folder, reading->number, shard, status) ||
            !read_file(reading, path, shard, shards, status))
            return status_context(status, "checkpoint %" PRIu64, reading->number);
    return true;
}

bool checkpoint_read_shard(const char *folder, uint64_t number, uint32_t shards_then,
                           struct shard_image *image, uint64_t rates_capacity, struct status *status) {
    struct reading reading = {.number = number, .rates_capacity = rates_capacity, .image = image};
    REQUIRE(checkpoint_rows_fit(image), "an image has the rows of its shard");
    image->held.count = 0;
    bool done =
        take_partitions(reading.tables, image, status) && read_files(&reading, folder, shards_then, status);
    partition_free_both(reading.tables);
    return done;
}
