#include "data/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_level(struct folder *folder, const char *path) {
    struct stat found;
    if (mkdir(path, 0777) == 0) {
        folder->made++;
        return true;
    }
    return errno == EEXIST && stat(path, &found) == 0 && (S_ISDIR(found.st_mode) || (errno = ENOTDIR, false));
}

static bool make_levels(struct folder *folder) {
    char path[PATH_MAX];
    strcpy(path, folder->path);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (!make_level(folder, path))
            return false;
        *at = '/';
    }
    return make_level(folder, path);
}

bool folder_make(struct folder *folder, const char *path, struct status *status) {
    *folder = (struct folder){0};
    int length = snprintf(folder->path, sizeof folder->path, "%s", path);
    if (length <= 0 || (size_t)length >= sizeof folder->path)
        return status_fail(status, STATUS_CANT_CREATE, "the folder's name is empty or too long");
    while (length > 1 && folder->path[length - 1] == '/')
        folder->path[--length] = '\0';
    if (make_levels(folder))
        return true;
    status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", path);
    folder_undo(folder);
    return false;
}

void folder_undo(struct folder *folder) {
    char path[PATH_MAX];
    strcpy(path, folder->path);
    for (; folder->made > 0; folder->made--) {
        char *slash = strrchr(path, '/');
        if (rmdir(path) != 0 || slash == NULL || slash == path)
            return;
        *slash = '\0';
    }
}

bool folder_sync(const char *path, struct status *status) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return status_fail_errno(status, STATUS_IO, "cannot open the folder %s", path);
    /* Some file systems know no fsync of a folder and say EINVAL. */
    bool done = fsync(descriptor) == 0 || errno == EINVAL;
    if (!done)
        status_fail_errno(status, STATUS_IO, "cannot sync the folder %s", path);
    close(descriptor);
    return done;
}
