#include "data/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/folder.h"

enum { BUFFER_BYTES = 256 * 1024 };

struct atomic_file {
    int descriptor;
    bool failed;
    uint64_t flushed; /* bytes handed to the system */
    size_t buffered;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
    unsigned char buffer[BUFFER_BYTES];
};

static bool name_file(struct atomic_file *file, const char *path, struct status *status) {
    struct stat found;
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.tmp.%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof file->temporary)
        return status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", path);
    strcpy(file->path, path);
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return status_fail(status, STATUS_CANT_CREATE, "%s exists and is not a regular file", path);
    return true;
}

struct atomic_file *atomic_file_create(const char *path, struct status *status) {
    struct atomic_file *file = memory_take(sizeof *file, "a file buffer", status);
    if (file == NULL)
        return NULL;
    if (!name_file(file, path, status)) {
        memory_release(file);
        return NULL;
    }
    file->descriptor = open(file->temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file->descriptor < 0) {
        status_fail_errno(status, STATUS_CANT_CREATE, "cannot create %s", file->temporary);
        memory_release(file);
        return NULL;
    }
    return file;
}

static bool fail_write(struct atomic_file *file, struct status *status) {
    file->failed = true;
    return status_fail_errno(status, STATUS_IO, "cannot write %s", file->path);
}

static bool write_all(struct atomic_file *file, const unsigned char *bytes, size_t length,
                      struct status *status) {
    while (length > 0) {
        ssize_t written = write(file->descriptor, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_write(file, status);
        bytes += written;
        length -= (size_t)written;
        file->flushed += (uint64_t)written;
    }
    return true;
}

static bool flush(struct atomic_file *file, struct status *status) {
    size_t length = file->buffered;
    file->buffered = 0;
    return write_all(file, file->buffer, length, status);
}

bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t length, struct status *status) {
    if (length > BUFFER_BYTES - file->buffered && !flush(file, status))
        return false;
    if (length > BUFFER_BYTES)
        return write_all(file, bytes, length, status);
    if (length > 0)
        memcpy(file->buffer + file->buffered, bytes, length);
    file->buffered += length;
    return true;
}

uint64_t atomic_file_size(const struct atomic_file *file) {
    return file->flushed + file->buffered;
}

bool atomic_file_patch(struct atomic_file *file, uint64_t offset, const void *bytes, size_t length,
                       struct status *status) {
    const unsigned char *rest = bytes;
    REQUIRE(offset + length <= atomic_file_size(file), "only what was appended can be overwritten");
    if (!flush(file, status))
        return false;
    while (length > 0) {
        ssize_t written = pwrite(file->descriptor, rest, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_write(file, status);
        rest += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return true;
}

static bool sync_parent(const char *path, struct status *status) {
    char copy[PATH_MAX];
    strcpy(copy, path);
    return folder_sync(dirname(copy), status);
}

static bool sync_and_rename(struct atomic_file *file, struct status *status) {
    if (file->failed)
        return status_fail(status, STATUS_IO, "%s: an earlier write failed", file->path);
    if (!flush(file, status))
        return false;
    if (fsync(file->descriptor) != 0)
        return fail_write(file, status);
    int descriptor = file->descriptor;
    file->descriptor = -1;
    if (close(descriptor) != 0)
        return fail_write(file, status);
    if (rename(file->temporary, file->path) != 0)
        return status_fail_errno(status, STATUS_IO, "cannot rename %s to %s", file->temporary, file->path);
    return true;
}

bool atomic_file_commit(struct atomic_file *file, struct status *status) {
    if (!sync_and_rename(file, status)) {
        atomic_file_abandon(file);
        return false;
    }
    bool done = sync_parent(file->path, status);
    memory_release(file);
    return done;
}

void atomic_file_abandon(struct atomic_file *file) {
    if (file == NULL)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    unlink(file->temporary);
    memory_release(file);
}
