/* dotbias config: check a configuration, print what it comes to, and document the options. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "config/loader.h"
#include "config/print.h"
#include "config/reference.h"

enum { SETS_MAX = 128 };

struct config_arguments {
    const char *action, *path;
    const char *sets[SETS_MAX];
    size_t set_count;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias config check cluster.yaml            find all mistakes at once\n"
    "  dotbias config print cluster.yaml            every value, and where it came from\n"
    "  dotbias config print cluster.yaml --set train.batch=256 > run.yaml\n"
    "  dotbias config docs > docs/OPTIONS.md        the page of all options\n"
    "  dotbias config schema > dotbias.schema.json  a JSON schema for editors\n"
    "\v"
    "Values come, in rising precedence, from the defaults, the file, the environment "
    "(DOTBIAS_TRAIN__LEARNING_RATE=0.01) and --set. Without FILE, print and check look at the rest.\n\n"
    "Exit codes: 0 all is well, 64 usage, 66 the file cannot be read, 78 the configuration has mistakes.";

static const struct argp_option CHOICES[] = {
    {"set", 's', "SECTION.OPTION=VALUE", 0, "Override an option of the configuration; may be repeated", 0},
    {0},
};

static void take_word(struct config_arguments *arguments, char *word, struct argp_state *state) {
    if (arguments->action == NULL)
        arguments->action = word;
    else if (arguments->path == NULL)
        arguments->path = word;
    else
        argp_error(state, "one file at a time: what is '%s'?", word);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct config_arguments *arguments = state->input;
    switch (key) {
    case 's':
        if (arguments->set_count == SETS_MAX)
            argp_error(state, "more than %d options are set", SETS_MAX);
        arguments->sets[arguments->set_count++] = value;
        return 0;
    case ARGP_KEY_ARG:
        take_word(arguments, value, state);
        return 0;
    case ARGP_KEY_END:
        if (arguments->action == NULL)
            argp_error(state, "do what? check, print, docs or schema");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the actions have in common: ends in the exit code of what was printed. */
static int finish_output(void) {
    struct status status = {STATUS_OK, ""};
    if (fflush(stdout) == 0 && !ferror(stdout))
        return STATUS_OK;
    status_fail_errno(&status, STATUS_IO, "cannot write to standard output");
    return command_report(&status);
}

static int run_check(const struct config_arguments *arguments, const struct config *config,
                     const struct config_report *report) {
    (void)report;
    printf("%s: no mistakes, digest %016llx\n",
           arguments->path == NULL ? "the configuration" : arguments->path,
           (unsigned long long)config_digest(config));
    return finish_output();
}

static int run_print(const struct config_arguments *arguments, const struct config *config,
                     const struct config_report *report) {
    (void)arguments;
    config_print(config, stdout, report);
    return finish_output();
}

static int run_docs(void) {
    reference_print_page(stdout);
    return finish_output();
}

static int run_schema(void) {
    struct status status = {STATUS_OK, ""};
    return reference_print_schema(stdout, &status) ? finish_output() : command_report(&status);
}

static const struct action {
    const char *name;
    int (*read)(const struct config_arguments *arguments, const struct config *config,
                const struct config_report *report); /* takes a configuration */
    int (*show)(void);                               /* or needs none */
} ACTIONS[] = {
    {"check", run_check, NULL},
    {"print", run_print, NULL},
    {"docs", NULL, run_docs},
    {"schema", NULL, run_schema},
};

static const struct action *find_action(const char *name) {
    for (size_t i = 0; i < sizeof ACTIONS / sizeof ACTIONS[0]; i++)
        if (strcmp(ACTIONS[i].name, name) == 0)
            return &ACTIONS[i];
    return NULL;
}

static int load_and_read(const struct config_arguments *arguments, const struct action *action) {
    struct config config;
    struct config_report report;
    struct status status = {STATUS_OK, ""};
    bool is_good =
        config_load(&config, arguments->path, arguments->sets, arguments->set_count, &report, &status);
    config_report_print(&report, stderr);
    int code = is_good ? action->read(arguments, &config, &report) : command_report(&status);
    config_report_release(&report);
    return code;
}

int command_config(int argc, char **argv) {
    static const struct argp argp = {CHOICES, parse, "check|print [FILE]\ndocs\nschema", DOC, NULL,
                                     NULL,    NULL};
    struct config_arguments arguments = {0};
    struct status status = {STATUS_OK, ""};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const struct action *action = find_action(arguments.action);
    if (action == NULL)
        status_fail(&status, STATUS_USAGE, "there is no 'config %s': check, print, docs or schema",
                    arguments.action);
    else if (action->show != NULL && (arguments.path != NULL || arguments.set_count > 0))
        status_fail(&status, STATUS_USAGE, "'config %s' takes neither a file nor --set", arguments.action);
    if (status.code != STATUS_OK)
        return command_report(&status);
    return action->show != NULL ? action->show() : load_and_read(&arguments, action);
}
