#include "cli/output_file.h"

#include <stdio.h>

bool output_file_open(struct output_file *out, const char *path, struct status *status) {
    out->file = path != NULL ? atomic_file_create(path, status) : NULL;
    return path == NULL || out->file != NULL;
}

bool output_file_write(struct output_file *out, const void *bytes, size_t length, struct status *status) {
    if (out->file != NULL)
        return atomic_file_write(out->file, bytes, length, status);
    return fwrite(bytes, 1, length, stdout) == length ||
           status_fail_errno(status, STATUS_IO, "cannot write to standard output");
}

bool output_file_end(struct output_file *out, bool well, struct status *status) {
    if (out->file != NULL) {
        if (well)
            return atomic_file_commit(out->file, status);
        atomic_file_abandon(out->file);
        return false;
    }
    if (well && (fflush(stdout) != 0 || ferror(stdout)))
        return status_fail_errno(status, STATUS_IO, "cannot write to standard output");
    return well;
}
