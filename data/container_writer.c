#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/memory.h"
#include "data/atomic_file.h"
#include "data/container_layout.h"

struct container_writer {
    struct atomic_file *file;
    struct hash_stream *hash; /* of the section that is being written */
    struct container_header header;
    struct container_entry table[CONTAINER_SECTIONS_MAX];
};

struct container_writer *container_create(const char *path, enum container_kind kind, struct status *status) {
    struct container_writer *writer = memory_take(sizeof *writer, "a container's writer", status);
    if (writer == NULL)
        return NULL;
    writer->hash = hash_stream_make(status);
    writer->file = writer->hash == NULL ? NULL : atomic_file_create(path, status);
    memcpy(writer->header.magic, CONTAINER_MAGIC, sizeof writer->header.magic);
    writer->header.version = CONTAINER_VERSION;
    writer->header.kind = kind;
    /* The header's place is kept; it is written last, when the table is known. */
    if (writer->file != NULL &&
        atomic_file_write(writer->file, &writer->header, sizeof writer->header, status))
        return writer;
    container_abandon(writer);
    return NULL;
}

static bool pad(struct container_writer *writer, struct status *status) {
    static const unsigned char ZEROS[CONTAINER_ALIGNMENT];
    uint64_t size = atomic_file_size(writer->file);
    return atomic_file_write(writer->file, ZEROS, container_align(size) - size, status);
}

static void end_section(struct container_writer *writer) {
    if (writer->header.section_count == 0)
        return;
    struct container_entry *entry = &writer->table[writer->header.section_count - 1];
    entry->bytes = atomic_file_size(writer->file) - entry->offset;
    entry->hash = hash_stream_value(writer->hash);
}

bool container_section(struct container_writer *writer, const char *name, struct status *status) {
    REQUIRE(writer->header.section_count < CONTAINER_SECTIONS_MAX,
            "a container has room for one more section");
    REQUIRE(name[0] != '\0' && strlen(name) < CONTAINER_NAME_BYTES, "a section's name fits its place");
    end_section(writer);
    if (!pad(writer, status))
        return false;
    struct container_entry *entry = &writer->table[writer->header.section_count++];
    strcpy(entry->name, name);
    hash_stream_begin(writer->hash);
    entry->offset = atomic_file_size(writer->file);
    return true;
}

bool container_write(struct container_writer *writer, const void *bytes, size_t length,
                     struct status *status) {
    REQUIRE(writer->header.section_count > 0, "bytes belong to a section");
    hash_stream_add(writer->hash, bytes, length);
    return atomic_file_write(writer->file, bytes, length, status);
}

uint64_t container_section_hash(const struct container_writer *writer) {
    return hash_stream_value(writer->hash);
}

static bool finish(struct container_writer *writer, struct status *status) {
    struct container_header *header = &writer->header;
    size_t table_bytes = header->section_count * sizeof writer->table[0];
    end_section(writer);
    if (!pad(writer, status))
        return false;
    header->table_offset = atomic_file_size(writer->file);
    header->table_hash = hash_bytes(writer->table, table_bytes, 0);
    header->header_hash = hash_bytes(header, offsetof(struct container_header, header_hash), 0);
    return atomic_file_write(writer->file, writer->table, table_bytes, status) &&
           atomic_file_patch(writer->file, 0, header, sizeof *header, status);
}

bool container_commit(struct container_writer *writer, struct status *status) {
    if (!finish(writer, status)) {
        container_abandon(writer);
        return false;
    }
    bool done = atomic_file_commit(writer->file, status);
    memory_release(writer->hash);
    memory_release(writer);
    return done;
}

void container_abandon(struct container_writer *writer) {
    if (writer == NULL)
        return;
    atomic_file_abandon(writer->file);
    memory_release(writer->hash);
    memory_release(writer);
}
