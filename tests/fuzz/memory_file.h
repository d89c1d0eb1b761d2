/* A file in memory under a path, for readers that want a path: filled anew for every input, made once. */
#ifndef TESTS_FUZZ_MEMORY_FILE_H
#define TESTS_FUZZ_MEMORY_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct memory_file {
    int descriptor;
    char path[64]; /* empty: not made yet */
};

static inline void memory_file_fill(struct memory_file *file, const void *bytes, size_t length) {
    if (file->path[0] == '\0') {
        file->descriptor = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->descriptor);
    }
    if (ftruncate(file->descriptor, (off_t)length) != 0 ||
        pwrite(file->descriptor, bytes, length, 0) != (ssize_t)length)
        abort();
}

#endif
