/* The one file format at rest: a checksummed file of named sections, written atomically, read by
 * memory-mapping.
 *
 * Layout (little-endian): a header of 64 bytes {magic "DOTBIAS\n", u32 version, u32 kind, u64 table offset,
 * u32 section count, u32 zero, u64 hash of the table, u64 hash of the header's bytes before it, zeros};
 * sections, each starting on the next multiple of 64, zeros between them; the table, also on a multiple of
 * 64, one entry of 48 bytes per section {char name[24], u64 offset, u64 bytes, u64 XXH3 of the content};
 * nothing after it. A reader checks every hash, offset and size before it hands out a byte: a flipped bit
 * anywhere is refused with STATUS_BAD_DATA; another version with STATUS_PROTOCOL. A packed ratings set, its
 * blocks, a model and a checkpoint are kinds of this file. */
#ifndef DATA_CONTAINER_H
#define DATA_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum { CONTAINER_VERSION = 1, CONTAINER_SECTIONS_MAX = 64, CONTAINER_NAME_BYTES = 24 };

enum container_kind {
    CONTAINER_RATINGS = 1,
    CONTAINER_MODEL = 2,
    CONTAINER_CHECKPOINT = 3,
    CONTAINER_BLOCKS = 4,
};

/* Writing: sections are streamed one after another into an atomic file (data/atomic_file.h); commit fsyncs
 * it, renames it to path and fsyncs the folder. A writer that is abandoned leaves nothing behind. */
struct container_writer;
struct container_writer *container_create(const char *path, enum container_kind kind, struct status *status);
bool container_section(struct container_writer *writer, const char *name, struct status *status);
bool container_write(struct container_writer *writer, const void *bytes, size_t length,
                     struct status *status);
/* The hash of what the section that is being written holds so far. */
uint64_t container_section_hash(const struct container_writer *writer);
/* Ends and frees the writer in every case. */
bool container_commit(struct container_writer *writer, struct status *status);
void container_abandon(struct container_writer *writer);

/* Reading: the whole file is mapped read-only and shared; pointers live until container_close. */
struct container;
struct container *container_open(const char *path, enum container_kind kind, struct status *status);
void container_close(struct container *container);
/* The section's first byte and its length; NULL and STATUS_BAD_DATA when there is no such section. An empty
 * section gives a non-NULL pointer and length 0. */
const void *container_find(const struct container *container, const char *name, size_t *length,
                           struct status *status);
/* The checked XXH3 hash of a section's content, of which digests are made; 0 when there is no such section.
 */
uint64_t container_hash(const struct container *container, const char *name);

/* ---- large files ----
 * What has been read of a mapped file counts as memory of its process. So a file larger than CONTAINER_LARGE is checked
 * piece by piece, and who goes on reading it may do likewise. None of this changes what is read. */
#define CONTAINER_LARGE (UINT64_C(1) << 30)

bool container_is_large(const struct container *container);
/* Mapped bytes that will be read soon: the kernel begins to fetch them from the disk. */
void container_expect(const void *bytes, size_t length);
/* Mapped bytes that will not be read for a while: no longer this process's memory, though still in the page cache. */
void container_forget(const void *bytes, size_t length);

#endif
