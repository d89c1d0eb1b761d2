#include "disk.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rating.h"
#include "model/partition.h"

void disk_init(struct disk *disk, struct faults *faults) {
    memset(disk, 0, sizeof *disk);
    disk->faults = faults;
}

/* ---- files ---- */

static void *copy(struct disk *disk, const void *items, uint64_t count, size_t size) {
    struct status status;
    if (items == NULL)
        return NULL;
    void *block = memory_take_array(count, size, "a virtual file", &status);
    REQUIRE(block != NULL, "the simulator has memory");
    if (count != 0)
        memcpy(block, items, count * size);
    disk->blocks++;
    return block;
}

static void drop(struct disk *disk, void *block) {
    disk->blocks -= block != NULL;
    memory_release(block);
}

static void remove_file(struct disk *disk, struct disk_file *file) {
    struct shard_image *image = &file->image;
    void *const blocks[] = {image->values,     image->first,      image->second,     image->kept,
                            image->next_steps, image->rates,      image->held.lanes, image->held.steps,
                            image->held.names, image->held.values};
    memory_release((void *)image->stratum_first);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        drop(disk, blocks[i]);
    *file = (struct disk_file){0};
}

static void remove_checkpoint(struct disk *disk, struct disk_checkpoint *checkpoint) {
    for (int shard = 0; shard < DISK_SHARDS_MAX; shard++)
        remove_file(disk, &checkpoint->files[shard]);
    *checkpoint = (struct disk_checkpoint){0};
}

void disk_free(struct disk *disk) {
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++)
        remove_checkpoint(disk, &disk->checkpoints[i]);
}

static struct disk_checkpoint *find_number(const struct disk *disk, uint64_t number) {
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++)
        if (disk->checkpoints[i].number == number)
            return (struct disk_checkpoint *)&disk->checkpoints[i];
    return NULL;
}

static struct disk_checkpoint *checkpoint_of(struct disk *disk, uint64_t number) {
    struct disk_checkpoint *checkpoint = find_number(disk, number);
    if (checkpoint == NULL)
        checkpoint = find_number(disk, 0);
    REQUIRE(checkpoint != NULL, "old checkpoints are removed");
    checkpoint->number = number;
    return checkpoint;
}

static const uint32_t *copy_strata(const struct shard_image *image) {
    struct status status;
    size_t bytes = (image->strata + (size_t)1) * sizeof *image->stratum_first;
    uint32_t *firsts = image->strata == 0 ? NULL : memory_take(bytes, "a virtual file", &status);
    REQUIRE(image->strata == 0 || firsts != NULL, "the simulator has memory");
    if (firsts != NULL)
        memcpy(firsts, image->stratum_first, bytes);
    return firsts;
}

static void write_file(struct disk *disk, uint64_t number, const struct shard_image *image, bool torn) {
    struct disk_file *file = &checkpoint_of(disk, number)->files[image->shard];
    uint64_t entries = (uint64_t)image->user_rows + image->movie_rows, floats = entries * image->stride;
    const struct image_held *held = &image->held;
    remove_file(disk, file);
    file->mark = ++disk->writings;
    file->torn = torn;
    file->image = *image;
    file->image.stratum_first = copy_strata(image);
    file->image.values = copy(disk, image->values, floats, sizeof(float));
    file->image.first = copy(disk, image->first, floats, sizeof(float));
    file->image.second = copy(disk, image->second, floats, sizeof(float));
    file->image.kept = copy(disk, image->kept, floats, sizeof(float));
    file->image.next_steps = copy(disk, image->next_steps, entries, sizeof(uint64_t));
    file->image.rates =
        copy(disk, image->rates, (image->step - image->window_first) * 2, sizeof *image->rates);
    file->image.held.lanes = copy(disk, held->lanes, held->count, sizeof *held->lanes);
    file->image.held.steps = copy(disk, held->steps, held->count, sizeof *held->steps);
    file->image.held.names = copy(disk, held->names, held->count, sizeof *held->names);
    file->image.held.values = copy(disk, held->values, held->count * image->stride, sizeof(float));
}

static bool full(struct disk *disk, struct status *status) {
    return faults_disk_full(disk->faults) && !status_fail(status, STATUS_IO, "the virtual disk is full");
}

bool disk_write(struct disk *disk, uint64_t number, const struct shard_image *image, struct status *status) {
    if (full(disk, status))
        return false;
    write_file(disk, number, image, false);
    return true;
}

/* ---- manifests ---- */

