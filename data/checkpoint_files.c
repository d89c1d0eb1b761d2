#include "data/checkpoint_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/checkpoint.h"
#include "data/folder.h"

enum { DIGITS_MAX = 18 };

static bool fits(int length, const char *folder, struct status *status) {
    return (length > 0 && length < PATH_MAX) ||
           status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", folder);
}

static bool folder_path(char path[PATH_MAX], const char *folder, uint64_t number, struct status *status) {
    return fits(snprintf(path, PATH_MAX, "%s/%06" PRIu64, folder, number), folder, status);
}

bool checkpoint_shard_path(char path[PATH_MAX], const char *folder, uint64_t number, uint32_t shard,
                           struct status *status) {
    return fits(snprintf(path, PATH_MAX, "%s/%06" PRIu64 "/shard-%u.dotbias", folder, number, shard), folder,
                status);
}

bool checkpoint_manifest_path(char path[PATH_MAX], const char *folder, uint64_t number,
                              struct status *status) {
    return fits(snprintf(path, PATH_MAX, "%s/%06" PRIu64 "/manifest.json", folder, number), folder, status);
}

bool checkpoint_make_folder(const char *folder, uint64_t number, struct status *status) {
    char path[PATH_MAX];
    struct folder made;
    return folder_path(path, folder, number, status) && folder_make(&made, path, status);
}

/* Once for all shards, by the one who makes the checkpoint count: a shard's writer syncs what it puts into the
 * checkpoint's own folder. */
bool checkpoint_sync_folders(const char *folder, struct status *status) {
    char path[PATH_MAX];
    return folder_sync(folder, status) &&
           fits(snprintf(path, sizeof path, "%s/..", folder), folder, status) && folder_sync(path, status);
}

/* Any other name is none of ours. */
static bool parse_number(const char *name, uint64_t *number) {
    char again[DIGITS_MAX + 1];
    if (strlen(name) > DIGITS_MAX)
        return false;
    *number = strtoull(name, NULL, 10);
    snprintf(again, sizeof again, "%06" PRIu64, *number);
    return strcmp(name, again) == 0;
}

static int compare_numbers(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool collect(struct checkpoint_list *list, DIR *stream, struct status *status) {
    struct dirent *entry;
    for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
        uint64_t number;
        if (!parse_number(entry->d_name, &number))
            continue;
        if (!memory_grow((void **)&list->numbers, &list->capacity, list->count + 1, sizeof number,
                         "a list of checkpoints", status))
            return false;
        list->numbers[list->count++] = number;
    }
    if (errno != 0)
        return status_fail_errno(status, STATUS_IO, "cannot list the checkpoints");
    if (list->count > 1)
        qsort(list->numbers, list->count, sizeof *list->numbers, compare_numbers);
    return true;
}

bool checkpoint_list_read(struct checkpoint_list *list, const char *folder, struct status *status) {
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return errno == ENOENT || status_fail_errno(status, STATUS_IO, "cannot list the folder %s", folder);
    bool done = collect(list, stream, status);
    closedir(stream);
    return done;
}

void checkpoint_list_release(struct checkpoint_list *list) {
    memory_release(list->numbers);
    *list = (struct checkpoint_list){0};
}

/* Names of shards and manifests, finished or not. */
static bool is_ours(const char *name) {
    return strncmp(name, "shard-", 6) == 0 || strncmp(name, "manifest.json", 13) == 0;
}

static void empty_folder(DIR *stream) {
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (is_ours(entry->d_name))
            unlinkat(dirfd(stream), entry->d_name, 0);
}

static void remove_files(int descriptor) {
    DIR *stream =
        unlinkat(descriptor, "manifest.json", 0) == 0 || errno == ENOENT ? fdopendir(descriptor) : NULL;
    if (stream == NULL) {
        close(descriptor);
        return;
    }
    empty_folder(stream);
    closedir(stream);
}

/* A link in a folder's place is not followed: what it leads to is not ours. */
void checkpoint_remove(const char *folder, uint64_t number) {
    char path[PATH_MAX];
    struct status ignored;
    if (!folder_path(path, folder, number, &ignored))
        return;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0)
        return;
    remove_files(descriptor);
    rmdir(path);
}

static bool has_manifest(const char *folder, uint64_t number) {
    char path[PATH_MAX];
    struct status ignored;
    return !checkpoint_manifest_path(path, folder, number, &ignored) || access(path, F_OK) == 0 ||
           errno != ENOENT;
}

bool checkpoint_sweep(const char *folder, uint64_t below, struct status *status) {
    struct checkpoint_list list = {0};
    bool done = checkpoint_list_read(&list, folder, status);
    for (size_t i = 0; done && i < list.count && list.numbers[i] < below; i++)
        if (!has_manifest(folder, list.numbers[i]))
            checkpoint_remove(folder, list.numbers[i]);
    checkpoint_list_release(&list);
    return done;
}
