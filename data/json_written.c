#include "data/json_written.h"

#include "core/memory.h"

char *json_written(json_t *value, size_t flags, size_t *length, struct status *status) {
    *length = json_dumpb(value, NULL, 0, flags);
    char *text = *length > 0 ? memory_take(*length, "JSON", status) : NULL;
    if (*length == 0)
        status_fail(status, STATUS_NO_MEMORY, "cannot make JSON");
    else if (text != NULL)
        json_dumpb(value, text, *length, flags);
    json_decref(value);
    return text;
}
