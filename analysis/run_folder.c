#include "analysis/run_folder.h"

#include <jansson.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static bool join(char out[PATH_MAX], const char *folder, const char *name) {
    return (size_t)snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

bool run_folder_find(struct run_folder *run, const char *path, struct status *status) {
    char copy[PATH_MAX];
    if ((size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy)
        return status_fail(status, STATUS_NO_INPUT, "the path '%.200s...' is too long", path);
    if (is_folder(path)) {
        strcpy(run->folder, copy);
        if (!join(run->model, path, "model.dotbias"))
            return status_fail(status, STATUS_NO_INPUT, "the path '%.200s...' is too long", path);
    } else {
        strcpy(run->model, copy);
        strcpy(run->folder, dirname(copy));
    }
    return access(run->model, R_OK) == 0 ||
           status_fail_errno(status, STATUS_NO_INPUT, "cannot read the model '%s'", run->model);
}

/* What summary.json says under "data"; false when it says nothing. */
static bool recorded(const struct run_folder *run, char data[PATH_MAX]) {
    char path[PATH_MAX], inside[PATH_MAX];
    json_t *summary = join(path, run->folder, "summary.json") ? json_load_file(path, 0, NULL) : NULL;
    const char *named = json_string_value(json_object_get(summary, "data"));
    bool found = named != NULL && (size_t)snprintf(data, PATH_MAX, "%s", named) < PATH_MAX;
    if (found && named[0] != '/' && join(inside, run->folder, named) && access(inside, R_OK) == 0)
        strcpy(data, inside);
    json_decref(summary);
    return found;
}

bool run_folder_data(const struct run_folder *run, char data[PATH_MAX], struct status *status) {
    if (join(data, run->folder, "data/ratings.dotbias") && access(data, R_OK) == 0)
        return true;
    if (!recorded(run, data))
        return status_fail(status, STATUS_NO_INPUT,
                           "'%s' does not say which ratings it was trained on; name them with "
                           "--data",
                           run->folder);
    return access(data, R_OK) == 0 ||
           status_fail_errno(
               status, STATUS_NO_INPUT,
               "cannot read '%s', the ratings this model was trained on (name others with --data)", data);
}
