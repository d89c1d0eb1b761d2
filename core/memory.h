/* Memory with three lives: process (taken once at start), job, step (an arena that is reset).
 *
 * All memory of the project comes through here, so that a test can make the n-th request fail and count what
 * leaks. Blocks start on a cache line and, but for memory_take_raw, are zeroed. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum { MEMORY_ALIGNMENT = 64 };

/* Takes bytes >= 0 of zeroed memory aligned to MEMORY_ALIGNMENT. The caller owns it and gives it back with
 * memory_release. On failure returns NULL and fills status with STATUS_NO_MEMORY, naming `what`. */
void *memory_take(size_t bytes, const char *what, struct status *status);

/* The same with unspecified content: for large blocks whose pages are touched only as far as they are filled. */
void *memory_take_raw(size_t bytes, const char *what, struct status *status);

/* memory_take of count * size bytes; a product that overflows is a failure like any other. */
void *memory_take_array(size_t count, size_t size, const char *what, struct status *status);

/* Grows an array to hold at least `needed` items, doubling; keeps the content, zeroes the rest. *items may be
 * NULL with *capacity 0. On failure *items and *capacity stay as they were. */
bool memory_grow(void **items, size_t *capacity, size_t needed, size_t size, const char *what,
                 struct status *status);

/* Gives memory back. NULL is allowed. */
void memory_release(void *block);

/* Asks the C library to keep what is given back, up to so many bytes in each of its arenas, for the next request. Where
 * blocks of a megabyte come and go by the thousand it would otherwise return them to the system each time, and get pages
 * that have to be found and cleared. For the whole process, whatever takes the memory. */
void memory_keep_idle(size_t bytes);

/* For tests: the request number `countdown` from now fails (1 is the next one); 0 switches this off. */
void memory_fail_after(size_t countdown);

/* For tests: blocks taken and not yet given back in this process. */
size_t memory_blocks_held(void);

#endif
