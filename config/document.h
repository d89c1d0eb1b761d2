/* From bytes to one checked YAML document (libyaml): syntax, one document, no alias that contains itself, not
 * too deep. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <yaml.h>

#include "config/report.h"
#include "config/source.h"

enum { DOCUMENT_DEPTH_MAX = 16 };

/* Parses the text of a source behind its `skip` bytes. True: *document has a root, and the caller gives it
 * back with yaml_document_delete; it does not borrow from the source. False: there is none, and the report
 * says why. */
bool document_parse(const struct config_source *source, yaml_document_t *document,
                    struct config_report *report);

/* Where a node or a mark of the document lies in its source. */
struct config_place document_mark(const struct config_source *source, const yaml_mark_t *mark);
struct config_place document_place(const struct config_source *source, const yaml_node_t *node);

/* The text of a scalar, NULL when the node is something else or holds a NUL. */
const char *document_scalar(const yaml_node_t *node);

/* Whether a scalar has no text at all, as after `key:`, or is the plain word null or ~. */
bool document_is_null(const yaml_node_t *node);

/* Whether a scalar was written without quotes. */
bool document_is_plain(const yaml_node_t *node);

#endif
