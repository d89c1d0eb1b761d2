#include "data/string_list.h"

#include <string.h>

#include "core/memory.h"

enum { OFFSETS = 512 };

bool string_list_set(struct string_list *list, size_t i, const char *bytes, size_t length,
                     struct status *status) {
    void *spans = list->spans, *pool = list->bytes;
    bool spans_fit = memory_grow(&spans, &list->span_capacity, i + 1, sizeof *list->spans, "strings", status);
    list->spans = spans;
    bool pool_fits =
        spans_fit && memory_grow(&pool, &list->byte_capacity, list->used + length, 1, "strings", status);
    list->bytes = pool;
    if (!pool_fits)
        return false;
    if (length > 0)
        memcpy(list->bytes + list->used, bytes, length);
    list->spans[i] = (struct string_span){list->used, length};
    list->used += length;
    if (list->count < i + 1)
        list->count = i + 1;
    return true;
}

const char *string_list_get(const struct string_list *list, size_t i, size_t *length) {
    if (i >= list->count) {
        *length = 0;
        return "";
    }
    *length = list->spans[i].length;
    return list->bytes + list->spans[i].offset;
}

static bool write_offsets(const struct string_list *list, size_t count, struct container_writer *writer,
                          struct status *status) {
    uint64_t offsets[OFFSETS], offset = 0;
    size_t filled = 1, length;
    offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        string_list_get(list, i, &length);
        if (filled == OFFSETS) {
            if (!container_write(writer, offsets, sizeof offsets, status))
                return false;
            filled = 0;
        }
        offsets[filled++] = offset += length;
    }
    return container_write(writer, offsets, filled * sizeof *offsets, status);
}

/* Strings that lie one behind the other are written together. */
static bool write_bytes(const struct string_list *list, size_t count, struct container_writer *writer,
                        struct status *status) {
    const char *begin = "", *end = begin;
    size_t length;
    for (size_t i = 0; i < count; i++) {
        const char *bytes = string_list_get(list, i, &length);
        if (length > 0 && bytes != end) {
            if (!container_write(writer, begin, (size_t)(end - begin), status))
                return false;
            begin = end = bytes;
        }
        end += length;
    }
    return container_write(writer, begin, (size_t)(end - begin), status);
}

bool string_list_write(const struct string_list *list, size_t count, struct container_writer *writer,
                       const char *name, struct status *status) {
    return container_section(writer, name, status) && write_offsets(list, count, writer, status) &&
           write_bytes(list, count, writer, status);
}

void string_list_clear(struct string_list *list) {
    memory_release(list->bytes);
    memory_release(list->spans);
    *list = (struct string_list){0};
}
