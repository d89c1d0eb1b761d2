#include "cli/live_run.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/loader.h"

static const char RUNS[] = "runs";

static bool url_path(char path[PATH_MAX], const char *folder) {
    return snprintf(path, PATH_MAX, "%s/monitor/url", folder) < PATH_MAX;
}

bool live_run_lives(const struct live_run *run) {
    char path[PATH_MAX];
    return run->folder[0] == '\0' || (url_path(path, run->folder) && access(path, F_OK) == 0);
}

/* When the run in a folder was told where to be found; 0: it does not live. */
static double born(const char *folder) {
    char path[PATH_MAX];
    struct stat about;
    if (!url_path(path, folder) || stat(path, &about) != 0)
        return 0;
    return (double)about.st_mtim.tv_sec + (double)about.st_mtim.tv_nsec * 1e-9;
}

static bool find_newest(char folder[PATH_MAX], struct status *status) {
    DIR *runs = opendir(RUNS);
    double newest = 0;
    for (const struct dirent *entry; runs != NULL && (entry = readdir(runs)) != NULL;) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", RUNS, entry->d_name);
        double when = entry->d_name[0] == '.' ? 0 : born(path);
        if (when > newest) {
            newest = when;
            snprintf(folder, PATH_MAX, "%s", path);
        }
    }
    if (runs != NULL)
        closedir(runs);
    return newest > 0 || status_fail(status, STATUS_NO_INPUT,
                                     "no run lives in ./runs: start one, or name its folder or address");
}

static bool is_run(const char *folder) {
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/config.yaml", folder) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static bool read_url(struct live_run *run, struct status *status) {
    char path[PATH_MAX], url[512] = "";
    FILE *file = url_path(path, run->folder) ? fopen(path, "re") : NULL;
    if (file == NULL && !is_run(run->folder))
        return status_fail(status, STATUS_NO_INPUT, "%s is no run's folder", run->folder);
    if (file == NULL)
        return status_fail(status, STATUS_NO_INPUT,
                           "the run in %s does not live, or has no page (monitor.listen): `dotbias report "
                           "%s` looks back at it",
                           run->folder, run->folder);
    bool got = fgets(url, sizeof url, file) != NULL;
    fclose(file);
    url[strcspn(url, "\n")] = '\0';
    if (!got || !top_address_read(&run->address, url, status))
        return status_fail(status, STATUS_BAD_DATA, "%s does not hold an address", path);
    return true;
}

bool live_run_find(struct live_run *run, const char *named, struct status *status) {
    run->folder[0] = '\0';
    if (named != NULL && strstr(named, "://") != NULL)
        return top_address_read(&run->address, named, status);
    if (named == NULL)
        return find_newest(run->folder, status) && read_url(run, status);
    int length = snprintf(run->folder, sizeof run->folder, "%s", named);
    if (length >= (int)sizeof run->folder)
        return status_fail(status, STATUS_NO_INPUT, "the path '%.200s...' is too long", named);
    while (length > 1 && run->folder[length - 1] == '/')
        run->folder[--length] = '\0';
    return read_url(run, status);
}

/* Empty where there is no such file, or none that can be read: the page itself will say what it thinks of that. */
static void token_of_run(const struct live_run *run, char path[CONFIG_TEXT_BYTES]) {
    char file[PATH_MAX];
    struct config config;
    struct config_report report;
    struct status ignored;
    path[0] = '\0';
    if (run->folder[0] == '\0' ||
        snprintf(file, sizeof file, "%s/config.yaml", run->folder) >= (int)sizeof file)
        return;
    if (config_load_alone(&config, file, &report, &ignored))
        snprintf(path, CONFIG_TEXT_BYTES, "%s", config.monitor_token);
    config_report_release(&report);
}

bool live_run_take_token(struct live_run *run, const char *token_file, struct status *status) {
    char path[CONFIG_TEXT_BYTES];
    if (token_file != NULL)
        return token_read(&run->address.token, token_file, status);
    token_of_run(run, path);
    return token_read(&run->address.token, path, status);
}
