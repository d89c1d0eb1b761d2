/* Files that hold a secret: a key, a token. */
#ifndef DATA_PRIVATE_FILE_H
#define DATA_PRIVATE_FILE_H

#include <stdio.h>

#include "core/status.h"

/* Opens a file for reading that nobody but its owner may read or change. NULL and STATUS_NO_INPUT, or STATUS_DENIED with what to
 * do about it. The caller closes it. */
FILE *private_file_open(const char *path, struct status *status);

#endif
