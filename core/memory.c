#include "core/memory.h"

#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Larger blocks get a mapping of their own; the most that glibc takes. */
enum { MAPPED_LEAST = 32 << 20 };

static atomic_size_t fail_countdown;
static atomic_size_t blocks_held;

void memory_fail_after(size_t countdown) {
    atomic_store(&fail_countdown, countdown);
}

size_t memory_blocks_held(void) {
    return atomic_load(&blocks_held);
}

static bool must_fail(void) {
    if (atomic_load(&fail_countdown) == 0)
        return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void memory_keep_idle(size_t bytes) {
    mallopt(M_MMAP_THRESHOLD, MAPPED_LEAST);
    mallopt(M_TRIM_THRESHOLD, bytes > INT_MAX ? INT_MAX : (int)bytes);
}

static size_t rounded_up(size_t bytes) {
    return (bytes + MEMORY_ALIGNMENT) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
}

void *memory_take_raw(size_t bytes, const char *what, struct status *status) {
    void *block = NULL;
    size_t rounded = rounded_up(bytes);
    if (rounded < bytes || must_fail() || posix_memalign(&block, MEMORY_ALIGNMENT, rounded) != 0) {
        status_fail(status, STATUS_NO_MEMORY, "cannot get %zu bytes for %s", bytes, what);
        return NULL;
    }
    atomic_fetch_add(&blocks_held, 1);
    return block;
}

/* Whole pages are given back and come as zeros when they are first touched. */
static void clear_pages(char *block, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), head = -(uintptr_t)block % page,
           pages = (bytes - head) / page * page;
    if (madvise(block + head, pages, MADV_DONTNEED) != 0)
        memset(block + head, 0, pages);
    memset(block, 0, head);
    memset(block + head + pages, 0, bytes - head - pages);
}

/* Scratch for the largest case that could come is often far larger than what comes. Smaller blocks are better touched now
 * than in the middle of a step. */
void *memory_take(size_t bytes, const char *what, struct status *status) {
    enum { LAZY_BYTES = 32 << 20 };
    void *block = memory_take_raw(bytes, what, status);
    if (block != NULL && bytes >= LAZY_BYTES)
        clear_pages(block, rounded_up(bytes));
    else if (block != NULL)
        memset(block, 0, rounded_up(bytes));
    return block;
}

void *memory_take_array(size_t count, size_t size, const char *what, struct status *status) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        status_fail(status, STATUS_NO_MEMORY, "%zu items of %zu bytes for %s are more than memory can name",
                    count, size, what);
        return NULL;
    }
    return memory_take(bytes, what, status);
}

bool memory_grow(void **items, size_t *capacity, size_t needed, size_t size, const char *what,
                 struct status *status) {
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 64 : *capacity;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2)
            return status_fail(status, STATUS_NO_MEMORY, "%zu items for %s are more than memory can name",
                               needed, what);
        wanted *= 2;
    }
    void *grown = memory_take_array(wanted, size, what, status);
    if (grown == NULL)
        return false;
    if (*capacity != 0)
        memcpy(grown, *items, *capacity * size);
    memory_release(*items);
    *items = grown;
    *capacity = wanted;
    return true;
}

void memory_release(void *block) {
    if (block == NULL)
        return;
    atomic_fetch_sub(&blocks_held, 1);
    free(block);
}
