/* hash_bytes for loops over many millions of short strings, where a call would cost as much as the hash. */
#ifndef CORE_HASH_INLINE_H
#define CORE_HASH_INLINE_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes_inline(const void *bytes, size_t length, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, length, seed);
}

#endif
