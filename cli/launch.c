#include "cli/launch.h"

#include <argp.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "config/loader.h"
#include "node/ratings_source.h"

bool launch_sets_add(struct launch_sets *sets, const char *item) {
    if (sets->count == LAUNCH_SETS_MAX)
        return false;
    sets->items[sets->count++] = item;
    return true;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct launch_arguments *arguments = state->input;
    switch (key) {
    case 's':
        if (!launch_sets_add(&arguments->sets, value))
            argp_error(state, "more than %d options are set", LAUNCH_SETS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one configuration at a time: what is '%s'?", value);
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "which configuration? name its file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void launch_parse(struct launch_arguments *arguments, const char *doc, int argc, char **argv) {
    static const struct argp_option OPTIONS[] = {
        {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option; may be repeated", 0},
        {0},
    };
    const struct argp argp = {OPTIONS, parse, "FILE", doc, NULL, NULL, NULL};
    *arguments = (struct launch_arguments){.path = NULL};
    argp_parse(&argp, argc, argv, 0, NULL, arguments);
}

int launch_load(struct config *config, const char *path, const struct launch_sets *sets) {
    struct config_report report = {0};
    struct status status;
    bool good = config_load(config, path, sets->items, sets->count, &report, &status);
    config_report_print(&report, stderr);
    config_report_release(&report);
    return good ? 0 : command_report(&status);
}

void launch_name(const char *path, char *name, size_t capacity) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(name, capacity, "%s", basename(copy));
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}

bool launch_open_set(const struct config *config, struct packed_set *set, struct status *status) {
    struct run_dir dir = {.is_numbered = false};
    char path[PATH_MAX];
    const char *above = getenv("TMPDIR");
    if (!config_require_data(config, status))
        return false;
    snprintf(dir.path, sizeof dir.path, "%.200s/dotbias-XXXXXX", above == NULL ? "/tmp" : above);
    if (mkdtemp(dir.path) == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", dir.path);
    bool good = ratings_source_open(config, &dir, set, path, NULL, NULL, status);
    run_dir_discard(&dir); /* a mapped file lives on without its name */
    return good;
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
