#include "config/print.h"

#include <string.h>

#include "config/value.h"

enum { COMMENT_COLUMN = 36 };

static void print_option(const struct config *config, enum option_id id, FILE *out,
                         const struct config_report *origins) {
    char value[VALUE_TEXT_BYTES], origin[CONFIG_TEXT_BYTES + 32];
    const struct config_option *option = &CONFIG_OPTIONS[id];
    value_to_text(option, config, value);
    int width = fprintf(out, "  %s: %s", option->name, value);
    if (origins != NULL) {
        config_report_origin(origins, id, origin, sizeof origin);
        fprintf(out, "%*s # %s", width < COMMENT_COLUMN ? COMMENT_COLUMN - width : 0, "", origin);
    }
    fprintf(out, "\n");
}

void config_print(const struct config *config, FILE *out, const struct config_report *origins) {
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        bool is_first = id == 0 || CONFIG_OPTIONS[id].section_id != CONFIG_OPTIONS[id - 1].section_id;
        if (is_first)
            fprintf(out, "%s%s:\n", id == 0 ? "" : "\n", CONFIG_OPTIONS[id].section);
        print_option(config, id, out, origins);
    }
}
