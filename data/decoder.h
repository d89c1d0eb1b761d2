/* The bytes of a file, unpacked on the way when they are gzip or Zstandard (told by their first bytes, not by
 * the name). Several packed members one after another are one stream. */
#ifndef DATA_DECODER_H
#define DATA_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

struct decoder;

/* Fails with STATUS_NO_INPUT when path cannot be opened or is a folder, STATUS_IO, STATUS_NO_MEMORY. */
struct decoder *decoder_open(const char *path, struct status *status);

/* Reads 1 to `capacity` bytes, *length of them; 0 at the end. A packed stream that is damaged or ends too
 * early is STATUS_BAD_DATA. */
bool decoder_read(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                  struct status *status);

/* NULL is allowed. */
void decoder_close(struct decoder *decoder);

#endif
