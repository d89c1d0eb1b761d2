/* The two options that are more than a scalar, read from YAML nodes: a range and a list of phases. */
#ifndef CONFIG_STRUCTURE_H
#define CONFIG_STRUCTURE_H

#include <stdbool.h>
#include <yaml.h>

#include "config/report.h"
#include "config/table.h"

/* Reads `[low, high]` with low < high, or `none`. False: the report says why, and the field is untouched. */
bool structure_range(const struct config_option *option, const struct config_source *source,
                     yaml_document_t *document, const yaml_node_t *node, struct option_range *range,
                     struct config_report *report);

/* Reads a list of 1 to SCHEDULE_PHASES_MAX mappings {epochs, learning_rate}, or `none`. */
bool structure_phases(const struct config_option *option, const struct config_source *source,
                      yaml_document_t *document, const yaml_node_t *node, struct option_phases *phases,
                      struct config_report *report);

#endif
