#include "data/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/memory.h"
#include "data/container_layout.h"

struct container {
    const unsigned char *bytes;
    uint64_t size;
    const struct container_header *header;
    const struct container_entry *table;
};

static const char *kind_name(uint32_t kind) {
    static const char *const NAMES[] = {"", "packed ratings set", "model", "checkpoint", "set of blocks"};
    return kind >= CONTAINER_RATINGS && kind <= CONTAINER_BLOCKS ? NAMES[kind] : "file of unknown kind";
}

static bool damaged(struct status *status, const char *what) {
    return status_fail(status, STATUS_BAD_DATA, "the file is damaged: %s", what);
}

static bool all_zero(const unsigned char *bytes, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool check_header(const struct container *container, enum container_kind kind, struct status *status) {
    const struct container_header *header = container->header;
    if (container->size < sizeof *header || memcmp(header->magic, CONTAINER_MAGIC, sizeof header->magic) != 0)
        return status_fail(status, STATUS_BAD_DATA, "not a dotbias file, or cut short");
    /* Another version may mean another header: nothing after it is believed. */
    if (header->version != CONTAINER_VERSION)
        return status_fail(status, STATUS_PROTOCOL, "format version %u, this program reads version %u",
                           header->version, CONTAINER_VERSION);
    if (header->header_hash != hash_bytes(header, offsetof(struct container_header, header_hash), 0) ||
        header->zero != 0 || !all_zero(header->zeros, sizeof header->zeros))
        return damaged(status, "its header does not match its checksum");
    if (header->kind != (uint32_t)kind)
        return status_fail(status, STATUS_BAD_DATA, "a %s, where a %s is needed", kind_name(header->kind),
                           kind_name(kind));
    return true;
}

static bool check_table(const struct container *container, struct status *status) {
    const struct container_header *header = container->header;
    uint64_t table_bytes = header->section_count * (uint64_t)sizeof(struct container_entry);
    if (header->section_count > CONTAINER_SECTIONS_MAX || header->table_offset % CONTAINER_ALIGNMENT != 0 ||
        header->table_offset > container->size || container->size - header->table_offset != table_bytes)
        return damaged(status, "its length is not what its header says");
    if (header->table_hash != hash_bytes(container->bytes + header->table_offset, table_bytes, 0))
        return damaged(status, "its table of sections does not match its checksum");
    return true;
}

static bool name_is_sound(const struct container *container, uint32_t index) {
    const char *name = container->table[index].name;
    size_t length = strnlen(name, CONTAINER_NAME_BYTES);
    if (length == 0 || length == CONTAINER_NAME_BYTES ||
        !all_zero((const unsigned char *)name + length, CONTAINER_NAME_BYTES - length))
        return false;
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(container->table[i].name, name) == 0)
            return false;
    return true;
}

/* Piece by piece, so that a large file need not be in memory as a whole. */
static bool hash_section(const struct container *container, const struct container_entry *entry,
                         uint64_t *hash, struct status *status) {
    enum { PIECE = 1 << 22 };
    const unsigned char *bytes = container->bytes + entry->offset;
    if (entry->bytes <= PIECE) {
        *hash = hash_bytes(bytes, entry->bytes, 0);
        return true;
    }
    struct hash_stream *stream = hash_stream_make(status);
    if (stream == NULL)
        return false;
    hash_stream_begin(stream);
    for (uint64_t at = 0; at < entry->bytes; at += PIECE) {
        size_t length = entry->bytes - at < PIECE ? entry->bytes - at : PIECE;
        hash_stream_add(stream, bytes + at, length);
        if (container_is_large(container))
            container_forget(bytes + at, length);
    }
    *hash = hash_stream_value(stream);
    memory_release(stream);
    return true;
}

/* Sections lie one after another with nothing but zeros between them, so every byte of the file is accounted
 * for. */
