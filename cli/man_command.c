/* dotbias man: the manual pages, made from the commands' own tables. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/man_page.h"

struct man_arguments {
    const char *name;
    bool list;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias man train | man -l -      the page of `dotbias train`\n"
    "  dotbias man > dotbias.1           the page of dotbias itself\n"
    "  dotbias man --list                the names of all pages\n"
    "\v"
    "Prints a manual page in troff, made from what the command takes. `cmake --install` puts "
    "all pages where man finds them: man dotbias-train.";

static const struct argp_option OPTIONS[] = {
    {"list", 'l', NULL, 0, "Print the names of the pages", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct man_arguments *arguments = state->input;
    switch (key) {
    case 'l':
        arguments->list = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->name != NULL)
            argp_error(state, "one page at a time: what is '%s'?", value);
        arguments->name = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_list(void) {
    puts("dotbias");
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        printf("dotbias-%s\n", COMMANDS[i].name);
}

/* Takes "train" and "dotbias-train". */
static const struct command *find(const char *name) {
    static const char PREFIX[] = "dotbias-";
    if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
        name += strlen(PREFIX);
    return command_find(name);
}

static int refuse(const char *name) {
    struct status status;
    const struct command *meant = command_nearest(name);
    status_fail(&status, STATUS_USAGE, "there is no command '%.100s'%s%s%s", name,
                meant != NULL ? " (did you mean '" : "", meant != NULL ? meant->name : "",
                meant != NULL ? "'?)" : "; see `dotbias man --list`");
    return command_report(&status);
}

int command_man(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "[COMMAND]", DOC, NULL, NULL, NULL};
    struct man_arguments arguments = {0};
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    if (arguments.list)
        print_list();
    else if (arguments.name == NULL || strcmp(arguments.name, "dotbias") == 0)
        man_page_of_program(stdout);
    else if (find(arguments.name) == NULL)
        return refuse(arguments.name);
    else
        describe(find(arguments.name), man_page_of_command);
    return 0;
}
