#include "data/atomic_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Removes the files in the folder of that name, not itself. */
static bool empty_folder(const char *path) {
    DIR *folder = opendir(path);
    bool done = folder != NULL;
    if (folder == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            done &= unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    closedir(folder);
    return done;
}

bool atomic_folder_begin(struct atomic_folder *folder, const char *path, struct status *status) {
    char temporary[PATH_MAX];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    int whole = snprintf(temporary, sizeof temporary, "%.*s.tmp.%ld", (int)length, path, (long)getpid());
    if (whole < 0 || (size_t)whole >= sizeof temporary)
        return status_fail(status, STATUS_CANT_CREATE, "%.200s...: the name is too long", path);
    memcpy(folder->path, path, length);
    folder->path[length] = '\0';
    if (!folder_make(&folder->temporary, temporary, status))
        return false;
    /* What lies there already was left by a process of the same id that crashed. */
    if (folder->temporary.made > 0 || empty_folder(temporary))
        return true;
    return status_fail_errno(status, STATUS_CANT_CREATE, "cannot empty the folder %s", temporary);
}

struct atomic_file *atomic_folder_file(const struct atomic_folder *folder, const char *name,
                                       struct status *status) {
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder->temporary.path, name) < sizeof path)
        return atomic_file_create(path, status);
    status_fail(status, STATUS_CANT_CREATE, "%.200s...: the name is too long", folder->path);
    return NULL;
}

/* Afterwards the temporary name is free, or holds the folder that was replaced. */
static bool rename_folder(const struct atomic_folder *folder, bool replaces, struct status *status) {
    const char *from = folder->temporary.path, *to = folder->path;
    if (rename(from, to) == 0)
        return true;
    if (errno == ENOTEMPTY || errno == EEXIST) {
        if (!replaces)
            return status_fail(status, STATUS_CANT_CREATE, "%s exists and is not empty", to);
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
            return true;
        if (errno == EINVAL)
            return status_fail(status, STATUS_CANT_CREATE,
                               "%s cannot be replaced in one move on this file system; remove it first", to);
    }
    return status_fail_errno(status, STATUS_CANT_CREATE, "cannot rename %s to %s", from, to);
}

/* Removes what changed places with the new folder, if anything did. */
static bool remove_old(const struct atomic_folder *folder, struct status *status) {
    const char *old = folder->temporary.path;
    if (access(old, F_OK) != 0 || (empty_folder(old) && rmdir(old) == 0))
        return true;
    return status_fail_errno(status, STATUS_IO,
                             "%s is written, but what it replaced is left at %s: cannot remove it",
                             folder->path, old);
}

bool atomic_folder_commit(struct atomic_folder *folder, bool replaces, struct status *status) {
    char copy[PATH_MAX];
    if (!folder_sync(folder->temporary.path, status) || !rename_folder(folder, replaces, status)) {
        atomic_folder_abandon(folder);
        return false;
    }
    strcpy(copy, folder->path);
    return folder_sync(dirname(copy), status) && remove_old(folder, status);
}

void atomic_folder_abandon(struct atomic_folder *folder) {
    empty_folder(folder->temporary.path);
    folder_undo(&folder->temporary);
}
