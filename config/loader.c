#include "config/loader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/layer.h"
#include "core/memory.h"

static bool conclude(const struct config_layers *layers, const struct config_report *report,
                     struct status *status) {
    size_t count = report->count + report->left_out;
    if (report->is_starved)
        return status_fail(status, STATUS_NO_MEMORY, "no memory left to read the configuration");
    if (count == 0)
        return true;
    return status_fail(
        status, STATUS_CONFIG, "%s%s has %zu error%s", report->left_out > 0 ? "at least, " : "",
        layers->name == NULL ? "the configuration" : layers->name, count, count == 1 ? "" : "s");
}

bool config_load_layers(struct config *config, const struct config_layers *layers,
                        struct config_report *report, struct status *status) {
    struct layer_reading *reading = memory_take(sizeof *reading, "reading a configuration", status);
    memset(report, 0, sizeof *report);
    config_defaults(config);
    if (reading == NULL)
        return false;
    layer_read_all(reading, config, layers, report);
    memory_release(reading);
    return conclude(layers, report, status);
}

static bool read_stream(FILE *stream, const char *path, char *text, size_t *length, struct status *status) {
    *length = fread(text, 1, CONFIG_FILE_BYTES_MAX + 1, stream);
    if (ferror(stream))
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot read %s", path);
    if (*length > CONFIG_FILE_BYTES_MAX)
        return status_fail(status, STATUS_CONFIG, "%s is larger than %d KiB: not a configuration", path,
                           CONFIG_FILE_BYTES_MAX / 1024);
    return true;
}

/* The content of a file, at most CONFIG_FILE_BYTES_MAX bytes; the caller releases it. */
static char *read_file(const char *path, size_t *length, struct status *status) {
    char *text = memory_take(CONFIG_FILE_BYTES_MAX + 1, "a configuration file", status);
    if (text == NULL)
        return NULL;
    FILE *stream = fopen(path, "rbe");
    bool is_read = stream != NULL ? read_stream(stream, path, text, length, status)
                                  : status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", path);
    if (stream != NULL)
        fclose(stream);
    if (is_read)
        return text;
    memory_release(text);
    return NULL;
}

/* The absolute folder of a file. */
static bool find_folder(const char *path, char folder[PATH_MAX], struct status *status) {
    const char *slash = strrchr(path, '/');
    char given[PATH_MAX];
    int length = slash == NULL ? snprintf(given, sizeof given, ".")
                               : snprintf(given, sizeof given, "%.*s/", (int)(slash - path), path);
    if (length < 0 || (size_t)length >= sizeof given || realpath(given, folder) == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot find the folder of %s", path);
    return true;
}

/* Reads the layers that are given, and the file at path, which may be NULL. */
static bool load(struct config *config, const char *path, struct config_layers *layers,
                 struct config_report *report, struct status *status) {
    char folder[PATH_MAX] = "", working_folder[PATH_MAX] = "";
    char *text = NULL;
    layers->name = path;
    layers->folder = folder;
    layers->working_folder = working_folder;
    memset(report, 0, sizeof *report);
    config_defaults(config);
    if (getcwd(working_folder, sizeof working_folder) == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot find the working folder");
    if (path != NULL) {
        text = read_file(path, &layers->length, status);
        if (text == NULL || !find_folder(path, folder, status)) {
            memory_release(text);
            return false;
        }
        layers->text = text;
    }
    bool is_good = config_load_layers(config, layers, report, status);
    memory_release(text);
    return is_good;
}

bool config_load(struct config *config, const char *path, const char *const *sets, size_t set_count,
                 struct config_report *report, struct status *status) {
    struct config_layers layers = {.environment = environ, .sets = sets, .set_count = set_count};
    return load(config, path, &layers, report, status);
}

bool config_load_alone(struct config *config, const char *path, struct config_report *report,
                       struct status *status) {
    struct config_layers layers = {.environment = NULL};
    return load(config, path, &layers, report, status);
}
