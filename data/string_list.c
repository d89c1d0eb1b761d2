#include "data/string_list.h"

#include <string.h>

#include "core/memory.h"

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

bool string_list_write(const struct string_list *list, size_t count, struct container_writer *writer,
                       const char *name, struct status *status) {
    uint64_t offset = 0;
    size_t length;
    if (!container_section(writer, name, status) || !container_write(writer, &offset, sizeof offset, status))
        return false;
    for (size_t i = 0; i < count; i++) {
        string_list_get(list, i, &length);
        offset += length;
        if (!container_write(writer, &offset, sizeof offset, status))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *bytes = string_list_get(list, i, &length);
        if (!container_write(writer, bytes, length, status))
            return false;
    }
    return true;
}

void string_list_clear(struct string_list *list) {
    memory_release(list->bytes);
    memory_release(list->spans);
    *list = (struct string_list){0};
}
