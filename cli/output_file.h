/* Where a command's data goes: to standard output, or with --out to a file that appears whole or not at all. */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "data/atomic_file.h"

struct output_file {
    struct atomic_file *file; /* NULL: standard output */
};

/* path NULL: standard output. Errors as atomic_file_create. */
bool output_file_open(struct output_file *out, const char *path, struct status *status);
bool output_file_write(struct output_file *out, const void *bytes, size_t length, struct status *status);

/* With `well` the file appears, or standard output is flushed; without, nothing is left behind and the status
 * stays as it is. Returns whether all went well. */
bool output_file_end(struct output_file *out, bool well, struct status *status);

#endif