static bool check_sections(const struct container *container, struct status *status) {
    const struct container_header *header = container->header;
    uint64_t end = sizeof *header;
    for (uint32_t i = 0; i < header->section_count; i++) {
        const struct container_entry *entry = &container->table[i];
        if (!name_is_sound(container, i))
            return damaged(status, "a section has no proper name");
        if (entry->offset != container_align(end) || entry->offset > header->table_offset ||
            entry->bytes > header->table_offset - entry->offset)
            return damaged(status, "a section lies outside its place");
        if (!all_zero(container->bytes + end, entry->offset - end))
            return damaged(status, "bytes between sections are not zero");
        uint64_t hash;
        if (!hash_section(container, entry, &hash, status))
            return false;
        if (entry->hash != hash)
            return status_fail(status, STATUS_BAD_DATA,
                               "the file is damaged: section %s does not match its checksum", entry->name);
        end = entry->offset + entry->bytes;
    }
    if (container_align(end) != header->table_offset ||
        !all_zero(container->bytes + end, header->table_offset - end))
        return damaged(status, "bytes before the table of sections do not belong");
    return true;
}

static bool map_file(struct container *container, const char *path, struct status *status) {
    struct stat found;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open");
    bool is_file = fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
    void *bytes = MAP_FAILED;
    if (is_file && found.st_size > 0)
        bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    int cause = errno;
    close(descriptor);
    if (!is_file)
        return status_fail(status, STATUS_NO_INPUT, "not a regular file");
    if (found.st_size == 0)
        return status_fail(status, STATUS_BAD_DATA, "not a dotbias file: it is empty");
    errno = cause;
    if (bytes == MAP_FAILED)
        return status_fail_errno(status, STATUS_IO, "cannot map the file");
    container->bytes = bytes;
    container->size = (uint64_t)found.st_size;
    return true;
}

static bool open_checked(struct container *container, const char *path, enum container_kind kind,
                         struct status *status) {
    if (!map_file(container, path, status))
        return false;
    container->header = (const struct container_header *)container->bytes;
    if (!check_header(container, kind, status) || !check_table(container, status))
        return false;
    container->table = (const struct container_entry *)(container->bytes + container->header->table_offset);
    return check_sections(container, status);
}

struct container *container_open(const char *path, enum container_kind kind, struct status *status) {
    struct container *container = memory_take(sizeof *container, "a container", status);
    if (container == NULL)
        return NULL;
    if (!open_checked(container, path, kind, status)) {
        status_context(status, "%s", path);
        container_close(container);
        return NULL;
    }
    return container;
}

void container_close(struct container *container) {
    if (container == NULL)
        return;
    if (container->bytes != NULL)
        munmap((void *)container->bytes, container->size);
    memory_release(container);
}

static const struct container_entry *find_entry(const struct container *container, const char *name) {
    for (uint32_t i = 0; i < container->header->section_count; i++)
        if (strcmp(container->table[i].name, name) == 0)
            return &container->table[i];
    return NULL;
}

const void *container_find(const struct container *container, const char *name, size_t *length,
                           struct status *status) {
    const struct container_entry *entry = find_entry(container, name);
    if (entry == NULL) {
        status_fail(status, STATUS_BAD_DATA, "section %s is missing", name);
        return NULL;
    }
    *length = entry->bytes;
    return container->bytes + entry->offset;
}

uint64_t container_hash(const struct container *container, const char *name) {
    const struct container_entry *entry = find_entry(container, name);
    return entry == NULL ? 0 : entry->hash;
}

bool container_is_large(const struct container *container) {
    return container->size > CONTAINER_LARGE;
}

/* Advice is about whole pages, and no more than advice: that it is not taken is no failure. */
static void advise(const void *bytes, size_t length, int advice) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)bytes, end = begin + length;
    begin -= begin % page;
    if (madvise((void *)begin, end - begin, advice) != 0)
        errno = 0;
}

void container_expect(const void *bytes, size_t length) {
    advise(bytes, length, MADV_WILLNEED);
}

void container_forget(const void *bytes, size_t length) {
    advise(bytes, length, MADV_DONTNEED);
}
