/* Can any bytes hurt the readers of packed sets and models? Bytes that a fuzzer makes up never match a
 * checksum, so the checksums are set right before the file is opened: what lies behind them is reached too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/hash.h"
#include "data/container_layout.h"
#include "data/model_file.h"
#include "data/packed_set.h"

enum { FUZZ_BYTES_MAX = 1 << 16 };

int container_fuzz(const uint8_t *bytes, size_t length);

static void set_entry_hashes(uint8_t *bytes, size_t length, uint64_t table_offset, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct container_entry entry;
        memcpy(&entry, bytes + table_offset + i * sizeof entry, sizeof entry);
        if (entry.offset <= length && entry.bytes <= length - entry.offset)
            entry.hash = hash_bytes(bytes + entry.offset, entry.bytes, 0);
        memcpy(bytes + table_offset + i * sizeof entry, &entry, sizeof entry);
    }
}

static void set_hashes(uint8_t *bytes, size_t length) {
    struct container_header header;
    if (length < sizeof header)
        return;
    memcpy(&header, bytes, sizeof header);
    uint64_t table_bytes = header.section_count * (uint64_t)sizeof(struct container_entry);
    if (header.table_offset <= length && table_bytes <= length - header.table_offset) {
        set_entry_hashes(bytes, length, header.table_offset, header.section_count);
        header.table_hash = hash_bytes(bytes + header.table_offset, table_bytes, 0);
    }
    header.header_hash = hash_bytes(&header, offsetof(struct container_header, header_hash), 0);
    memcpy(bytes, &header, sizeof header);
}

static void open_both(const char *path) {
    struct status status;
    struct packed_set set;
    struct model_file model;
    if (packed_set_open(&set, path, &status))
        packed_set_close(&set);
    if (model_file_open(&model, path, &status))
        model_file_close(&model);
}

int container_fuzz(const uint8_t *bytes, size_t length) {
    static uint8_t copy[FUZZ_BYTES_MAX];
    char path[64];
    int file = memfd_create("container", MFD_CLOEXEC);
    if (file < 0 || length > sizeof copy) {
        close(file);
        return 0;
    }
    memcpy(copy, bytes, length);
    set_hashes(copy, length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, copy, length) == (ssize_t)length)
        open_both(path);
    close(file);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return container_fuzz(bytes, length);
}
#endif
