/* One field of CSV on standard output. */
#ifndef CLI_CSV_FIELD_H
#define CLI_CSV_FIELD_H

#include <stddef.h>

/* Bytes of any kind, in quotes where they need them (RFC 4180). */
void csv_field(const char *bytes, size_t length);

#endif
