/* A text file read line by line in constant memory: plain, gzip or Zstandard (data/decoder.h), lines ending
 * in \n or \r\n, the last one with or without. A byte order mark is skipped. */
#ifndef DATA_TEXT_SOURCE_H
#define DATA_TEXT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum { TEXT_LINE_BYTES_MAX = 64 * 1024 };

struct text_line {
    char *bytes; /* not terminated; may be changed; valid until the next call */
    size_t length;
    uint64_t number; /* from 1 */
    bool too_long;   /* longer than TEXT_LINE_BYTES_MAX: the line is skipped, length is 0 */
};

enum text_outcome { TEXT_LINE, TEXT_END, TEXT_FAILED };

struct text_source;

/* Fails with STATUS_NO_INPUT, STATUS_IO, STATUS_NO_MEMORY, or STATUS_BAD_DATA for a packed file that is
 * damaged. */
struct text_source *text_source_open(const char *path, struct status *status);

/* The next line. TEXT_FAILED fills status (STATUS_IO, STATUS_BAD_DATA), which names the file. */
enum text_outcome text_source_next(struct text_source *source, struct text_line *line, struct status *status);

/* NULL is allowed. */
void text_source_close(struct text_source *source);

#endif
