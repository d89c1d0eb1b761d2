/* Can any bytes hurt the reader of a shard's checkpoint? The checksums are set right before the file is read: as the only
 * shard, into one shard and into one of three, and as the first of two. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/checkpoint.h"
#include "tests/fuzz/checksums.h"
#include "tests/fuzz/memory_file.h"
#include "tests/unit/checkpoint_fixture.h"

enum { CHECKPOINT_BYTES_MAX = 1 << 16, RATES_MAX = FIXTURE_STEP };

int checkpoint_fuzz(const uint8_t *bytes, size_t length);

static char checkpoint_folder[64];
static struct memory_file checkpoint_file;

static void remove_checkpoint_folder(void) {
    char path[128];
    for (int shard = 0; shard < 2; shard++) {
        snprintf(path, sizeof path, "%s/000001/shard-%d.dotbias", checkpoint_folder, shard);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/000001", checkpoint_folder);
    rmdir(path);
    rmdir(checkpoint_folder);
}

/* Shard files that lead to the one in memory. */
static void make_checkpoint_folder(void) {
    char path[128];
    strcpy(checkpoint_folder, "/tmp/dotbias-fuzz-XXXXXX");
    if (mkdtemp(checkpoint_folder) == NULL)
        abort();
    atexit(remove_checkpoint_folder);
    snprintf(path, sizeof path, "%s/000001", checkpoint_folder);
    mkdir(path, 0777);
    for (int shard = 0; shard < 2; shard++) {
        snprintf(path, sizeof path, "%s/000001/shard-%d.dotbias", checkpoint_folder, shard);
        if (symlink(checkpoint_file.path, path) != 0)
            abort();
    }
}

/* What was accepted keeps the promises that a shard relies on. */
static void expect_sound(const struct shard_image *image) {
    if (image->step - image->window_first > RATES_MAX || image->held.count > image->held.capacity)
        abort();
    for (uint32_t entry = 0; entry < image->user_rows + image->movie_rows; entry++)
        if (image->next_steps[entry] < image->window_first || image->next_steps[entry] > image->step)
            abort();
    for (uint64_t i = 0; i < image->held.count; i++)
        if ((uint32_t)image->held.names[i] % image->shards != image->shard)
            abort();
}

static void read_into(uint32_t shard, uint32_t shards, uint32_t shards_then) {
    struct status status;
    struct shard_image image;
    fixture_take(&image, shard, shards);
    if (checkpoint_read_shard(checkpoint_folder, 1, shards_then, &image, RATES_MAX, &status))
        expect_sound(&image);
    fixture_release(&image);
}

static bool lay(const uint8_t *bytes, size_t length) {
    static uint8_t copy[CHECKPOINT_BYTES_MAX];
    if (length > sizeof copy)
        return false;
    memcpy(copy, bytes, length);
    checksums_set(copy, length);
    memory_file_fill(&checkpoint_file, copy, length);
    if (checkpoint_folder[0] == '\0')
        make_checkpoint_folder();
    return true;
}

static void read_in_way(unsigned way) {
    static const uint32_t WAYS[3][3] = {{0, 1, 1}, {1, 3, 1}, {0, 1, 2}};
    read_into(WAYS[way % 3][0], WAYS[way % 3][1], WAYS[way % 3][2]);
}

int checkpoint_fuzz(const uint8_t *bytes, size_t length) {
    bool is_there = lay(bytes, length);
    for (unsigned way = 0; is_there && way < 3; way++)
        read_in_way(way);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The last byte is one of a checksum, which is set right anyway: it chooses the way, and the fuzzer is three times as fast. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    if (length > 0 && lay(bytes, length))
        read_in_way(bytes[length - 1]);
    return 0;
}
#endif
