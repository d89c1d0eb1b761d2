#include "core/edits.h"

#include <stdbool.h>

static unsigned least_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static size_t at_most(size_t length, size_t most) {
    return length < most ? length : most;
}

/* Column j of the table of distances: every beginning of the word against the text's first j bytes. Three of
 * them are kept in turn, since a swap looks back on the last but one. */
typedef unsigned column[EDITS_WORD_BYTES + 1];

static void next_column(const char *word, size_t length, const char *text, size_t j, column *columns) {
    unsigned *now = columns[j % 3];
    const unsigned *last = columns[(j + 2) % 3], *before = columns[(j + 1) % 3];
    for (size_t i = 1; i <= length; i++) {
        unsigned best = last[i - 1] + (word[i - 1] != text[j - 1]);
        best = least_of(best, least_of(last[i], now[i - 1]) + 1);
        if (i > 1 && j > 1 && word[i - 1] == text[j - 2] && word[i - 2] == text[j - 1])
            best = least_of(best, before[i - 2] + 1);
        now[i] = best;
    }
}

/* With is_piece, a match may begin and end anywhere in the text. */
static unsigned align(const char *word, size_t length, const char *text, size_t text_length, bool is_piece) {
    column columns[3];
    for (size_t i = 0; i <= length; i++)
        columns[0][i] = (unsigned)i;
    unsigned best = columns[0][length];
    for (size_t j = 1; j <= text_length; j++) {
        columns[j % 3][0] = is_piece ? 0 : (unsigned)j;
        next_column(word, length, text, j, columns);
        best = is_piece ? least_of(best, columns[j % 3][length]) : columns[j % 3][length];
    }
    return best;
}

unsigned edits_between(const char *one, size_t one_length, const char *other, size_t other_length) {
    return align(one, at_most(one_length, EDITS_WORD_BYTES), other, at_most(other_length, EDITS_WORD_BYTES),
                 false);
}

unsigned edits_within(const char *word, size_t word_length, const char *text, size_t text_length) {
    return align(word, at_most(word_length, EDITS_WORD_BYTES), text, at_most(text_length, EDITS_TEXT_BYTES),
                 true);
}
