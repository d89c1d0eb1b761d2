#include "data/blocks_writer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/blocks.h"
#include "data/sections.h"

struct blocks_writer {
    struct container_writer *file;
    const struct blocks_side *parts, *strata;
    uint32_t *counts; /* [parts * strata] */
    uint32_t written; /* parts */
    uint64_t train;
};

enum { STRIPES = 16 };

/* Where a block's ratings go. */
struct block_room {
    uint16_t *users, *movies;
    uint8_t *codes;
    uint32_t filled;
};

static bool take_room(struct part_blocks *blocks, const struct part_ratings *ratings, uint32_t strata,
                      struct status *status) {
    if (blocks->counts == NULL)
        blocks->counts = memory_take_array(strata, sizeof *blocks->counts, "blocks", status);
    if (blocks->counts == NULL)
        return false;
    memset(blocks->counts, 0, strata * sizeof *blocks->counts);
    blocks->length = 0;
    for (uint32_t i = 0; i < ratings->count; i++)
        blocks->counts[ratings->movies[i] >> 16]++;
    for (uint32_t stratum = 0; stratum < strata; stratum++)
        blocks->length += blocks_bytes(blocks->counts[stratum]);
    if (blocks->length <= blocks->capacity)
        return true;
    /* What was there is not needed any more. */
    memory_release(blocks->bytes);
    blocks->capacity = 0;
    blocks->bytes = memory_take(blocks->length, "blocks", status);
    if (blocks->bytes == NULL)
        return false;
    blocks->capacity = blocks->length;
    return true;
}

static void place_blocks(struct part_blocks *blocks, struct block_room *rooms, uint32_t strata) {
    unsigned char *at = blocks->bytes;
    for (uint32_t stratum = 0; stratum < strata; stratum++) {
        uint64_t bytes = blocks_bytes(blocks->counts[stratum]), room = bytes / 5;
        rooms[stratum] = (struct block_room){(uint16_t *)(void *)at, (uint16_t *)(void *)(at + 2 * room),
                                             at + 4 * room, 0};
        at += bytes;
    }
}

/* Where the i-th of a block's ratings, user by user, lies in it: they are laid in STRIPES piles one after another, and dealt
 * out from these in turn. Neighbours then have different users, and mostly different movies, which is what lets the walk
 * of a block (model/block.h) work on several at a time; each pile still goes user by user, which caches like. */
static uint32_t striped(uint32_t i, uint32_t count) {
    uint32_t height = (count + STRIPES - 1) / STRIPES, piles = (count + height - 1) / height;
    uint32_t last_height = count - (piles - 1) * height, pile = i / height, depth = i % height;
    uint32_t short_rows = depth > last_height ? depth - last_height : 0;
    return depth * piles - short_rows + pile;
}

bool part_blocks_arrange(struct part_blocks *blocks, const struct part_ratings *ratings, uint32_t users,
                         uint32_t strata, struct status *status) {
    struct block_room *rooms = memory_take_array(strata, sizeof *rooms, "blocks of a part", status);
    if (rooms == NULL || !take_room(blocks, ratings, strata, status)) {
        memory_release(rooms);
        return false;
    }
    memset(blocks->bytes, 0, blocks->length);
    place_blocks(blocks, rooms, strata);
    for (uint32_t user = 0, i = 0; user < users; user++)
        for (; i < ratings->user_ends[user]; i++) {
            uint32_t stratum = ratings->movies[i] >> 16;
            struct block_room *room = &rooms[stratum];
            uint32_t at = striped(room->filled++, blocks->counts[stratum]);
            room->users[at] = (uint16_t)user;
            room->movies[at] = (uint16_t)ratings->movies[i];
            room->codes[at] = ratings->codes[i];
        }
    memory_release(rooms);
    return true;
}

void part_blocks_clear(struct part_blocks *blocks) {
    memory_release(blocks->bytes);
    memory_release(blocks->counts);
    *blocks = (struct part_blocks){0};
}

struct blocks_writer *blocks_writer_begin(const char *folder, const struct blocks_side *parts,
                                          const struct blocks_side *strata, struct status *status) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" BLOCKS_FILE, folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", folder);
        return NULL;
    }
    struct blocks_writer *writer = memory_take(sizeof *writer, "a writer of blocks", status);
    if (writer == NULL)
        return NULL;
    writer->parts = parts;
    writer->strata = strata;
    writer->counts = memory_take_array((size_t)parts->sides * strata->sides, sizeof *writer->counts,
                                       "counts of blocks", status);
    if (writer->counts != NULL)
        writer->file = container_create(path, CONTAINER_BLOCKS, status);
    if (writer->file != NULL && container_section(writer->file, "blocks", status))
        return writer;
    blocks_writer_abandon(writer);
    return NULL;
}

bool blocks_writer_part(struct blocks_writer *writer, const struct part_blocks *blocks,
                        struct status *status) {
    uint32_t strata = writer->strata->sides;
    REQUIRE(writer->written < writer->parts->sides, "there are no more parts than were planned");
    memcpy(writer->counts + (size_t)strata * writer->written++, blocks->counts,
           strata * sizeof *blocks->counts);
    for (uint32_t stratum = 0; stratum < strata; stratum++)
        writer->train += blocks->counts[stratum];
    return container_write(writer->file, blocks->bytes, blocks->length, status);
}

uint64_t blocks_writer_hash(const struct blocks_writer *writer) {
    return container_section_hash(writer->file);
}

static bool write_array(struct container_writer *file, const char *name, const void *items, size_t count,
                        struct status *status) {
    return container_section(file, name, status) &&
           container_write(file, items, count * sizeof(uint32_t), status);
}

static json_t *describe(const struct blocks_writer *writer, uint64_t set_digest) {
    char digest[32];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)set_digest);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "users", (json_int_t)writer->parts->rows, "movies",
                     (json_int_t)writer->strata->rows, "parts", (json_int_t)writer->parts->sides, "strata",
                     (json_int_t)writer->strata->sides, "train", (json_int_t)writer->train, "set_digest",
                     digest);
}

static bool complete(struct blocks_writer *writer, const float *values, uint32_t value_count,
                     uint64_t set_digest, struct status *status) {
    const struct blocks_side *parts = writer->parts, *strata = writer->strata;
    struct container_writer *file = writer->file;
    REQUIRE(writer->written == parts->sides, "every part was written");
    return write_array(file, "counts", writer->counts, (size_t)parts->sides * strata->sides, status) &&
           write_array(file, "values", values, value_count, status) &&
           write_array(file, "part_starts", parts->starts, parts->sides + 1, status) &&
           write_array(file, "stratum_starts", strata->starts, strata->sides + 1, status) &&
           write_array(file, "user_rows", parts->row_at, parts->rows, status) &&
           write_array(file, "movie_rows", strata->row_at, strata->rows, status) &&
           sections_write_meta(file, describe(writer, set_digest), status);
}

bool blocks_writer_commit(struct blocks_writer *writer, const float *values, uint32_t value_count,
                          uint64_t set_digest, struct status *status) {
    if (!complete(writer, values, value_count, set_digest, status)) {
        blocks_writer_abandon(writer);
        return false;
    }
    bool done = container_commit(writer->file, status);
    memory_release(writer->counts);
    memory_release(writer);
    return done;
}

void blocks_writer_abandon(struct blocks_writer *writer) {
    if (writer == NULL)
        return;
    container_abandon(writer->file);
    memory_release(writer->counts);
    memory_release(writer);
}
