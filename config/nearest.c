#include "config/nearest.h"

#include <string.h>

enum { WORD_BYTES = 64, BEGINNING_BYTES = 3 };

static unsigned least_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

unsigned nearest_distance(const char *one, const char *other) {
    size_t rows = strnlen(one, WORD_BYTES), columns = strnlen(other, WORD_BYTES);
    unsigned table[WORD_BYTES + 1][WORD_BYTES + 1];
    for (size_t i = 0; i <= rows; i++)
        table[i][0] = (unsigned)i;
    for (size_t j = 0; j <= columns; j++)
        table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= rows; i++)
        for (size_t j = 1; j <= columns; j++) {
            unsigned best = table[i - 1][j - 1] + (one[i - 1] != other[j - 1]);
            best = least_of(best, least_of(table[i - 1][j], table[i][j - 1]) + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                best = least_of(best, table[i - 2][j - 2] + 1);
            table[i][j] = best;
        }
    return table[rows][columns];
}

/* lr for learning_rate, wd for weight_decay; a single letter is nobody's initials. */
static bool are_initials(const char *word, const char *name) {
    size_t length = 0;
    for (size_t i = 0; name[i] != '\0'; i++) {
        bool is_initial = i == 0 || name[i - 1] == '_';
        if (is_initial && word[length++] != name[i])
            return false;
    }
    return length > 1 && word[length] == '\0';
}

static bool is_beginning(const char *word, const char *name) {
    size_t word_length = strlen(word), name_length = strlen(name);
    size_t shorter = word_length < name_length ? word_length : name_length;
    return shorter >= BEGINNING_BYTES && strncmp(word, name, shorter) == 0;
}

unsigned nearest_rank(const char *word, const char *name) {
    unsigned distance = nearest_distance(word, name);
    if (are_initials(word, name))
        return 0;
    if (distance > 1 && is_beginning(word, name))
        return 1;
    return distance <= 1 + strlen(name) / 4 && distance < strlen(name) ? distance : NEAREST_FAR;
}

const char *nearest_section(const char *word) {
    const char *best = NULL;
    unsigned best_rank = NEAREST_FAR;
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        unsigned rank = nearest_rank(word, CONFIG_SECTIONS[i].name);
        if (rank < best_rank) {
            best = CONFIG_SECTIONS[i].name;
            best_rank = rank;
        }
    }
    return best;
}

const struct config_option *nearest_option(enum section_id section, const char *word) {
    const struct config_option *best = NULL;
    unsigned best_rank = NEAREST_FAR;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (CONFIG_OPTIONS[i].section_id != section)
            continue;
        unsigned rank = nearest_rank(word, CONFIG_OPTIONS[i].name);
        if (rank < best_rank) {
            best = &CONFIG_OPTIONS[i];
            best_rank = rank;
        }
    }
    return best;
}

bool nearest_choice(const struct config_option *option, const char *word, char choice[CHOICE_BYTES]) {
    char candidate[CHOICE_BYTES];
    unsigned best_rank = NEAREST_FAR;
    for (unsigned i = 0; option_choice(option, i, candidate); i++) {
        unsigned rank = nearest_rank(word, candidate);
        if (rank < best_rank) {
            memcpy(choice, candidate, CHOICE_BYTES);
            best_rank = rank;
        }
    }
    return best_rank < NEAREST_FAR;
}
