/* A folder of files that appears whole or not at all, as data/atomic_file.h has it for one file: written as
 * `path.tmp.<pid>`, every file and the folder synced, then renamed to path.
 *
 * Errors: STATUS_CANT_CREATE when a folder or file cannot be made, or something is in the way; STATUS_IO when a write,
 * sync or rename fails; STATUS_NO_MEMORY. */
#ifndef DATA_ATOMIC_FOLDER_H
#define DATA_ATOMIC_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "data/atomic_file.h"
#include "data/folder.h"

struct atomic_folder {
    struct folder temporary; /* with the parents that it made */
    char path[PATH_MAX];     /* what it will be, without a slash at the end */
};

/* Begins a folder, with its parents where they are missing. */
bool atomic_folder_begin(struct atomic_folder *folder, const char *path, struct status *status);

/* Begins a file in it, which the caller commits or abandons before the folder. */
struct atomic_file *atomic_folder_file(const struct atomic_folder *folder, const char *name,
                                       struct status *status);

/* Makes the folder visible under its name. A folder that is there already must be empty, or `replaces` must be true:
 * then the two change names in one move, and the old one is removed with the files in it (it holds no folders). On
 * failure nothing is left of the new one, with two exceptions: when the folder around it alone cannot be synced (as
 * data/atomic_file.h), and when the old one cannot be removed, which the sentence then says. */
bool atomic_folder_commit(struct atomic_folder *folder, bool replaces, struct status *status);

/* Removes what was written. */
void atomic_folder_abandon(struct atomic_folder *folder);

#endif
