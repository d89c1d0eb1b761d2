/* Numbers as people read them (short, with a unit) and as programs read them (exact). Each writes into the
 * caller's buffer and returns it, so that it can stand in an argument list. A number that is not known (NaN,
 * infinite) is "-". */
#ifndef MONITOR_QUANTITY_H
#define MONITOR_QUANTITY_H

#include <stdint.h>

enum { QUANTITY_BYTES = 32 };
typedef char quantity[QUANTITY_BYTES];

/* Three digits and k, M, G, T: "0", "7", "950", "1.8M", "23.4k". */
const char *quantity_short(quantity out, double value);

/* As is, with `digits` significant ones: "0.71", "0.873". */
const char *quantity_significant(quantity out, double value, int digits);

/* With `decimals` behind the point: "0.76531". */
const char *quantity_fixed(quantity out, double value, int decimals);

/* A learning rate with two digits and the shortest exponent: "4.1e-3", "1e-2", "0". */
const char *quantity_rate(quantity out, double value);

/* "01:12", "2:03:45"; quantity_duration says "4.2s" below a minute. */
const char *quantity_clock(quantity out, double seconds);
const char *quantity_duration(quantity out, double seconds);

/* Of microseconds: "850us", "1.2ms", "12ms", "2.3s". */
const char *quantity_micros(quantity out, double us);

/* "512 B", "1.2 MiB". */
const char *quantity_memory(quantity out, uint64_t bytes);

/* With commas: "20,000". */
const char *quantity_count(quantity out, uint64_t value);

/* The shortest decimal of 15 to 17 digits that reads back as the same double; "" when not finite. */
const char *quantity_exact(quantity out, double value);

#endif
