/* A text that grows: what an answer over HTTP is written on. A lack of memory is remembered in `failed`; from then on nothing
 * more is added, so that whoever writes asks once, at the end. */
#ifndef MONITOR_SCROLL_H
#define MONITOR_SCROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: an empty one. Not terminated. */
struct scroll {
    char *bytes;
    size_t length, capacity;
    bool failed;
};

/* Room for `more` bytes behind what is there, so that they can be written without another look; NULL on failure. */
char *scroll_room(struct scroll *scroll, size_t more);

void scroll_put(struct scroll *scroll, const void *bytes, size_t length);
void scroll_text(struct scroll *scroll, const char *text);

/* As printf does; at most SCROLL_FORMAT_BYTES - 1 bytes. */
enum { SCROLL_FORMAT_BYTES = 1024 };
void scroll_add(struct scroll *scroll, const char *format, ...) __attribute__((format(printf, 2, 3)));

void scroll_uint(struct scroll *scroll, uint64_t value);

/* A finite number with at most this many significant digits, as %g writes it. */
void scroll_real(struct scroll *scroll, double value, int digits);

/* Numbers of a curve (values[0], values[stride], ...) with commas between them, each rounded to three significant digits: "0",
 * "7", "12.5", "-0.0123", "346e4"; null when it is not finite, 0 when it is nearer to 0 than 1e-9. Made for millions of them. */
void scroll_curve(struct scroll *scroll, const float *values, size_t count, size_t stride);

/* The number of bytes of the UTF-8 character that begins at `bytes`, of which `left` >= 1 are there; 0 when they are none
 * (overlong, a surrogate, cut off). */
size_t scroll_character(const char *bytes, size_t left);

/* Gives the bytes back; the scroll is empty then. */
void scroll_free(struct scroll *scroll);

#endif
