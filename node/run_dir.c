#include "node/run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/print.h"

void run_dir_file(const struct run_dir *dir, const char *file, char *text) {
    if (snprintf(text, PATH_MAX, "%s/%s", dir->path, file) >= PATH_MAX)
        text[0] = '\0';
}

/* Makes a folder and those above it. */
static bool make_folders(const char *path, struct status *status) {
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", part);
        *slash = '/';
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", part);
    return true;
}

/* The first runs/<name>-<number> that does not exist yet; mkdir decides, so two runs never share one. */
static bool make_numbered(char *path, const char *name, struct status *status) {
    enum { NUMBERS = 100000 };
    if (!make_folders("runs", status))
        return false;
    for (int number = 1; number < NUMBERS; number++) {
        snprintf(path, PATH_MAX, "runs/%s-%03d", name, number);
        if (mkdir(path, 0777) == 0)
            return true;
        if (errno != EEXIST)
            return status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", path);
    }
    return status_fail(status, STATUS_CANT_CREATE, "there are %d runs of %s already", NUMBERS, name);
}

/* What a run writes must be new: whatever is there was not ours to replace, nor to discard on failure. */
static bool refuse_overwriting(const struct run_dir *dir, struct status *status) {
    static const char *const NAMES[] = {"model.dotbias", "summary.json",         "history.csv",
                                        "config.yaml",   "data/ratings.dotbias", "logs"};
    char file[PATH_MAX];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        run_dir_file(dir, NAMES[i], file);
        if (access(file, F_OK) == 0)
            return status_fail(status, STATUS_CANT_CREATE, "%s is there already; give run.dir another name",
                               file);
    }
    return true;
}

bool run_dir_create(struct run_dir *dir, const struct config *config, const char *name,
                    struct status *status) {
    char path[PATH_MAX], file[PATH_MAX];
    dir->is_numbered = config->run_dir[0] == '\0';
    if (dir->is_numbered) {
        if (!make_numbered(path, name, status))
            return false;
    } else {
        snprintf(path, sizeof path, "%s", config->run_dir);
        if (!make_folders(path, status))
            return false;
    }
    if (realpath(path, dir->path) == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot use the folder %s", path);
    if (!refuse_overwriting(dir, status))
        return false;
    run_dir_file(dir, "logs", file);
    return make_folders(file, status);
}

bool run_dir_write_config(const struct run_dir *dir, const struct config *config, struct status *status) {
    char path[PATH_MAX];
    run_dir_file(dir, "config.yaml", path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot create %s", path);
    config_print(config, file, NULL);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return status_fail_errno(status, STATUS_IO, "cannot write %s", path);
    return true;
}

/* The members' logs: their last words are in the sentence that ended the run. */
static void discard_logs(const struct run_dir *dir) {
    char folder[PATH_MAX], name[NAME_MAX + 8], path[PATH_MAX];
    run_dir_file(dir, "logs", folder);
    DIR *logs = opendir(folder);
    if (logs == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(logs)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".log") != 0)
            continue;
        snprintf(name, sizeof name, "logs/%s", entry->d_name);
        run_dir_file(dir, name, path);
        unlink(path);
    }
    closedir(logs);
    rmdir(folder);
}

void run_dir_discard(const struct run_dir *dir) {
    static const char *const FILES[] = {"config.yaml", "history.csv", "data/ratings.dotbias"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        run_dir_file(dir, FILES[i], path);
        unlink(path);
    }
    run_dir_file(dir, "data", path);
    rmdir(path);
    discard_logs(dir);
    rmdir(dir->path);
    snprintf(path, sizeof path, "%s", dir->path);
    if (dir->is_numbered)
        rmdir(dirname(path)); /* `runs`, when this was the only one */
}
