/* A file that appears whole or not at all: written to `path.tmp.<pid>`, then fsynced, renamed to path, and
 * the folder fsynced. Every byte this project leaves on disk goes through here, so that a full disk or a
 * crash never leaves half a file under a name that somebody reads.
 *
 * After a failure nothing is left, with one exception: when the folder alone cannot be synced, the whole file stays, since
 * taking it away again could not be made to last either.
 *
 * Errors: STATUS_CANT_CREATE when the file cannot be opened for writing, STATUS_IO when a write, fsync or
 * rename fails (disk full, file size limit), STATUS_NO_MEMORY. */
#ifndef DATA_ATOMIC_FILE_H
#define DATA_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct atomic_file;

/* Starts a file that shall replace path. What lies at path, if anything, must be a regular file. */
struct atomic_file *atomic_file_create(const char *path, struct status *status);

/* Appends bytes (buffered). */
bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t length, struct status *status);

/* Bytes appended so far. */
uint64_t atomic_file_size(const struct atomic_file *file);

/* Overwrites bytes that were appended before, without moving the end. */
bool atomic_file_patch(struct atomic_file *file, uint64_t offset, const void *bytes, size_t length,
                       struct status *status);

/* Makes the file visible under its name. Ends and frees the file in every case; on failure nothing is left
 * behind. A file of which a write has failed cannot be committed. */
bool atomic_file_commit(struct atomic_file *file, struct status *status);

/* Removes what was written and frees the file. NULL is allowed. */
void atomic_file_abandon(struct atomic_file *file);

#endif
