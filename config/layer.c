#include "config/layer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/document.h"
#include "config/expand.h"
#include "config/nearest.h"
#include "config/structure.h"
#include "config/value.h"

static const char PREFIX[] = "DOTBIAS_";

enum section_id layer_find_section(const char *name) {
    enum section_id id = 0;
    while (id < SECTION_COUNT && strcmp(CONFIG_SECTIONS[id].name, name) != 0)
        id++;
    return id;
}

enum option_id layer_find_option(enum section_id section, const char *name) {
    enum option_id id = 0;
    while (id < OPTION_COUNT &&
           (CONFIG_OPTIONS[id].section_id != section || strcmp(CONFIG_OPTIONS[id].name, name) != 0))
        id++;
    return id;
}

/* The section of the option that has this very name, when there is one. */
static const char *find_home(const char *name) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(CONFIG_OPTIONS[i].name, name) == 0)
            return CONFIG_OPTIONS[i].section;
    return NULL;
}

void layer_report_unknown_option(struct layer_reading *reading, struct config_place place,
                                 enum section_id section, const char *name) {
    const struct config_option *near = nearest_option(section, name);
    const char *home = find_home(name);
    char hint[96] = "";
    if (home != NULL)
        snprintf(hint, sizeof hint, " (it belongs to '%s')", home);
    else if (near != NULL)
        snprintf(hint, sizeof hint, " (did you mean '%s'?)", near->name);
    config_report_add(reading->report, place, "unknown key '%.60s' in '%s'%s", name,
                      CONFIG_SECTIONS[section].name, hint);
}

void layer_report_unknown_section(struct layer_reading *reading, struct config_place place,
                                  const char *name) {
    const char *near = nearest_section(name), *home = find_home(name);
    char hint[96] = "";
    if (home != NULL)
        snprintf(hint, sizeof hint, " (it belongs to '%s')", home);
    else if (near != NULL)
        snprintf(hint, sizeof hint, " (did you mean '%s'?)", near);
    config_report_add(reading->report, place, "unknown section '%.60s'%s", name, hint);
}

/* Notes where an option's value stands, good or bad. */
static void note(struct layer_reading *reading, enum option_id id, struct config_place place, bool is_good) {
    reading->sources[id] = *place.source;
    place.source = &reading->sources[id];
    reading->subject.places[id] = place;
    reading->subject.is_faulty[id] |= !is_good;
    reading->report->options[id].origin = place.source->origin;
    reading->report->options[id].line = place.line;
}

/* Takes a text option: variables, and the start of a relative path. */
static bool set_text(struct layer_reading *reading, enum option_id id, enum config_origin origin,
                     const char *text, struct value_mistake *mistake) {
    const struct config_layers *layers = reading->layers;
    const char *folder = origin == ORIGIN_FILE ? layers->folder : layers->working_folder;
    char expanded[CONFIG_TEXT_BYTES];
    if (!expand_variables(layers->environment, text, expanded, mistake))
        return false;
    bool is_path = CONFIG_OPTIONS[id].section_id == SECTION_data || id == OPTION_model_init_from ||
                   id == OPTION_security_keys || id == OPTION_monitor_token;
    if (is_path && !expand_path(folder, expanded)) {
        snprintf(mistake->text, sizeof mistake->text, "the path is too long");
        return false;
    }
    return value_from_text(&CONFIG_OPTIONS[id], expanded, reading->config, mistake);
}

static void set_scalar(struct layer_reading *reading, enum option_id id, struct config_place place,
                       const char *text) {
    struct value_mistake mistake;
    bool is_text = CONFIG_OPTIONS[id].type == OPTION_TYPE_TEXT;
    bool is_good = is_text ? set_text(reading, id, place.source->origin, text, &mistake)
                           : value_from_text(&CONFIG_OPTIONS[id], text, reading->config, &mistake);
    if (!is_good)
        config_report_add(reading->report, place, "%s", mistake.text);
    note(reading, id, place, is_good);
}

static bool is_number_or_bool(enum option_type type) {
    return type == OPTION_TYPE_BOOL || type == OPTION_TYPE_UINT || type == OPTION_TYPE_REAL;
}

static void set_scalar_node(struct layer_reading *reading, enum option_id id, struct config_place place,
                            const yaml_node_t *node) {
    const struct config_option *option = &CONFIG_OPTIONS[id];
    const char *text = document_scalar(node);
    const char *wanted = value_type_words(option->type);
    if (text != NULL && (document_is_plain(node) || !is_number_or_bool(option->type))) {
        set_scalar(reading, id, place, document_is_null(node) ? "" : text);
        return;
    }
    const char *found = node->type == YAML_SEQUENCE_NODE  ? "a list"
                        : node->type == YAML_MAPPING_NODE ? "a mapping"
                        : text == NULL                    ? "a text with a zero byte"
                                                          : "a text in quotes";
    config_report_add(reading->report, place, "'%s.%s' takes %s, not %s", option->section, option->name,
                      wanted, found);
    note(reading, id, place, false);
}

