#include "data/private_file.h"

#include <sys/stat.h>

/* Asked of the open file, so that nobody can put another in its place. */
static bool is_private(FILE *file, const char *path, struct status *status) {
    struct stat about;
    if (fstat(fileno(file), &about) != 0)
        return status_fail_errno(status, STATUS_IO, "cannot look at %s", path);
    if ((about.st_mode & 077) == 0)
        return true;
    return status_fail(status, STATUS_DENIED, "%s may be read or changed by others (mode %03o): chmod 600 it",
                       path, about.st_mode & 0777);
}

FILE *private_file_open(const char *path, struct status *status) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", path);
        return NULL;
    }
    if (is_private(file, path, status))
        return file;
    fclose(file);
    return NULL;
}
