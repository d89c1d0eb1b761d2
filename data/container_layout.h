/* The bytes of a container, shared by its writer and its reader; the picture is in data/container.h. */
#ifndef DATA_CONTAINER_LAYOUT_H
#define DATA_CONTAINER_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "data/container.h"

#define CONTAINER_MAGIC "DOTBIAS\n"

enum { CONTAINER_ALIGNMENT = 64 };

struct container_header {
    char magic[8];
    uint32_t version;
    uint32_t kind;
    uint64_t table_offset;
    uint32_t section_count;
    uint32_t zero;
    uint64_t table_hash;
    uint64_t header_hash; /* of the bytes before it */
    unsigned char zeros[16];
};

struct container_entry {
    char name[CONTAINER_NAME_BYTES];
    uint64_t offset, bytes, hash;
};

_Static_assert(sizeof(struct container_header) == CONTAINER_ALIGNMENT, "a header of 64 bytes");
_Static_assert(offsetof(struct container_header, header_hash) == 40, "a header without holes");
_Static_assert(sizeof(struct container_entry) == 48, "an entry of 48 bytes");

/* The next multiple of CONTAINER_ALIGNMENT. */
static inline uint64_t container_align(uint64_t offset) {
    return (offset + CONTAINER_ALIGNMENT - 1) / CONTAINER_ALIGNMENT * CONTAINER_ALIGNMENT;
}

#endif
