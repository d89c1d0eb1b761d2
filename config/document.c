#include "config/document.h"

#include <string.h>

#include "core/memory.h"

static const char TOO_DEEP[] = "values and aliases are nested too deeply";

struct config_place document_mark(const struct config_source *source, const yaml_mark_t *mark) {
    struct config_place place = {source, mark->line + 1, mark->column + 1};
    if (mark->line == 0)
        place.column += source->skip;
    return place;
}

struct config_place document_place(const struct config_source *source, const yaml_node_t *node) {
    return document_mark(source, &node->start_mark);
}

const char *document_scalar(const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE)
        return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

bool document_is_plain(const yaml_node_t *node) {
    return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool document_is_null(const yaml_node_t *node) {
    const char *text = document_scalar(node);
    return text != NULL && document_is_plain(node) &&
           (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* libyaml puts the end of a text that lacks its last newline on a line of its own; people see it at the end.
 */
static struct config_place syntax_place(const struct config_source *source, const yaml_mark_t *mark) {
    struct config_place place = document_mark(source, mark), end = source_place(source, source->length);
    return place.line > end.line ? end : place;
}

static void add_syntax_error(const struct config_source *source, const yaml_parser_t *parser,
                             struct config_report *report) {
    const char *problem = parser->problem == NULL ? "not YAML" : parser->problem;
    struct config_place place = syntax_place(source, &parser->problem_mark);
    struct config_place context = syntax_place(source, &parser->context_mark);
    if (parser->error == YAML_MEMORY_ERROR)
        report->is_starved = true;
    else if (parser->error == YAML_READER_ERROR)
        config_report_add(report, source_place(source, source->skip + parser->problem_offset), "not YAML: %s",
                          problem);
    else if (parser->context == NULL)
        config_report_add(report, place, "not YAML: %s", problem);
    else if (context.line == place.line)
        config_report_add(report, place, "not YAML: %s %s", problem, parser->context);
    else
        config_report_add(report, place, "not YAML: %s %s that begins on line %zu", problem, parser->context,
                          context.line);
}

static bool load(yaml_parser_t *parser, const struct config_source *source, yaml_document_t *document,
                 struct config_report *report) {
    yaml_document_t second;
    if (!yaml_parser_load(parser, document)) {
        add_syntax_error(source, parser, report);
        return false;
    }
    if (yaml_document_get_root_node(document) == NULL) {
        config_report_add(report, (struct config_place){source, 1, 1}, "there is nothing in it");
        yaml_document_delete(document);
        return false;
    }
    if (!yaml_parser_load(parser, &second)) {
        add_syntax_error(source, parser, report);
        yaml_document_delete(document);
        return false;
    }
    if (yaml_document_get_root_node(&second) != NULL) {
        struct config_place place = document_mark(source, &second.start_mark);
        config_report_add(report, place, "a second document begins here; a configuration is one document");
    }
    yaml_document_delete(&second);
    return true;
}

/* A walk over the graph of nodes that visits each once. heights[node]: 0 not seen, OPEN on the way down, else
 * the number of levels below and including it. */
struct walk {
    const struct config_source *source;
    yaml_document_t *document;
    struct config_report *report;
    unsigned char *heights;
    bool is_sound;
};

enum { OPEN = 255 };

static unsigned measure(struct walk *walk, int index, unsigned depth);

static void refuse(struct walk *walk, const yaml_node_t *node, const char *sentence) {
    struct config_place place = document_place(walk->source, node);
    if (walk->is_sound)
        config_report_add(walk->report, place, "%s", sentence);
    walk->is_sound = false;
}

static unsigned measure_children(struct walk *walk, const yaml_node_t *node, unsigned depth) {
    unsigned height = 0, child;
    if (node->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            child = measure(walk, *item, depth + 1);
            height = child > height ? child : height;
        }
    if (node->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
             pair++) {
            child = measure(walk, pair->key, depth + 1);
            height = child > height ? child : height;
            child = measure(walk, pair->value, depth + 1);
            height = child > height ? child : height;
        }
    return height;
}

static unsigned measure(struct walk *walk, int index, unsigned depth) {
    const yaml_node_t *node = yaml_document_get_node(walk->document, index);
    unsigned char *height = &walk->heights[index - 1];
    if (*height == OPEN)
        refuse(walk, node, "an alias makes this value contain itself");
    else if (depth > DOCUMENT_DEPTH_MAX || (*height != 0 && depth + *height - 1 > DOCUMENT_DEPTH_MAX))
        refuse(walk, node, TOO_DEEP);
    if (!walk->is_sound || *height != 0)
        return *height;
    *height = OPEN;
    unsigned below = measure_children(walk, node, depth);
    *height = (unsigned char)(below < DOCUMENT_DEPTH_MAX ? below + 1 : DOCUMENT_DEPTH_MAX + 1);
    return *height;
}

static bool is_sound(const struct config_source *source, yaml_document_t *document,
                     struct config_report *report) {
    struct status ignored;
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    struct walk walk = {source, document, report, memory_take(nodes, "the nodes of a document", &ignored),
                        true};
    if (walk.heights == NULL) {
        report->is_starved = true;
        return false;
    }
    measure(&walk, 1, 1);
    memory_release(walk.heights);
    return walk.is_sound;
}

static bool open_parser(yaml_parser_t *parser, const struct config_source *source,
                        struct config_report *report) {
    if (!yaml_parser_initialize(parser)) {
        report->is_starved = true;
        return false;
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)source->text + source->skip,
                                 source->length - source->skip);
    return true;
}

/* Whether no value is nested too deeply, which is asked of the stream of events before a document is made:
 * libyaml's time grows with the square of the depth, to a minute for a file of brackets. What is no YAML
 * counts as shallow. */
static bool is_shallow(yaml_parser_t *parser, const struct config_source *source,
                       struct config_report *report) {
    yaml_event_t event;
    yaml_event_type_t type = YAML_NO_EVENT;
    for (int depth = 0; type != YAML_STREAM_END_EVENT && yaml_parser_parse(parser, &event);) {
        struct config_place place = document_mark(source, &event.start_mark);
        type = event.type;
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        yaml_event_delete(&event);
        if (depth > DOCUMENT_DEPTH_MAX) {
            config_report_add(report, place, "%s", TOO_DEEP);
            return false;
        }
    }
    return true;
}

bool document_parse(const struct config_source *source, yaml_document_t *document,
                    struct config_report *report) {
    yaml_parser_t parser;
    if (!open_parser(&parser, source, report))
        return false;
    bool goes_on = is_shallow(&parser, source, report);
    yaml_parser_delete(&parser);
    if (!goes_on || !open_parser(&parser, source, report))
        return false;
    bool is_loaded = load(&parser, source, document, report);
    yaml_parser_delete(&parser);
    if (is_loaded && !is_sound(source, document, report)) {
        yaml_document_delete(document);
        return false;
    }
    return is_loaded;
}
