/* The layers of a configuration, one after another: the file's mapping, the environment, the --set texts. */
#ifndef CONFIG_LAYER_H
#define CONFIG_LAYER_H

#include <yaml.h>

#include "config/loader.h"
#include "config/rules.h"

/* What is known while a configuration is read; zeroed before use. */
struct layer_reading {
    struct config *config;
    struct config_report *report;
    const struct config_layers *layers;
    struct rules_subject subject;
    struct config_source
        sources[OPTION_COUNT];           /* that gave each option its value; subject's places point here */
    size_t section_lines[SECTION_COUNT]; /* where the file has named a section, 0 when it has not */
    size_t option_lines[OPTION_COUNT];   /* and an option */
};

/* Reads all layers over the defaults in config, checks the rules between options, and fills the report. */
void layer_read_all(struct layer_reading *reading, struct config *config, const struct config_layers *layers,
                    struct config_report *report);

/* The file alone (config/layer_file.c). */
void layer_read_file(struct layer_reading *reading);

/* Sets an option from a node of the file, and remembers where that was. document is that of source. */
void layer_set_node(struct layer_reading *reading, enum option_id id, const struct config_source *source,
                    yaml_document_t *document, const yaml_node_t *node);

/* Reports a name that is no option's, and which one may have been meant. */
void layer_report_unknown_option(struct layer_reading *reading, struct config_place place,
                                 enum section_id section, const char *name);
void layer_report_unknown_section(struct layer_reading *reading, struct config_place place, const char *name);

/* The section or option of a name, SECTION_COUNT or OPTION_COUNT when there is none. Case counts in a file.
 */
enum section_id layer_find_section(const char *name);
enum option_id layer_find_option(enum section_id section, const char *name);

#endif
