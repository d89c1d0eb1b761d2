/* Folders for output: made with their parents, and taken away again if nothing came of them. */
#ifndef DATA_FOLDER_H
#define DATA_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "core/status.h"

struct folder {
    char path[PATH_MAX];
    unsigned made; /* folders of the path that did not exist before */
};

/* Makes the folder and its parents where they are missing. Fails with STATUS_CANT_CREATE, leaving nothing
 * behind. */
bool folder_make(struct folder *folder, const char *path, struct status *status);

/* Removes what folder_make made, as far as it is empty. */
void folder_undo(struct folder *folder);

/* Makes the names in a folder last through a crash of the machine; STATUS_IO. */
bool folder_sync(const char *path, struct status *status);

#endif
