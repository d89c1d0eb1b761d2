#include "cli/launch.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "config/loader.h"
#include "node/block_source.h"
#include "node/ratings_source.h"

bool launch_sets_add(struct launch_sets *sets, const char *item) {
    if (sets->count == LAUNCH_SETS_MAX)
        return false;
    sets->items[sets->count++] = item;
    return true;
}

bool launch_sets_option(struct launch_sets *sets, const char *option, const char *value) {
    if (sets->own_count == LAUNCH_OWN_MAX)
        return false;
    char *item = sets->own[sets->own_count++];
    size_t capacity = sizeof sets->own[0];
    return (size_t)snprintf(item, capacity, "%s=%s", option, value) < capacity && launch_sets_add(sets, item);
}

static const struct argp_option SETS_OPTIONS[] = {
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option of the configuration; may be repeated", 0},
    {0},
};

static error_t parse_sets(int key, char *value, struct argp_state *state) {
    if (key != 's')
        return ARGP_ERR_UNKNOWN;
    if (!launch_sets_add(state->input, value))
        argp_error(state, "more than %d options are set", LAUNCH_SETS_MAX);
    return 0;
}

const struct argp LAUNCH_SETS_ARGP = {SETS_OPTIONS, parse_sets, NULL, NULL, NULL, NULL, NULL};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct launch_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
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
    static const struct argp_child CHILDREN[] = {{&LAUNCH_SETS_ARGP, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {NULL, parse, "FILE", doc, CHILDREN, NULL, NULL};
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

bool launch_is_configuration(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* What --set says of data.ratings comes after, and wins. */
int launch_load_file(struct config *config, const char *path, const struct launch_sets *sets) {
    if (launch_is_configuration(path))
        return launch_load(config, path, sets);
    struct launch_sets all = {.count = 0};
    launch_sets_option(&all, "data.ratings", path);
    for (size_t i = 0; i < sets->count; i++)
        launch_sets_add(&all, sets->items[i]);
    return launch_load(config, NULL, &all);
}

void launch_name(const char *path, char *name, size_t capacity) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(name, capacity, "%s", basename(copy));
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
}

bool launch_make_temporary(struct run_dir *dir, struct status *status) {
    const char *above = getenv("TMPDIR");
    *dir = (struct run_dir){.is_numbered = false};
    snprintf(dir->path, sizeof dir->path, "%.200s/dotbias-XXXXXX", above == NULL ? "/tmp" : above);
    return mkdtemp(dir->path) != NULL ||
           status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", dir->path);
}

bool launch_open_set(struct config *config, struct packed_set *set, struct status *status) {
    struct run_dir dir;
    char path[PATH_MAX];
    if (!config_require_data(config, status) || !launch_make_temporary(&dir, status))
        return false;
    char blocks[PATH_MAX];
    bool good = ratings_source_open(config, &dir, set, path, NULL, NULL, status) &&
                block_source_open(config, &dir, set, path, blocks, NULL, status);
    run_dir_discard(&dir); /* a mapped file lives on without its name */
    return good;
}

void launch_forget_environment(void) {
    char name[128];
    for (char **entry = environ; *entry != NULL;) {
        size_t length = strcspn(*entry, "=");
        bool is_option = strncmp(*entry, "DOTBIAS_", 8) == 0 && length < sizeof name;
        snprintf(name, sizeof name, "%.*s", (int)length, *entry);
        if (is_option && strstr(name, "__") != NULL)
            unsetenv(name); /* the next one has moved here */
        else
            entry++;
    }
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
