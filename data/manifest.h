/* A checkpoint's manifest: where the run stood, as JSON that people can read.
 *
 *   {"hash": "<XXH3 of position, as compact JSON with sorted keys>", "position": {...}}
 *
 * Doubles are strings of 17 digits, which give the same bits back and know infinity; digests are strings of
 * hexadecimal digits; steps and counts are integers, below 2^63. */
#ifndef DATA_MANIFEST_H
#define DATA_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>

#include "core/image.h"
#include "core/status.h"

/* Writes a manifest atomically. files says which shard files belong to it (borrowed), and comes back as member
 * `files` of what manifest_read gives. STATUS_CANT_CREATE, STATUS_IO, STATUS_NO_MEMORY. */
bool manifest_write(const char *path, const struct run_position *position, json_t *files,
                    struct status *status);

/* The position of a manifest whose hash is right, to be given back with json_decref; otherwise NULL and
 * STATUS_NO_INPUT when there is no such file, STATUS_IO when it cannot be read, STATUS_NO_MEMORY, or
 * STATUS_BAD_DATA (jansson's parser does not tell want of memory from bad text). */
json_t *manifest_read(const char *path, struct status *status);

/* Fills *position, whose arrays have room for lanes_capacity lanes. STATUS_BAD_DATA. */
bool manifest_position(json_t *manifest, struct run_position *position, uint32_t lanes_capacity,
                       struct status *status);

#endif
