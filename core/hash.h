/* XXH3 (Yann Collet's xxHash), the one hash of the project: checksums of files, digests of models and
 * configurations. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The 64-bit XXH3 hash of length bytes with a seed. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);

/* The same hash, with seed 0, of bytes that come piece by piece. */
struct hash_stream;
/* NULL and STATUS_NO_MEMORY; given back with memory_release. */
struct hash_stream *hash_stream_make(struct status *status);
void hash_stream_begin(struct hash_stream *stream);
void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t length);
/* Of the bytes since the last begin. */
uint64_t hash_stream_value(const struct hash_stream *stream);

#endif
