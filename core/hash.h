/* XXH3 (Yann Collet's xxHash), the one hash of the project: checksums of files, digests of models and
 * configurations. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The 64-bit XXH3 hash of length bytes with a seed. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);

#endif
