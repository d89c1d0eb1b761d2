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

/* A line from length bytes that begin with it, without its \n: a \r at its end is taken off. */
struct text_line text_line_of(char *bytes, size_t length, uint64_t number);

enum { TEXT_BLOCK_BYTES_MAX = 4 * TEXT_LINE_BYTES_MAX };

/* Many lines at once: the whole lines, each with its \n, among the next bytes of the file, at most
 * capacity <= TEXT_BLOCK_BYTES_MAX of them, are put into room. False where only text_source_next gets on: at the last line, the
 * end, a failure, or in a very long line. These lines are not numbered yet. */
bool text_source_block(struct text_source *source, char *room, size_t capacity, size_t *length);

/* Numbers so many of the lines that came in blocks; the number of the first. All are numbered, in their
 * order, before text_source_next is called. */
uint64_t text_source_count(struct text_source *source, uint64_t lines);

/* NULL is allowed. */
void text_source_close(struct text_source *source);

#endif
