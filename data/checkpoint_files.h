/* Where the files of checkpoints lie, and which checkpoints there are: the names behind data/checkpoint.h. */
#ifndef DATA_CHECKPOINT_FILES_H
#define DATA_CHECKPOINT_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"
#include "core/status.h"

/* The folders of checkpoints, whole or not, by rising number. */
struct checkpoint_list {
    uint64_t *numbers;
    size_t count, capacity;
};

/* folder/<number>/shard-<index>.dotbias and folder/<number>/manifest.json. STATUS_CANT_CREATE when the name is
 * too long. */
bool checkpoint_shard_path(char path[PATH_MAX], const char *folder, uint64_t number, uint32_t shard,
                           struct status *status);
bool checkpoint_manifest_path(char path[PATH_MAX], const char *folder, uint64_t number,
                              struct status *status);

/* Whether an image has the rows of its shard (model/partition.h). */
bool checkpoint_rows_fit(const struct shard_image *image);

/* Makes folder/<number>. STATUS_CANT_CREATE. */
bool checkpoint_make_folder(const char *folder, uint64_t number, struct status *status);

/* Makes the names of checkpoints in the folder, and the folder's own, last through a power cut. STATUS_IO. */
bool checkpoint_sync_folders(const char *folder, struct status *status);

/* Fills an empty list, which the caller gives back with checkpoint_list_release in every case; a folder that
 * does not exist has no checkpoints. STATUS_IO, STATUS_NO_MEMORY. */
bool checkpoint_list_read(struct checkpoint_list *list, const char *folder, struct status *status);
void checkpoint_list_release(struct checkpoint_list *list);

/* Removes folder/<number>, its manifest first, so that one half removed does not count. What cannot be removed
 * stays, and so does what no checkpoint puts there. */
void checkpoint_remove(const char *folder, uint64_t number);

#endif
