#include "cli/launch.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "config/loader.h"

bool launch_sets_add(struct launch_sets *sets, const char *item) {
    if (sets->count == LAUNCH_SETS_MAX)
        return false;
    sets->items[sets->count++] = item;
    return true;
}

int launch_load(struct config *config, const char *path, const struct launch_sets *sets) {
    struct config_report report = {0};
    struct status status;
    bool good = config_load(config, path, sets->items, sets->count, &report, &status);
    config_report_print(&report, stderr);
    config_report_release(&report);
    return good ? 0 : command_report(&status);
}

bool launch_program_dir(char path[PATH_MAX], struct status *status) {
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return status_fail_errno(status, STATUS_UNAVAILABLE, "cannot tell where this program lies");
    program[length] = '\0';
    snprintf(path, PATH_MAX, "%s", dirname(program));
    return true;
}