static bool counts(const struct disk_checkpoint *checkpoint) {
    if (checkpoint->number == 0 || !checkpoint->has_manifest || checkpoint->manifest_torn)
        return false;
    for (uint32_t shard = 0; shard < checkpoint->position.shards; shard++)
        if (checkpoint->files[shard].torn || checkpoint->files[shard].mark != checkpoint->marks[shard])
            return false;
    return true;
}

static struct disk_checkpoint *newest(struct disk *disk, bool (*is_wanted)(const struct disk_checkpoint *)) {
    struct disk_checkpoint *best = NULL;
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++) {
        struct disk_checkpoint *checkpoint = &disk->checkpoints[i];
        if (is_wanted(checkpoint) && (best == NULL || checkpoint->number > best->number))
            best = checkpoint;
    }
    return best;
}

static uint32_t newer_ones(const struct disk *disk, uint64_t number) {
    uint32_t newer = 0;
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++)
        newer += counts(&disk->checkpoints[i]) && disk->checkpoints[i].number > number;
    return newer;
}

/* As retain of data/checkpoint.c. */
static void retain(struct disk *disk, uint64_t number, uint32_t keep) {
    bool goes[DISK_CHECKPOINTS_MAX];
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++) {
        const struct disk_checkpoint *checkpoint = &disk->checkpoints[i];
        goes[i] =
            checkpoint->number != number &&
            (counts(checkpoint) ? newer_ones(disk, checkpoint->number) >= keep : checkpoint->number < number);
    }
    for (int i = 0; i < DISK_CHECKPOINTS_MAX; i++)
        if (goes[i])
            remove_checkpoint(disk, &disk->checkpoints[i]);
}

static bool write_manifest(struct disk *disk, const struct run_position *position, bool torn,
                           struct status *status) {
    struct disk_checkpoint *checkpoint = checkpoint_of(disk, position->number);
    REQUIRE(position->shards <= DISK_SHARDS_MAX && position->lanes <= DISK_LANES_MAX, "a small run");
    for (uint32_t shard = 0; shard < position->shards; shard++) {
        if (checkpoint->files[shard].mark == 0)
            return status_fail(status, STATUS_NO_INPUT, "shard %u of checkpoint %llu was never written",
                               shard, (unsigned long long)position->number);
        checkpoint->marks[shard] = checkpoint->files[shard].mark;
    }
    checkpoint->has_manifest = true;
    checkpoint->manifest_torn = torn;
    checkpoint->position = *position;
    checkpoint->position.lane_squared = checkpoint->squared;
    checkpoint->position.lane_counts = checkpoint->counts;
    memcpy(checkpoint->squared, position->lane_squared, position->lanes * sizeof *checkpoint->squared);
    memcpy(checkpoint->counts, position->lane_counts, position->lanes * sizeof *checkpoint->counts);
    return true;
}

bool disk_commit(struct disk *disk, const struct run_position *position, uint32_t keep,
                 struct status *status) {
    if (full(disk, status) || !write_manifest(disk, position, false, status))
        return false;
    disk->committed++;
    retain(disk, position->number, keep);
    return true;
}

static bool has_manifest(const struct disk_checkpoint *checkpoint) {
    return checkpoint->number != 0 && checkpoint->has_manifest;
}

const struct run_position *disk_find(struct disk *disk) {
    const struct disk_checkpoint *last = newest(disk, has_manifest), *best = newest(disk, counts);
    disk->skipped += last != best;
    return best == NULL ? NULL : &best->position;
}

/* ---- crashes ---- */

void disk_break_write(struct disk *disk, uint64_t number, const struct shard_image *image) {
    uint64_t left = faults_draw(disk->faults, 3);
    if (left == 0)
        return;
    if (left == 1)
        faults_count(disk->faults, FAULT_TORN_FILE);
    write_file(disk, number, image, left == 1);
}

void disk_break_commit(struct disk *disk, const struct run_position *position, uint32_t keep) {
    struct status status;
    uint64_t left = faults_draw(disk->faults, 3);
    if (left == 0)
        return;
    if (left == 1)
        faults_count(disk->faults, FAULT_TORN_FILE);
    if (write_manifest(disk, position, left == 1, &status) && left == 2) {
        disk->committed++;
        retain(disk, position->number, keep);
    }
}

