#include "node/run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/loader.h"
#include "config/print.h"
#include "core/memory.h"
#include "data/atomic_file.h"
#include "data/checkpoint_files.h"

void run_dir_file(const struct run_dir *dir, const char *file, char *text) {
    if (snprintf(text, PATH_MAX, "%s/%s", dir->path, file) >= PATH_MAX)
        text[0] = '\0';
}

static bool has_file(const struct run_dir *dir, const char *file) {
    char path[PATH_MAX];
    run_dir_file(dir, file, path);
    return access(path, F_OK) == 0;
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
    static const char *const NAMES[] = {"model.dotbias", "summary.json",         "history.csv", "config.yaml",
                                        "checkpoints",   "data/ratings.dotbias", "logs",        "monitor"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (has_file(dir, NAMES[i]))
            return status_fail(status, STATUS_CANT_CREATE,
                               "%s/%s is there already; give run.dir another name, or take that run up with "
                               "`dotbias train --resume`",
                               dir->path, NAMES[i]);
    return true;
}

/* Locks the folder, and says in the lock file who did. The file stays: whoever comes next locks the same one. */
static bool take_lock(struct run_dir *dir, struct status *status) {
    char path[PATH_MAX], holder[32] = "";
    run_dir_file(dir, "lock", path);
    dir->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (dir->lock < 0)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot lock the run's folder: %s", path);
    dir->is_locked = flock(dir->lock, LOCK_EX | LOCK_NB) == 0;
    if (!dir->is_locked) {
        int cause = errno;
        ssize_t got = pread(dir->lock, holder, sizeof holder - 1, 0);
        holder[got > 0 ? strcspn(holder, "\n") : 0] = '\0';
        close(dir->lock);
        errno = cause;
        return cause == EWOULDBLOCK ? status_fail(status, STATUS_CANT_CREATE,
                                                  "another training is under way in %s (process %s)",
                                                  dir->path, holder[0] == '\0' ? "unknown" : holder)
                                    : status_fail_errno(status, STATUS_CANT_CREATE, "cannot lock %s", path);
    }
    int length = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
    bool written = ftruncate(dir->lock, 0) == 0 && pwrite(dir->lock, holder, (size_t)length, 0) == length;
    (void)written; /* the number is for people alone */
    return true;
}

bool run_dir_create(struct run_dir *dir, const struct config *config, const char *name,
                    struct status *status) {
    char path[PATH_MAX], file[PATH_MAX];
    *dir = (struct run_dir){.is_numbered = config->run_dir[0] == '\0'};
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
    if (!refuse_overwriting(dir, status) || !take_lock(dir, status))
        return false;
    run_dir_file(dir, "logs", file);
    return make_folders(file, status);
}

bool run_dir_join(struct run_dir *dir, const char *path, struct status *status) {
    char file[PATH_MAX];
    *dir = (struct run_dir){.is_numbered = false};
    if (realpath(path, dir->path) == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open the run %s", path);
    run_dir_file(dir, "config.yaml", file);
    if (access(file, R_OK) != 0)
        return status_fail_errno(status, STATUS_NO_INPUT, "%s is not the folder of a run: %s", path, file);
    return true;
}

bool run_dir_open(struct run_dir *dir, const char *path, struct status *status) {
    char file[PATH_MAX];
    if (!run_dir_join(dir, path, status) || !take_lock(dir, status))
        return false;
    run_dir_file(dir, "logs", file);
    return make_folders(file, status);
}

void run_dir_close(struct run_dir *dir) {
    if (dir->is_locked)
        close(dir->lock);
    dir->is_locked = false;
}

void run_dir_shown(const struct run_dir *dir, char text[PATH_MAX]) {
    char here[PATH_MAX];
    size_t length = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);
    bool is_below = length > 1 && strncmp(dir->path, here, length) == 0 && dir->path[length] == '/';
    snprintf(text, PATH_MAX, "%s", is_below ? dir->path + length + 1 : dir->path);
}

void run_dir_checkpoints(const struct run_dir *dir, const struct config *config, char text[PATH_MAX]) {
    if (config->checkpoint_dir[0] != '\0')
        snprintf(text, PATH_MAX, "%s", config->checkpoint_dir);
    else
        run_dir_file(dir, "checkpoints", text);
}

bool run_dir_write(const struct run_dir *dir, const char *file, const char *text, size_t length,
                   struct status *status) {
    char path[PATH_MAX];
    run_dir_file(dir, file, path);
    struct atomic_file *writer = atomic_file_create(path, status);
    if (writer == NULL)
        return false;
    if (atomic_file_write(writer, text, length, status))
        return atomic_file_commit(writer, status);
    atomic_file_abandon(writer);
    return false;
}

bool run_dir_write_config(const struct run_dir *dir, const struct config *config, struct status *status) {
    char *text = memory_take(CONFIG_FILE_BYTES_MAX, "the text of a configuration", status);
    FILE *stream = text == NULL ? NULL : fmemopen(text, CONFIG_FILE_BYTES_MAX, "w");
    bool good = false;
    if (stream != NULL) {
        config_print(config, stream, NULL);
        long length = ftell(stream);
        bool failed = ferror(stream) != 0;
        failed = fclose(stream) != 0 || failed;
        good = failed ? status_fail(status, STATUS_CONFIG, "the configuration is too long for a file")
                      : run_dir_write(dir, "config.yaml", text, (size_t)length, status);
    } else if (text != NULL) {
        status_fail_errno(status, STATUS_NO_MEMORY, "cannot write down the configuration");
    }
    memory_release(text);
    return good;
}

bool run_dir_is_finished(const struct run_dir *dir) {
    return has_file(dir, "model.dotbias") && has_file(dir, "summary.json");
}

bool run_dir_has_history(const struct run_dir *dir) {
    char path[PATH_MAX];
    int lines = 0, letter;
    run_dir_file(dir, "history.csv", path);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (lines < 2 && (letter = getc(file)) != EOF)
        lines += letter == '\n';
    fclose(file);
    return lines == 2;
}

static void sweep_folder(const char *path) {
    DIR *stream = opendir(path);
    if (stream == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strstr(entry->d_name, ".tmp.") != NULL)
            unlinkat(dirfd(stream), entry->d_name, 0);
    closedir(stream);
}

void run_dir_sweep(const struct run_dir *dir) {
    char path[PATH_MAX];
    sweep_folder(dir->path);
    run_dir_file(dir, "monitor", path);
    sweep_folder(path);
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

/* Checkpoints that never became whole. */
static void discard_checkpoints(const struct run_dir *dir) {
    struct checkpoint_list list = {0};
    struct status ignored;
    char folder[PATH_MAX];
    run_dir_file(dir, "checkpoints", folder);
    if (checkpoint_list_read(&list, folder, &ignored))
        for (size_t i = 0; i < list.count; i++)
            checkpoint_remove(folder, list.numbers[i]);
    checkpoint_list_release(&list);
    rmdir(folder);
}

void run_dir_discard(const struct run_dir *dir) {
    static const char *const FILES[] = {"config.yaml",         "history.csv",          "data/ratings.dotbias",
                                        "data/blocks.dotbias", "coordinator.endpoint", "lock",
                                        "monitor/run.csv",     "monitor/shards.csv",   "monitor/workers.csv",
                                        "monitor/events.csv",  "monitor/targets.json", "monitor/url"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        run_dir_file(dir, FILES[i], path);
        unlink(path);
    }
    run_dir_file(dir, "data", path);
    rmdir(path);
    run_dir_file(dir, "monitor", path);
    rmdir(path);
    discard_logs(dir);
    discard_checkpoints(dir);
    rmdir(dir->path);
    snprintf(path, sizeof path, "%s", dir->path);
    if (dir->is_numbered)
        rmdir(dirname(path)); /* `runs`, when this was the only one */
}
