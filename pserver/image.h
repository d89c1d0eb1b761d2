/* The arrays of a shard's image (core/image.h): what a checkpoint is copied into, and read into. */
#ifndef PSERVER_IMAGE_H
#define PSERVER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/image.h"
#include "core/status.h"
#include "pserver/shard.h"

/* Takes arrays for the rows of a shard, for a full history of rates, and for held_capacity rows read ahead. All of it has
 * been written once, so that a copy into it meets no page for the first time. False and status on failure; to be given back
 * with image_free either way. */
bool image_init(struct shard_image *image, const struct shard_spec *spec, uint64_t held_capacity,
                struct status *status);
void image_free(struct shard_image *image);

/* Bytes that image_init takes. */
size_t image_bytes(const struct shard_spec *spec, uint64_t held_capacity);

#endif
