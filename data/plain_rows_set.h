/* What the loop of data/plain_rows.h shares among instruction sets: one function for each, and what to do with a line that is not
 * plain. */
#ifndef DATA_PLAIN_ROWS_SET_H
#define DATA_PLAIN_ROWS_SET_H

#include "data/plain_rows.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define PLAIN_ROWS_X86
#endif

typedef void plain_rows_function(struct plain_rows *rows, const struct plain_layout *layout, const char *text,
                                 size_t length);

plain_rows_function plain_rows_portable;
#ifdef PLAIN_ROWS_X86
plain_rows_function plain_rows_avx2;
plain_rows_function plain_rows_avx512;
#endif

/* Bytes [begin, end) of the text, a line with its \n, go to the gap before the next row. */
void plain_rows_leave(struct plain_rows *rows, size_t begin, size_t end);

#endif
