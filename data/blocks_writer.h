/* Writing blocks.dotbias (data/blocks.h) part by part. */
#ifndef DATA_BLOCKS_WRITER_H
#define DATA_BLOCKS_WRITER_H

#include <stddef.h>

#include "data/blocks_plan.h"

/* The ratings of one part as they are collected: user by user in the order of places. */
struct part_ratings {
    uint32_t count;
    const uint32_t *user_ends; /* of each user of the part: where its ratings end */
    const uint32_t *movies;    /* side_place of each rating's movie */
    const uint8_t *codes;
};

/* The same in blocks, as they will lie in the file. */
struct part_blocks {
    unsigned char *bytes;
    size_t length, capacity;
    uint32_t *counts; /* [strata] */
};

/* Arranges a part of `users` users into the blocks of its strata, taking memory as needed; several parts may
 * be arranged at once. STATUS_NO_MEMORY. */
bool part_blocks_arrange(struct part_blocks *blocks, const struct part_ratings *ratings, uint32_t users,
                         uint32_t strata, struct status *status);
void part_blocks_clear(struct part_blocks *blocks);

struct blocks_writer;

/* Begins folder/blocks.dotbias; the sides are borrowed until the end. */
struct blocks_writer *blocks_writer_begin(const char *folder, const struct blocks_side *parts,
                                          const struct blocks_side *strata, struct status *status);

/* Appends the next part, from 0 on. */
bool blocks_writer_part(struct blocks_writer *writer, const struct part_blocks *blocks,
                        struct status *status);

/* The hash of the ratings so far, by which a set without training ratings of its own knows its blocks. */
uint64_t blocks_writer_hash(const struct blocks_writer *writer);

/* Completes the file and makes it visible; values[value_count] rise, set_digest is that of a set with
 * training ratings, else 0. Ends and frees the writer in every case. */
bool blocks_writer_commit(struct blocks_writer *writer, const float *values, uint32_t value_count,
                          uint64_t set_digest, struct status *status);

/* Leaves nothing behind. NULL is allowed. */
void blocks_writer_abandon(struct blocks_writer *writer);

#endif
