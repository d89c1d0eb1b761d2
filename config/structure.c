#include "config/structure.h"

#include <string.h>

#include "config/document.h"
#include "config/value.h"

/* What the functions below share. */
struct reading {
    const struct config_option *option;
    const struct config_source *source;
    yaml_document_t *document;
    struct config_report *report;
};

/* Reports a mistake at a node and is false. */
#define FAIL(reading, node, ...)                                                                             \
    (config_report_add((reading)->report, document_place((reading)->source, node), __VA_ARGS__), false)

static bool is_none(const yaml_node_t *node) {
    const char *text = document_scalar(node);
    return text != NULL && (document_is_null(node) || strcmp(text, "none") == 0);
}

static bool read_bound(const struct reading *reading, int index, double *bound) {
    const yaml_node_t *node = yaml_document_get_node(reading->document, index);
    const char *text = document_scalar(node);
    if (text != NULL && document_is_plain(node) && value_real(text, bound))
        return true;
    return FAIL(reading, node, "a bound of '%s.%s' is a number%s%.60s%s", reading->option->section,
                reading->option->name, text == NULL ? "" : ", not '", text == NULL ? "" : text,
                text == NULL ? "" : "'");
}

bool structure_range(const struct config_option *option, const struct config_source *source,
                     yaml_document_t *document, const yaml_node_t *node, struct option_range *range,
                     struct config_report *report) {
    struct reading reading = {option, source, document, report};
    struct option_range read = {.given = true};
    if (is_none(node)) {
        *range = (struct option_range){.given = false};
        return true;
    }
    if (node->type != YAML_SEQUENCE_NODE ||
        node->data.sequence.items.top - node->data.sequence.items.start != 2)
        return FAIL(&reading, node, "'%s.%s' takes %s", option->section, option->name,
                    value_type_words(option->type));
    const yaml_node_item_t *items = node->data.sequence.items.start;
    bool has_low = read_bound(&reading, items[0], &read.low);
    if (!read_bound(&reading, items[1], &read.high) || !has_low)
        return false;
    if (read.low >= read.high)
        return FAIL(&reading, node, "the low end of '%s.%s' must lie below the high end", option->section,
                    option->name);
    *range = read;
    return true;
}

/* Reads one field of a phase through the option that has the same type and bounds. */
static bool read_field(const struct reading *reading, const struct config_option *like, const char *name,
                       uint32_t number, const yaml_node_t *node, struct config *scratch) {
    struct value_mistake mistake;
    const char *text = document_scalar(node);
    char bounds[96];
    if (text != NULL && document_is_plain(node) && value_from_text(like, text, scratch, &mistake))
        return true;
    value_describe(like, "", bounds, sizeof bounds);
    return FAIL(reading, node, "'%s' of phase %u takes %s, %s", name, number, value_type_words(like->type),
                bounds);
}

struct phase {
    bool has_epochs, has_rate;
    struct config scratch; /* schedule_epochs and train_learning_rate hold the values */
};

static bool read_pair(const struct reading *reading, const yaml_node_pair_t *pair, uint32_t number,
                      struct phase *phase) {
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(reading->document, pair->value);
    const char *name = document_scalar(key);
    bool is_epochs = name != NULL && strcmp(name, "epochs") == 0;
    bool is_rate = name != NULL && strcmp(name, "learning_rate") == 0;
    bool *has = is_epochs ? &phase->has_epochs : &phase->has_rate;
    if (!is_epochs && !is_rate)
        return FAIL(reading, key, "a phase has 'epochs' and 'learning_rate', not '%.60s'",
                    name == NULL ? "" : name);
    if (*has)
        return FAIL(reading, key, "duplicate key '%s' in phase %u", name, number);
    *has = true;
    return read_field(reading,
                      &CONFIG_OPTIONS[is_epochs ? OPTION_schedule_epochs : OPTION_train_learning_rate], name,
                      number, value, &phase->scratch);
}

static bool read_phase(const struct reading *reading, const yaml_node_t *node, uint32_t number,
                       struct phase *phase) {
    bool is_good = true;
    if (node->type != YAML_MAPPING_NODE)
        return FAIL(reading, node, "phase %u is not of the form {epochs: 3, learning_rate: 0.1}", number);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        if (config_report_is_full(reading->report))
            return false;
        is_good &= read_pair(reading, pair, number, phase);
    }
    if (is_good && !(phase->has_epochs && phase->has_rate))
        return FAIL(reading, node, "phase %u lacks '%s'", number,
                    phase->has_epochs ? "learning_rate" : "epochs");
    return is_good;
}

bool structure_phases(const struct config_option *option, const struct config_source *source,
                      yaml_document_t *document, const yaml_node_t *node, struct option_phases *phases,
                      struct config_report *report) {
    struct reading reading = {option, source, document, report};
    struct option_phases read = {0};
    bool is_good = true;
    if (is_none(node)) {
        memset(phases, 0, sizeof *phases);
        return true;
    }
    if (node->type != YAML_SEQUENCE_NODE || node->data.sequence.items.top == node->data.sequence.items.start)
        return FAIL(&reading, node, "'%s.%s' takes %s", option->section, option->name,
                    value_type_words(option->type));
    if (node->data.sequence.items.top - node->data.sequence.items.start > SCHEDULE_PHASES_MAX)
        return FAIL(&reading, node, "'%s.%s' has more than %d phases", option->section, option->name,
                    SCHEDULE_PHASES_MAX);
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
         item++) {
        struct phase phase = {0};
        uint32_t number = read.count + 1;
        is_good &= read_phase(&reading, yaml_document_get_node(document, *item), number, &phase);
        read.items[read.count].epochs = (uint32_t)phase.scratch.schedule_epochs;
        read.items[read.count++].learning_rate = phase.scratch.train_learning_rate;
    }
    if (is_good)
        *phases = read;
    return is_good;
}
