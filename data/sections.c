#include "data/sections.h"

#include <stdlib.h>
#include <string.h>

const void *sections_array(const struct container *file, const char *name, uint64_t count, size_t size,
                           struct status *status) {
    size_t length;
    const void *bytes = container_find(file, name, &length, status);
    if (bytes != NULL && (length % size != 0 || length / size != count)) {
        status_fail(status, STATUS_BAD_DATA, "section %s does not hold %llu items", name,
                    (unsigned long long)count);
        return NULL;
    }
    return bytes;
}

bool sections_strings(struct string_table *table, const struct container *file, const char *name,
                      uint64_t count, struct status *status) {
    size_t length;
    const void *section = container_find(file, name, &length, status);
    if (section == NULL)
        return false;
    return string_table_view(table, section, length, count, status) ||
           status_context(status, "section %s", name);
}

json_t *sections_meta(const struct container *file, struct status *status) {
    size_t length;
    json_error_t error;
    const char *text = container_find(file, "meta", &length, status);
    if (text == NULL)
        return NULL;
    json_t *meta = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (meta == NULL)
        status_fail(status, STATUS_BAD_DATA, "section meta: %s", error.text);
    return meta;
}

bool sections_write_meta(struct container_writer *writer, json_t *meta, struct status *status) {
    char *text = meta == NULL ? NULL : json_dumps(meta, JSON_COMPACT);
    bool done = text != NULL || status_fail(status, STATUS_NO_MEMORY, "cannot make the JSON of section meta");
    done = done && container_section(writer, "meta", status) &&
           container_write(writer, text, strlen(text), status);
    free(text);
    json_decref(meta);
    return done;
}
