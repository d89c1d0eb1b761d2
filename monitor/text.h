/* A string under construction in a buffer that somebody else owns: appends what fits, never overflows, always
 * ends in a zero byte. What does not fit is cut off, which is what a display wants. */
#ifndef MONITOR_TEXT_H
#define MONITOR_TEXT_H

#include <stddef.h>

struct text {
    char *bytes;
    size_t capacity; /* >= 1 */
    size_t length;   /* without the zero byte; below capacity */
};

/* An empty text over a buffer of capacity >= 1 bytes. */
struct text text_over(char *bytes, size_t capacity);

/* Appends as printf does. */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a piece `count` times. */
void text_repeat(struct text *text, const char *piece, size_t count);

#endif
