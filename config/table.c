#include "config/table.h"

#include <math.h>
#include <string.h>

#define OPTION(section_, name_, type_, unit_, choices_, sentence_, ...)                                      \
    {.section_id = SECTION_##section_,                                                                       \
     .section = #section_,                                                                                   \
     .name = #name_,                                                                                         \
     .type = type_,                                                                                          \
     .offset = offsetof(struct config, section_##_##name_),                                                  \
     .unit = unit_,                                                                                          \
     .choices = choices_,                                                                                    \
     .sentence = sentence_,                                                                                  \
     ##__VA_ARGS__},

const struct config_option CONFIG_OPTIONS[OPTION_COUNT] = {
#define OPTION_BOOL(section, name, default_, sentence)                                                       \
    OPTION(section, name, OPTION_TYPE_BOOL, "", "", sentence)
#define OPTION_UINT(section, name, default_, low, high, unit, sentence)                                      \
    OPTION(section, name, OPTION_TYPE_UINT, unit, "", sentence, .uint_low = low, .uint_high = high)
#define OPTION_REAL(section, name, default_, low, high, unit, sentence)                                      \
    OPTION(section, name, OPTION_TYPE_REAL, unit, "", sentence, .real_low = low, .real_high = high)
#define OPTION_TEXT(section, name, default_, sentence)                                                       \
    OPTION(section, name, OPTION_TYPE_TEXT, "", "", sentence)
#define OPTION_CHOICE(section, name, enum_, choices, default_, sentence)                                     \
    OPTION(section, name, OPTION_TYPE_CHOICE, "", choices, sentence)
#define OPTION_RANGE(section, name, sentence)  OPTION(section, name, OPTION_TYPE_RANGE, "", "", sentence)
#define OPTION_PHASES(section, name, sentence) OPTION(section, name, OPTION_TYPE_PHASES, "", "", sentence)
#include "config/options.def"
};

const struct config_section CONFIG_SECTIONS[SECTION_COUNT] = {
#define OPTION_SECTION(name, sentence) {#name, sentence},
#include "config/options.def"
};

bool option_choice(const struct config_option *option, unsigned index, char word[CHOICE_BYTES]) {
    const char *at = option->choices;
    for (; index > 0; index--) {
        at = strchr(at, '|');
        if (at == NULL)
            return false;
        at++;
    }
    size_t length = strcspn(at, "|");
    if (length == 0 || length >= CHOICE_BYTES)
        return false;
    memcpy(word, at, length);
    word[length] = '\0';
    return true;
}

bool option_is_meaning(const struct config_option *option) {
    bool is_path = option->type == OPTION_TYPE_TEXT && option != &CONFIG_OPTIONS[OPTION_model_init_digest];
    return option->section_id <= SECTION_schedule && !is_path;
}
