/* A text that grows: what an answer over HTTP is written on. A lack of memory is remembered in `failed`; from then on nothing
 * more is added, so that whoever writes asks once, at the end. */
#ifndef MONITOR_SHEET_H
#define MONITOR_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: an empty one. Not terminated. */
struct sheet {
    char *bytes;
    size_t length, capacity;
    bool failed;
};

/* Room for `more` bytes behind what is there, so that they can be written without another look; NULL on failure. */
char *sheet_room(struct sheet *sheet, size_t more);

void sheet_put(struct sheet *sheet, const void *bytes, size_t length);
void sheet_text(struct sheet *sheet, const char *text);

/* As printf does; at most SHEET_FORMAT_BYTES - 1 bytes. */
enum { SHEET_FORMAT_BYTES = 1024 };
void sheet_add(struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

void sheet_uint(struct sheet *sheet, uint64_t value);

/* A finite number with at most this many significant digits, as %g writes it. */
void sheet_real(struct sheet *sheet, double value, int digits);

/* Numbers of a curve (values[0], values[stride], ...) with commas between them, each rounded to three significant digits: "0",
 * "7", "12.5", "-0.0123", "346e4"; null when it is not finite, 0 when it is nearer to 0 than 1e-9. Made for millions of them. */
void sheet_curve(struct sheet *sheet, const float *values, size_t count, size_t stride);

/* Gives the bytes back; the sheet is empty then. */
void sheet_free(struct sheet *sheet);

#endif
