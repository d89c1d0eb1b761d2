#include "cli/csv_field.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void csv_field(const char *bytes, size_t length) {
    bool is_plain = true;
    for (size_t i = 0; i < length; i++)
        is_plain = is_plain && (bytes[i] == 0 || strchr(",\"\r\n", bytes[i]) == NULL);
    if (!is_plain)
        putchar('"');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"')
            putchar('"');
        putchar(bytes[i]);
    }
    if (!is_plain)
        putchar('"');
}
