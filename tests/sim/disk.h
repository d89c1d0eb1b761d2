/* The disk of a virtual cluster: checkpoints by number, with the meaning of data/checkpoint.h. A checkpoint counts when
 * its manifest is whole and every shard's file is the one that the manifest was made of; the newest that counts is
 * taken up; `keep` of them are kept. A node that dies while it writes leaves nothing, half a file, or all of it. */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include "core/image.h"
#include "core/status.h"
#include "faults.h"

enum { DISK_SHARDS_MAX = 8, DISK_LANES_MAX = 16, DISK_CHECKPOINTS_MAX = 64 };

struct disk_file {
    uint64_t mark; /* 0: there is none; else of this writing alone */
    bool torn;
    struct shard_image image; /* its arrays are the disk's own */
};

struct disk_checkpoint {
    uint64_t number; /* 0: the place is free */
    struct disk_file files[DISK_SHARDS_MAX];
    bool has_manifest, manifest_torn;
    uint64_t marks[DISK_SHARDS_MAX]; /* of the files that the manifest was made of */
    struct run_position position;
    double squared[DISK_LANES_MAX];
    uint64_t counts[DISK_LANES_MAX];
};

struct disk {
    struct disk_checkpoint checkpoints[DISK_CHECKPOINTS_MAX];
    uint64_t writings, committed, skipped; /* skipped: newer checkpoints that a find passed over */
    size_t blocks;                         /* of memory that the disk holds */
    struct faults *faults;
};

/* faults: borrowed; decides what is torn and when the disk is full. */
void disk_init(struct disk *disk, struct faults *faults);
void disk_free(struct disk *disk);

/* STATUS_IO when the disk is full. */
bool disk_write(struct disk *disk, uint64_t number, const struct shard_image *image, struct status *status);
bool disk_commit(struct disk *disk, const struct run_position *position, uint32_t keep,
                 struct status *status);

/* As checkpoint_read_shard. */
bool disk_read(const struct disk *disk, uint64_t number, uint32_t shards_then, struct shard_image *image,
               uint64_t rates_capacity, struct status *status);

/* What a writer that dies leaves of its image, or of its manifest. */
void disk_break_write(struct disk *disk, uint64_t number, const struct shard_image *image);
void disk_break_commit(struct disk *disk, const struct run_position *position, uint32_t keep);

/* The power fails: some file of the newest checkpoint is torn. */
void disk_power_cut(struct disk *disk);

/* The newest checkpoint that counts, or NULL; what points into it is the disk's. */
const struct run_position *disk_find(struct disk *disk);

#endif
