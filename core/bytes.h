/* Fixed-width numbers in byte strings of unknown alignment. Wire and disk are little-endian, and so is every
 * machine we build for; elsewhere this header refuses to compile. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "dotbias files and messages are little-endian");

static inline uint32_t bytes_u32(const void *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t bytes_u64(const void *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

#endif
