/* The last line of a log. */
#ifndef NODE_LAST_WORDS_H
#define NODE_LAST_WORDS_H

#include <stddef.h>

/* The last line that is not empty, from byte `start` of the file on; "" when there is none. */
void last_words(const char *path, long start, char *line, size_t capacity);

#endif