void layer_set_node(struct layer_reading *reading, enum option_id id, const struct config_source *source,
                    yaml_document_t *document, const yaml_node_t *node) {
    struct config_place place = document_place(source, node);
    void *field = value_field(&CONFIG_OPTIONS[id], reading->config);
    bool is_good;
    switch (CONFIG_OPTIONS[id].type) {
    case OPTION_TYPE_RANGE:
        is_good = structure_range(&CONFIG_OPTIONS[id], source, document, node, field, reading->report);
        break;
    case OPTION_TYPE_PHASES:
        is_good = structure_phases(&CONFIG_OPTIONS[id], source, document, node, field, reading->report);
        break;
    default:
        set_scalar_node(reading, id, place, node);
        return;
    }
    note(reading, id, place, is_good);
}

/* Sets an option from the value in a text "NAME=value". */
static void set_value(struct layer_reading *reading, enum option_id id, const struct config_source *source) {
    struct config_place place = source_place(source, source->skip);
    yaml_document_t document;
    if (CONFIG_OPTIONS[id].type != OPTION_TYPE_RANGE && CONFIG_OPTIONS[id].type != OPTION_TYPE_PHASES) {
        set_scalar(reading, id, place, source->text + source->skip);
    } else if (document_parse(source, &document, reading->report)) {
        layer_set_node(reading, id, source, &document, yaml_document_get_root_node(&document));
        yaml_document_delete(&document);
    } else {
        note(reading, id, place, false);
    }
}

enum { NAME_BYTES = 64 };

/* Copies [from, to) in lower case; false when it is too long to be a name of ours. */
static bool copy_name(char name[NAME_BYTES], const char *from, const char *to) {
    if ((size_t)(to - from) >= NAME_BYTES)
        return false;
    for (; from < to; from++)
        *name++ = *from >= 'A' && *from <= 'Z' ? (char)(*from - 'A' + 'a') : *from;
    *name = '\0';
    return true;
}

/* Splits the name of a source at `joint` and sets what it names. */
static void read_named(struct layer_reading *reading, struct config_source *source, const char *start,
                       const char *joint, size_t joint_length) {
    char section_name[NAME_BYTES], option_name[NAME_BYTES];
    size_t start_offset = (size_t)(start - source->text),
           option_offset = (size_t)(joint - source->text) + joint_length;
    if (!copy_name(section_name, start, joint) ||
        !copy_name(option_name, joint + joint_length, source->text + source->skip - 1)) {
        config_report_add(reading->report, source_place(source, start_offset),
                          "no option has so long a name");
        return;
    }
    enum section_id section = layer_find_section(section_name);
    if (section == SECTION_COUNT) {
        layer_report_unknown_section(reading, source_place(source, start_offset), section_name);
        return;
    }
    enum option_id option = layer_find_option(section, option_name);
    if (option == OPTION_COUNT)
        layer_report_unknown_option(reading, source_place(source, option_offset), section, option_name);
    else
        set_value(reading, option, source);
}

/* A variable is an option when its name is DOTBIAS_<SECTION>__<NAME>; others (DOTBIAS_DATA) mean something
 * else. */
static void read_variable(struct layer_reading *reading, const char *variable) {
    const char *equals = strchr(variable, '='), *start = variable + strlen(PREFIX);
    if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0 || equals == NULL)
        return;
    const char *joint = strstr(start, "__");
    if (joint == NULL || joint >= equals)
        return;
    struct config_source source = {ORIGIN_ENVIRONMENT, "environment", variable, strlen(variable),
                                   (size_t)(equals - variable) + 1};
    read_named(reading, &source, start, joint, 2);
}

static void read_set(struct layer_reading *reading, const char *text) {
    struct config_source source = {ORIGIN_SET, "--set", text, strlen(text), 0};
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');
    if (equals == NULL || dot == NULL || dot > equals) {
        config_report_add(reading->report, source_place(&source, 0),
                          "this is not of the form section.name=value");
        return;
    }
    source.skip = (size_t)(equals - text) + 1;
    read_named(reading, &source, text, dot, 1);
}

void layer_read_all(struct layer_reading *reading, struct config *config, const struct config_layers *layers,
                    struct config_report *report) {
    reading->config = config;
    reading->report = report;
    reading->layers = layers;
    reading->subject.config = config;
    if (layers->name != NULL) {
        snprintf(report->file, sizeof report->file, "%s", layers->name);
        layer_read_file(reading);
    }
    for (char *const *variable = layers->environment; variable != NULL && *variable != NULL; variable++)
        read_variable(reading, *variable);
    for (size_t i = 0; i < layers->set_count; i++)
        read_set(reading, layers->sets[i]);
    rules_check(&reading->subject, report);
}
