/* The options as const data: what config/options.def says, in a form that can be walked at run time. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* The place of an option in CONFIG_OPTIONS, named like its field: OPTION_train_batch. */
enum option_id {
#define OPTION_BOOL(section, name, default_, sentence)                  OPTION_##section##_##name,
#define OPTION_UINT(section, name, default_, low, high, unit, sentence) OPTION_##section##_##name,
#define OPTION_REAL(section, name, default_, low, high, unit, sentence) OPTION_##section##_##name,
#define OPTION_TEXT(section, name, default_, sentence)                  OPTION_##section##_##name,
#define OPTION_CHOICE(section, name, type, choices, default_, sentence) OPTION_##section##_##name,
#define OPTION_RANGE(section, name, sentence)                           OPTION_##section##_##name,
#define OPTION_PHASES(section, name, sentence)                          OPTION_##section##_##name,
#include "config/options.def"
    OPTION_COUNT
};

enum section_id {
#define OPTION_SECTION(name, sentence) SECTION_##name,
#include "config/options.def"
    SECTION_COUNT
};

enum option_type {
    OPTION_TYPE_BOOL,
    OPTION_TYPE_UINT,
    OPTION_TYPE_REAL,
    OPTION_TYPE_TEXT,
    OPTION_TYPE_CHOICE,
    OPTION_TYPE_RANGE,
    OPTION_TYPE_PHASES
};

struct config_option {
    enum section_id section_id;
    const char *section, *name; /* "train", "batch" */
    enum option_type type;
    size_t offset;                /* of its field in struct config */
    uint64_t uint_low, uint_high; /* UINT: inclusive bounds */
    double real_low, real_high;   /* REAL: inclusive bounds, INFINITY for none */
    const char *unit;             /* UINT, REAL: "seconds"; "" for a plain number */
    const char *choices;          /* CHOICE: the words, separated by '|', in the order of the enum */
    const char *sentence;
};

struct config_section {
    const char *name, *sentence;
};

extern const struct config_option CONFIG_OPTIONS[OPTION_COUNT];
extern const struct config_section CONFIG_SECTIONS[SECTION_COUNT];

enum { CHOICE_BYTES = 32 };

/* Copies word `index` of a CHOICE into word; false when there is none. */
bool option_choice(const struct config_option *option, unsigned index, char word[CHOICE_BYTES]);

/* Whether the option changes what is computed, and so is part of config_digest. */
bool option_is_meaning(const struct config_option *option);

#endif
