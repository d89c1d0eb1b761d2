#include "config/layer.h"

#include <string.h>

#include "config/document.h"
#include "config/nearest.h"

/* The layer of the file: its document, section by section. */
struct file_reading {
    struct layer_reading *all;
    const struct config_source *source;
    yaml_document_t *document;
};

static const char *kind_of(const yaml_node_t *node) {
    return node->type == YAML_SEQUENCE_NODE  ? "a list"
           : node->type == YAML_MAPPING_NODE ? "a mapping"
                                             : "a single value";
}

/* Whether a key is met for the first time; remembers its line. */
static bool is_first(const struct file_reading *reading, const yaml_node_t *key, size_t *line,
                     const char *within) {
    struct config_place place = document_place(reading->source, key);
    if (*line != 0) {
        config_report_add(reading->all->report, place, "duplicate key '%s'%s%s%s (first on line %zu)",
                          document_scalar(key), within == NULL ? "" : " in '", within == NULL ? "" : within,
                          within == NULL ? "" : "'", *line);
        return false;
    }
    *line = place.line;
    return true;
}

static void read_pair(const struct file_reading *reading, enum section_id section,
                      const yaml_node_pair_t *pair) {
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(reading->document, pair->value);
    const char *name = document_scalar(key);
    if (name == NULL) {
        config_report_add(reading->all->report, document_place(reading->source, key),
                          "a key of '%s' is %s, not a name", CONFIG_SECTIONS[section].name, kind_of(key));
        return;
    }
    enum option_id option = layer_find_option(section, name);
    if (option == OPTION_COUNT)
        layer_report_unknown_option(reading->all, document_place(reading->source, key), section, name);
    else if (is_first(reading, key, &reading->all->option_lines[option], CONFIG_SECTIONS[section].name))
        layer_set_node(reading->all, option, reading->source, reading->document, value);
}

static void read_section(const struct file_reading *reading, enum section_id section,
                         const yaml_node_t *node) {
    if (document_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        config_report_add(reading->all->report, document_place(reading->source, node),
                          "'%s' is a section of keys, not %s", CONFIG_SECTIONS[section].name, kind_of(node));
        return;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        if (config_report_is_full(reading->all->report))
            return;
        read_pair(reading, section, pair);
    }
}

static void read_section_pair(const struct file_reading *reading, const yaml_node_pair_t *pair) {
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    const char *name = document_scalar(key);
    if (name == NULL) {
        config_report_add(reading->all->report, document_place(reading->source, key),
                          "a key is %s, not a name", kind_of(key));
        return;
    }
    enum section_id section = layer_find_section(name);
    if (section == SECTION_COUNT)
        layer_report_unknown_section(reading->all, document_place(reading->source, key), name);
    else if (is_first(reading, key, &reading->all->section_lines[section], NULL))
        read_section(reading, section, yaml_document_get_node(reading->document, pair->value));
}

static void read_root(const struct file_reading *reading) {
    const yaml_node_t *root = yaml_document_get_root_node(reading->document);
    if (document_is_null(root)) {
        config_report_add(reading->all->report, document_place(reading->source, root),
                          "there is nothing in it");
        return;
    }
    if (root->type != YAML_MAPPING_NODE) {
        config_report_add(reading->all->report, document_place(reading->source, root),
                          "a configuration is a mapping of sections, not %s", kind_of(root));
        return;
    }
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top;
         pair++) {
        if (config_report_is_full(reading->all->report))
            return;
        read_section_pair(reading, pair);
    }
}

void layer_read_file(struct layer_reading *reading) {
    static const char mark[] = "\xEF\xBB\xBF";
    const struct config_layers *layers = reading->layers;
    struct config_source source = {ORIGIN_FILE, layers->name, layers->text, layers->length, 0};
    yaml_document_t document;
    if (source.length >= 3 && memcmp(source.text, mark, 3) == 0) {
        source.text += 3;
        source.length -= 3;
    }
    if (!document_parse(&source, &document, reading->report))
        return;
    read_root(&(struct file_reading){reading, &source, &document});
    yaml_document_delete(&document);
}
