/* How far two words are from each other, for "did you mean ...?". */
#ifndef CORE_EDITS_H
#define CORE_EDITS_H

#include <stddef.h>

/* Bytes of a word, or of a text to look in, that count. */
enum { EDITS_WORD_BYTES = 64, EDITS_TEXT_BYTES = 256 };

/* The number of edits (insert, delete, replace, swap two neighbours) that turn one word into the other: the
 * optimal string alignment distance. Only the first EDITS_WORD_BYTES bytes of each count. */
unsigned edits_between(const char *one, size_t one_length, const char *other, size_t other_length);

/* The same between a word and that piece of a text which is nearest to it (Sellers 1980): 0 when the text
 * contains the word. Only the first EDITS_TEXT_BYTES bytes of the text count. */
unsigned edits_within(const char *word, size_t word_length, const char *text, size_t text_length);

#endif
