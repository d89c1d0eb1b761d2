/* Can any bytes hurt the readers of packed sets, blocks and models? Bytes that a fuzzer makes up never match a
 * checksum, so the checksums are set right before the file is opened: what lies behind them is reached too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/blocks.h"
#include "data/model_file.h"
#include "data/packed_set.h"
#include "tests/fuzz/checksums.h"

enum { FUZZ_BYTES_MAX = 1 << 16 };

int container_fuzz(const uint8_t *bytes, size_t length);

/* Every rating of a set of blocks that was let in lies where its maps say. */
static void walk(const struct blocks *blocks) {
    for (uint32_t part = 0; part < blocks->parts; part++)
        for (uint32_t stratum = 0; stratum < blocks->strata; stratum++) {
            struct block block = blocks_at(blocks, part, stratum);
            for (uint32_t i = 0; i < block.count; i++)
                if (blocks->user_rows[blocks->part_starts[part] + block.users[i]] >= blocks->users ||
                    blocks->movie_rows[blocks->stratum_starts[stratum] + block.movies[i]] >= blocks->movies ||
                    block.codes[i] >= blocks->value_count)
                    __builtin_trap();
        }
}

/* As the blocks of a set like that of the corpus, tests/golden/blocks_small.bin. */
static void open_blocks(const char *path) {
    struct status status;
    struct blocks blocks;
    struct packed_set set = {.users = 5, .movies = 4, .train_count = 10, .is_in_blocks = true};
    struct container *file = container_open(path, CONTAINER_BLOCKS, &status);
    if (file == NULL)
        return;
    set.blocks_hash = container_hash(file, "blocks");
    container_close(file);
    if (!blocks_open(&blocks, path, &set, &status))
        return;
    walk(&blocks);
    blocks_close(&blocks);
}

static void open_all(const char *path) {
    struct status status;
    struct packed_set set;
    struct model_file model;
    if (packed_set_open(&set, path, &status))
        packed_set_close(&set);
    if (model_file_open(&model, path, &status))
        model_file_close(&model);
    open_blocks(path);
}

int container_fuzz(const uint8_t *bytes, size_t length) {
    static uint8_t copy[FUZZ_BYTES_MAX];
    char path[64];
    int file = memfd_create("container", MFD_CLOEXEC);
    if (file < 0 || length > sizeof copy) {
        close(file);
        return 0;
    }
    memcpy(copy, bytes, length);
    checksums_set(copy, length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, copy, length) == (ssize_t)length)
        open_all(path);
    close(file);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return container_fuzz(bytes, length);
}
#endif
