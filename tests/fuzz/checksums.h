/* Sets the checksums of a container right, whatever its bytes are: those that a fuzzer makes up never match, and what lies
 * behind the checksums is to be reached too. */
#ifndef TESTS_FUZZ_CHECKSUMS_H
#define TESTS_FUZZ_CHECKSUMS_H

#include <string.h>

#include "core/hash.h"
#include "data/container_layout.h"

static inline void checksums_set_entries(uint8_t *bytes, size_t length, uint64_t table_offset,
                                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct container_entry entry;
        memcpy(&entry, bytes + table_offset + i * sizeof entry, sizeof entry);
        if (entry.offset <= length && entry.bytes <= length - entry.offset)
            entry.hash = hash_bytes(bytes + entry.offset, entry.bytes, 0);
        memcpy(bytes + table_offset + i * sizeof entry, &entry, sizeof entry);
    }
}

static inline void checksums_set(uint8_t *bytes, size_t length) {
    struct container_header header;
    if (length < sizeof header)
        return;
    memcpy(&header, bytes, sizeof header);
    uint64_t table_bytes = header.section_count * (uint64_t)sizeof(struct container_entry);
    if (header.table_offset <= length && table_bytes <= length - header.table_offset) {
        checksums_set_entries(bytes, length, header.table_offset, header.section_count);
        header.table_hash = hash_bytes(bytes + header.table_offset, table_bytes, 0);
    }
    header.header_hash = hash_bytes(&header, offsetof(struct container_header, header_hash), 0);
    memcpy(bytes, &header, sizeof header);
}

#endif