void disk_power_cut(struct disk *disk) {
    struct disk_checkpoint *checkpoint = newest(disk, has_manifest);
    if (checkpoint == NULL)
        return;
    uint64_t file = faults_draw(disk->faults, checkpoint->position.shards + 1u);
    faults_count(disk->faults, FAULT_TORN_FILE);
    if (file == checkpoint->position.shards)
        checkpoint->manifest_torn = true;
    else
        checkpoint->files[file].torn = true;
}

/* ---- reading, by row names ---- */

static void copy_row(float *to, uint64_t to_row, const float *from, uint64_t from_row, uint32_t stride) {
    REQUIRE((to != NULL) == (from != NULL), "a checkpoint of the same optimiser");
    if (to != NULL)
        memcpy(to + to_row * stride, from + from_row * stride, stride * sizeof *to);
}

static void cut_table(struct partition *partition, const struct shard_image *image, enum table_id table) {
    struct partition_spec spec = partition_of_image(image, table);
    struct status status;
    REQUIRE(partition_init(partition, &spec, &status), "the simulator has memory");
}

static void read_entry(struct shard_image *image, uint64_t at, const struct shard_image *from,
                       uint64_t from_at) {
    copy_row(image->values, at, from->values, from_at, image->stride);
    copy_row(image->first, at, from->first, from_at, image->stride);
    copy_row(image->second, at, from->second, from_at, image->stride);
    copy_row(image->kept, at, from->kept, from_at, image->stride);
    image->next_steps[at] = from->next_steps[from_at];
}

static void read_table(const struct disk_checkpoint *checkpoint, struct shard_image *image,
                       enum table_id table) {
    bool movies = table == TABLE_MOVIES;
    uint32_t rows = movies ? image->movie_rows : image->user_rows, base = movies ? image->user_rows : 0;
    struct partition ours, theirs;
    cut_table(&ours, image, table);
    cut_table(&theirs, &checkpoint->files[0].image, table);
    for (uint32_t local = 0; local < rows; local++) {
        uint32_t row = partition_row(&ours, local, image->shard);
        const struct shard_image *from = &checkpoint->files[partition_shard(&theirs.spec, row)].image;
        read_entry(image, base + local, from, (movies ? from->user_rows : 0) + partition_local(&theirs, row));
    }
    partition_free(&ours);
    partition_free(&theirs);
}

/* Only minibatches hold rows, and there all tables are dealt like cards. */
static bool read_held(const struct image_held *from, struct shard_image *image, struct status *status) {
    struct image_held *held = &image->held;
    for (uint64_t i = 0; i < from->count; i++) {
        if ((uint32_t)from->names[i] % image->shards != image->shard)
            continue;
        if (held->count == held->capacity)
            return status_fail(status, STATUS_BAD_DATA, "more than %llu rows are held",
                               (unsigned long long)held->capacity);
        held->lanes[held->count] = from->lanes[i];
        held->steps[held->count] = from->steps[i];
        held->names[held->count] = from->names[i];
        copy_row(held->values, held->count++, from->values, i, image->stride);
    }
    return true;
}

static bool read_history(const struct shard_image *from, struct shard_image *image, uint64_t rates_capacity,
                         struct status *status) {
    image->step = from->step;
    image->window_first = from->window_first;
    image->kept_epoch = from->kept_epoch;
    if (from->step - from->window_first > rates_capacity)
        return status_fail(status, STATUS_BAD_DATA, "the history is too long");
    memcpy(image->rates, from->rates, (from->step - from->window_first) * 2 * sizeof *image->rates);
    return true;
}

bool disk_read(const struct disk *disk, uint64_t number, uint32_t shards_then, struct shard_image *image,
               uint64_t rates_capacity, struct status *status) {
    const struct disk_checkpoint *checkpoint = find_number(disk, number);
    if (number == 0 || checkpoint == NULL || !counts(checkpoint) ||
        checkpoint->position.shards != shards_then)
        return status_fail(status, STATUS_BAD_DATA, "there is no whole checkpoint %llu of %u shards",
                           (unsigned long long)number, shards_then);
    image->held.count = 0;
    for (uint32_t shard = 0; shard < shards_then; shard++) {
        const struct shard_image *from = &checkpoint->files[shard].image;
        REQUIRE(from->step == checkpoint->files[0].image.step && from->shards == shards_then,
                "the shards were cut at one step");
        if (!read_held(&from->held, image, status))
            return false;
    }
    read_table(checkpoint, image, TABLE_USERS);
    read_table(checkpoint, image, TABLE_MOVIES);
    return read_history(&checkpoint->files[0].image, image, rates_capacity, status);
}
