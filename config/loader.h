/* Reads a configuration from its layers, in rising precedence:
 *   defaults (config/options.def) < the YAML file < the environment (DOTBIAS_TRAIN__LEARNING_RATE=0.01) <
 * --set train.learning_rate=0.01 All mistakes are found at once, each with its line and a caret.
 *
 * A file is one mapping of sections, each a mapping of options. In text options `${NAME}` and
 * `${NAME:-default}` name environment variables. A relative path in section data, or of model.init_from or security.keys, starts at the folder of the
 * file, or at the working folder when the environment or --set gives it; it is absolute in struct config. A
 * section may be empty. */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/report.h"
#include "core/status.h"

enum { CONFIG_FILE_BYTES_MAX = 256 * 1024 };

/* Reads file, environment of the process and set_count texts "section.name=value"; path NULL means no file.
 * report is initialised here and released by the caller with config_report_release, whatever the outcome. On
 * failure: STATUS_NO_INPUT (the file cannot be read), STATUS_NO_MEMORY, or STATUS_CONFIG with a summary, and
 * then the report has the mistakes. */
bool config_load(struct config *config, const char *path, const char *const *sets, size_t set_count,
                 struct config_report *report, struct status *status);

/* As config_load, of the file alone: neither environment nor --set. */
bool config_load_alone(struct config *config, const char *path, struct config_report *report,
                       struct status *status);

/* The layers as plain values, for config_load and for tests. */
struct config_layers {
    const char *name; /* of the file, as messages show it; NULL: no file */
    const char *text; /* its content, any bytes */
    size_t length;
    const char *folder;         /* where relative paths of the file start */
    const char *working_folder; /* where those of the other layers start */
    char *const *environment;   /* "NAME=value", NULL at the end; or NULL */
    const char *const *sets;
    size_t set_count;
};

/* config_load without the world. */
bool config_load_layers(struct config *config, const struct config_layers *layers,
                        struct config_report *report, struct status *status);

#endif
