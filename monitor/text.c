#include "monitor/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_over(char *bytes, size_t capacity) {
    bytes[0] = '\0';
    return (struct text){.bytes = bytes, .capacity = capacity};
}

void text_add(struct text *text, const char *format, ...) {
    size_t room = text->capacity - text->length;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        text->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void text_repeat(struct text *text, const char *piece, size_t count) {
    for (size_t i = 0; i < count; i++)
        text_add(text, "%s", piece);
}
