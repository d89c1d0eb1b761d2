/* JSON as text in memory of our own. */
#ifndef DATA_JSON_WRITTEN_H
#define DATA_JSON_WRITTEN_H

#include <jansson.h>
#include <stddef.h>

#include "core/status.h"

/* The text of a value, not terminated; *length gets its bytes. The caller gives it back with memory_release; the value
 * is taken in any case, and NULL counts as a lack of memory. Flags as in json_dumps. NULL and STATUS_NO_MEMORY. */
char *json_written(json_t *value, size_t flags, size_t *length, struct status *status);

#endif
