#include "config/nearest.h"

#include <string.h>

#include "core/edits.h"

enum { BEGINNING_BYTES = 3 };

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
    unsigned distance = edits_between(word, strlen(word), name, strlen(name));
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
