/* A packed set's training ratings in parts x strata blocks, five bytes each, for the mode `blocked`.
 *
 * Users lie in P parts and movies in S strata (data/blocks_plan.h), so that a rating needs no more than its
 * user's place in the part, its movie's place in the stratum and its value's code. One container
 * (CONTAINER_BLOCKS) `blocks.dotbias` beside the set's ratings.dotbias. Sections:
 * - blocks: block after block, the strata of part 0 first. A block of n ratings begins on a multiple of 8
 *   bytes and is u16 users[m], u16 movies[m], u8 codes[m], where m is n rounded up to a multiple of 8 and what
 *   is behind n is zero. Ratings come user by user in the order of places, those of a user in the order of
 *   the set, dealt out from sixteen piles in turn (data/blocks_writer.c says why);
 * - counts: u32[P * S], the ratings of each block;
 * - values: f32[], rising: the value of each code;
 * - part_starts, stratum_starts: u32[P + 1], u32[S + 1], the first place of each;
 * - user_rows, movie_rows: u32[], the dense row at each place. Parts and strata are runs of neighbouring rows, so
 *   that is the place's own number, and a file that says otherwise is refused;
 * - meta: JSON with users, movies, parts, strata, train, and the digest of the set. */
#ifndef DATA_BLOCKS_H
#define DATA_BLOCKS_H

#include "data/blocks_plan.h"
#include "data/packed_set.h"

#define BLOCKS_FILE "blocks.dotbias"

struct blocks {
    struct container *file; /* owns the pointers below but `offsets` */
    uint32_t users, movies, parts, strata;
    uint64_t train_count;
    uint32_t value_count;
    const float *values;
    const uint32_t *part_starts, *stratum_starts;
    const uint32_t *user_rows, *movie_rows;
    const uint32_t *counts;
    const unsigned char *ratings;
    uint64_t *offsets; /* [P * S] of each block in the section, in bytes; owned */
    uint64_t digest;   /* of all that the ratings are made of: who agrees on it reads the same blocks */
};

/* The ratings of one block, as they lie in the file. */
struct block {
    uint32_t count;
    const uint16_t *users, *movies; /* places within the part and the stratum */
    const uint8_t *codes;           /* into values */
};

/* Bytes of a block of so many ratings. */
static inline uint64_t blocks_bytes(uint32_t count) {
    return ((uint64_t)count + 7) / 8 * 40;
}

static inline struct block blocks_at(const struct blocks *blocks, uint32_t part, uint32_t stratum) {
    uint64_t i = (uint64_t)part * blocks->strata + stratum;
    uint64_t room = blocks_bytes(blocks->counts[i]) / 5;
    const unsigned char *begin = blocks->ratings + blocks->offsets[i];
    return (struct block){blocks->counts[i], (const uint16_t *)(const void *)begin,
                          (const uint16_t *)(const void *)(begin + 2 * room), begin + 4 * room};
}

/* For a file that is large (data/container.h), and nothing otherwise: a block will be read soon, or not for a while. */
void blocks_expect(const struct blocks *blocks, uint32_t part, uint32_t stratum);
void blocks_forget(const struct blocks *blocks, uint32_t part, uint32_t stratum);

/* Users in a part, movies in a stratum. */
static inline uint32_t blocks_part_rows(const struct blocks *blocks, uint32_t part) {
    return blocks->part_starts[part + 1] - blocks->part_starts[part];
}

static inline uint32_t blocks_stratum_rows(const struct blocks *blocks, uint32_t stratum) {
    return blocks->stratum_starts[stratum + 1] - blocks->stratum_starts[stratum];
}

/* Opens folder/blocks.dotbias (or the file itself). Checks every hash, that it belongs to the set, and that
 * every rating names a place and a code that are there. STATUS_NO_INPUT when there is no such file,
 * STATUS_BAD_DATA, STATUS_PROTOCOL, STATUS_IO, STATUS_NO_MEMORY. */
bool blocks_open(struct blocks *blocks, const char *path, const struct packed_set *set,
                 struct status *status);
void blocks_close(struct blocks *blocks);

/* Makes folder/blocks.dotbias from a set that holds its training ratings. The set is read once, and once more
 * for every memory_bytes that its ratings take at five bytes each; the outcome does not depend on
 * memory_bytes. STATUS_BAD_DATA when the set has more than 256 different values or the shape does not fit
 * (blocks_side_deal); STATUS_CANT_CREATE, STATUS_IO, STATUS_NO_MEMORY. On failure nothing is left behind. */
bool blocks_build(const struct packed_set *set, const char *folder, struct blocks_shape shape,
                  uint64_t memory_bytes, struct status *status);

/* The same for the set in a folder, in at most 1 GiB beside what a part needs; a shape of zeros is
 * blocks_shape_for. */
bool blocks_build_beside(const char *folder, struct blocks_shape shape, struct status *status);

#endif
