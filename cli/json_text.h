/* Raw ids and titles in JSON. */
#ifndef CLI_JSON_TEXT_H
#define CLI_JSON_TEXT_H

#include <jansson.h>

/* Any bytes as a JSON string, or null when they are not UTF-8. */
static inline json_t *json_text(const char *bytes, size_t length) {
    json_t *text = json_stringn(bytes, length);
    return text != NULL ? text : json_null();
}

#endif
