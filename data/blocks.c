#include "data/blocks.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/hash.h"
#include "core/memory.h"
#include "core/multiversion.h"
#include "data/sections.h"
#include "data/value_table.h"

static bool take_meta(struct blocks *blocks, json_t *meta, const struct packed_set *set,
                      struct status *status) {
    json_int_t users, movies, parts, strata, train;
    const char *digest;
    if (json_unpack(meta, "{s:I, s:I, s:I, s:I, s:I, s:s}", "users", &users, "movies", &movies, "parts",
                    &parts, "strata", &strata, "train", &train, "set_digest", &digest) != 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta lacks a field");
    if (parts < 1 || parts > BLOCKS_SIDES_MAX || strata < 1 || strata > BLOCKS_SIDES_MAX || train < 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta has an impossible count");
    bool belongs = users == (json_int_t)set->users && movies == (json_int_t)set->movies &&
                   train == (json_int_t)set->train_count &&
                   (set->is_in_blocks ? set->blocks_hash == container_hash(blocks->file, "blocks")
                                      : set->digest == strtoull(digest, NULL, 16));
    if (!belongs)
        return status_fail(status, STATUS_BAD_DATA, "these are the blocks of another packed set");
    blocks->users = set->users;
    blocks->movies = set->movies;
    blocks->train_count = set->train_count;
    blocks->parts = (uint32_t)parts;
    blocks->strata = (uint32_t)strata;
    return true;
}

static bool read_meta(struct blocks *blocks, const struct packed_set *set, struct status *status) {
    json_t *meta = sections_meta(blocks->file, status);
    bool done = meta != NULL && take_meta(blocks, meta, set, status);
    json_decref(meta);
    return done;
}

static bool find_values(struct blocks *blocks, struct status *status) {
    size_t length;
    blocks->values = container_find(blocks->file, "values", &length, status);
    if (blocks->values == NULL)
        return false;
    blocks->value_count = (uint32_t)(length / sizeof(float));
    bool good = length % sizeof(float) == 0 && length / sizeof(float) <= VALUE_TABLE_MAX;
    for (uint32_t i = 0; good && i < blocks->value_count; i++)
        good = isfinite(blocks->values[i]) && (i == 0 || blocks->values[i - 1] < blocks->values[i]);
    return good || status_fail(status, STATUS_BAD_DATA, "section values is not rising numbers, at most %d",
                               VALUE_TABLE_MAX);
}

static const uint32_t *find_array(const struct blocks *blocks, const char *name, uint64_t count,
                                  struct status *status) {
    return sections_array(blocks->file, name, count, sizeof(uint32_t), status);
}

static bool find_sections(struct blocks *blocks, struct status *status) {
    blocks->counts = find_array(blocks, "counts", (uint64_t)blocks->parts * blocks->strata, status);
    if (blocks->counts == NULL)
        return false;
    blocks->part_starts = find_array(blocks, "part_starts", blocks->parts + UINT64_C(1), status);
    if (blocks->part_starts == NULL)
        return false;
    blocks->stratum_starts = find_array(blocks, "stratum_starts", blocks->strata + UINT64_C(1), status);
    if (blocks->stratum_starts == NULL)
        return false;
    blocks->user_rows = find_array(blocks, "user_rows", blocks->users, status);
    if (blocks->user_rows == NULL)
        return false;
    blocks->movie_rows = find_array(blocks, "movie_rows", blocks->movies, status);
    return blocks->movie_rows != NULL && find_values(blocks, status);
}

static bool check_starts(const char *name, const uint32_t *starts, uint32_t sides, uint32_t rows,
                         struct status *status) {
    bool good = starts[0] == 0 && starts[sides] == rows;
    for (uint32_t i = 0; good && i < sides; i++)
        good = starts[i] <= starts[i + 1] && starts[i + 1] - starts[i] <= BLOCKS_SIDE_ROWS_MAX;
    return good || status_fail(status, STATUS_BAD_DATA, "section %s does not divide %u rows", name, rows);
}

/* Workers and pservers know a part or a stratum by its first row and its last. */
static bool check_rows(const char *name, const uint32_t *rows, uint32_t count, struct status *status) {
    for (uint32_t place = 0; place < count; place++)
        if (rows[place] != place)
            return status_fail(status, STATUS_BAD_DATA,
                               "section %s: place %u has row %u; rows must lie in their order", name, place,
                               rows[place]);
    return true;
}

static bool place_blocks(struct blocks *blocks, struct status *status) {
    uint64_t count = (uint64_t)blocks->parts * blocks->strata, offset = 0, ratings = 0;
    size_t length;
    blocks->ratings = container_find(blocks->file, "blocks", &length, status);
    if (blocks->ratings == NULL)
        return false;
    blocks->offsets = memory_take_array(count, sizeof *blocks->offsets, "places of blocks", status);
    if (blocks->offsets == NULL)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        blocks->offsets[i] = offset;
        offset += blocks_bytes(blocks->counts[i]);
        ratings += blocks->counts[i];
    }
    if (offset != length || ratings != blocks->train_count)
        return status_fail(status, STATUS_BAD_DATA, "section blocks does not hold what section counts says");
    return true;
}

MULTIVERSION static uint32_t largest_u16(const uint16_t *items, uint32_t count) {
    uint16_t largest = 0;
    for (uint32_t i = 0; i < count; i++)
        largest = items[i] > largest ? items[i] : largest;
    return largest;
}

MULTIVERSION static uint32_t largest_u8(const uint8_t *items, uint32_t count) {
    uint8_t largest = 0;
    for (uint32_t i = 0; i < count; i++)
        largest = items[i] > largest ? items[i] : largest;
    return largest;
}

static bool check_ratings(const struct blocks *blocks, struct status *status) {
    for (uint32_t part = 0; part < blocks->parts; part++)
        for (uint32_t stratum = 0; stratum < blocks->strata; stratum++) {
            struct block block = blocks_at(blocks, part, stratum);
            if (block.count > 0 &&
                (largest_u16(block.users, block.count) >= blocks_part_rows(blocks, part) ||
                 largest_u16(block.movies, block.count) >= blocks_stratum_rows(blocks, stratum) ||
                 largest_u8(block.codes, block.count) >= blocks->value_count))
                return status_fail(status, STATUS_BAD_DATA,
                                   "block %u x %u names a row or a value that is not there", part, stratum);
            blocks_forget(blocks, part, stratum);
        }
    return true;
}

static bool check(struct blocks *blocks, struct status *status) {
    return check_starts("part_starts", blocks->part_starts, blocks->parts, blocks->users, status) &&
           check_starts("stratum_starts", blocks->stratum_starts, blocks->strata, blocks->movies, status) &&
           check_rows("user_rows", blocks->user_rows, blocks->users, status) &&
           check_rows("movie_rows", blocks->movie_rows, blocks->movies, status) &&
           place_blocks(blocks, status) && check_ratings(blocks, status);
}

/* Blocks that a test has made in memory have no file. */
static bool is_large(const struct blocks *blocks) {
    return blocks->file != NULL && container_is_large(blocks->file);
}

void blocks_expect(const struct blocks *blocks, uint32_t part, uint32_t stratum) {
    struct block block = blocks_at(blocks, part, stratum);
    if (is_large(blocks))
        container_expect(block.users, blocks_bytes(block.count));
}

void blocks_forget(const struct blocks *blocks, uint32_t part, uint32_t stratum) {
    struct block block = blocks_at(blocks, part, stratum);
    if (is_large(blocks))
        container_forget(block.users, blocks_bytes(block.count));
}

static uint64_t digest(const struct container *file) {
    static const char *const NAMES[] = {"blocks",         "counts",    "values",    "part_starts",
                                        "stratum_starts", "user_rows", "movie_rows"};
    uint64_t hashes[sizeof NAMES / sizeof NAMES[0]];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        hashes[i] = container_hash(file, NAMES[i]);
    return hash_bytes(hashes, sizeof hashes, 0);
}

bool blocks_open(struct blocks *blocks, const char *path, const struct packed_set *set,
                 struct status *status) {
    char file[PATH_MAX];
    struct stat found;
    *blocks = (struct blocks){0};
    bool is_folder = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    int length = snprintf(file, sizeof file, is_folder ? "%s/" BLOCKS_FILE : "%s", path);
    if (length < 0 || (size_t)length >= sizeof file)
        return status_fail(status, STATUS_NO_INPUT, "%s: the name is too long", path);
    blocks->file = container_open(file, CONTAINER_BLOCKS, status);
    if (blocks->file == NULL)
        return false;
    if (!read_meta(blocks, set, status) || !find_sections(blocks, status) || !check(blocks, status)) {
        blocks_close(blocks);
        return status_context(status, "%s", file);
    }
    blocks->digest = digest(blocks->file);
    return true;
}

void blocks_close(struct blocks *blocks) {
    container_close(blocks->file);
    memory_release(blocks->offsets);
    *blocks = (struct blocks){0};
}
