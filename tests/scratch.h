/* A folder of a test's own under the system's temporary folder, and small files in it. Failures stop the
 * test. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char folder[64];
    char path[400]; /* of the file named last */
};

static inline void scratch_make(struct scratch *scratch) {
    strcpy(scratch->folder, "/tmp/dotbias-test-XXXXXX");
    if (mkdtemp(scratch->folder) == NULL)
        abort();
}

/* folder/name; lives until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name) {
    snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    return scratch->path;
}

static inline const char *scratch_write(struct scratch *scratch, const char *name, const void *bytes,
                                        size_t length) {
    FILE *file = fopen(scratch_path(scratch, name), "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        abort();
    return scratch->path;
}

static inline const char *scratch_text(struct scratch *scratch, const char *name, const char *text) {
    return scratch_write(scratch, name, text, strlen(text));
}

/* Reads a whole file; the caller frees it. */
static inline unsigned char *scratch_read(const char *path, size_t *length) {
    struct stat found;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &found) != 0)
        abort();
    unsigned char *bytes = malloc((size_t)found.st_size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)found.st_size, file) != (size_t)found.st_size)
        abort();
    fclose(file);
    *length = (size_t)found.st_size;
    return bytes;
}

/* How many entries the folder `name` in the scratch folder has ("." for itself); -1 when it does not exist.
 */
static inline int scratch_entries(struct scratch *scratch, const char *name) {
    DIR *folder = opendir(scratch_path(scratch, name));
    int count = 0;
    if (folder == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

/* Removes the folder with what is in it, one level of folders deep. */
static inline void scratch_remove(const char *path) {
    char inner[700];
    DIR *folder = opendir(path);
    if (folder != NULL) {
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            snprintf(inner, sizeof inner, "%.400s/%s", path, entry->d_name);
            if (unlink(inner) != 0)
                scratch_remove(inner);
        }
        closedir(folder);
    }
    rmdir(path);
}

#endif
