#include "cli/describe.h"

#include <ctype.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What comes before the name of a command in its argv[0]. */
static const char PROGRAM[] = "dotbias ";

void describe(const struct command *command, describe_printer *print) {
    char name[64], option[] = "--version";
    char *arguments[] = {name, option, NULL};
    snprintf(name, sizeof name, "%s%s", PROGRAM, command->name);
    argp_program_version_hook = print;
    command->run(2, arguments);
}

bool describe_all(describe_printer *print, struct status *status) {
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        int code = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            describe(&COMMANDS[i], print);
            _exit(STATUS_BUG);
        }
        if (child < 0 || waitpid(child, &code, 0) != child)
            return status_fail_errno(status, STATUS_NO_MEMORY, "cannot start a process");
        if (code != 0)
            return status_fail(status, STATUS_IO, "cannot describe 'dotbias %s'", COMMANDS[i].name);
    }
    return true;
}

const struct command *describe_command(const struct argp_state *state) {
    return command_find(state->argv[0] + strlen(PROGRAM));
}

/* argp puts the tables it was given beside its own, under a root. */
const struct argp *describe_tables(const struct argp_state *state) {
    return state->root_argp->children[0].argp;
}

bool describe_has_letter(const struct argp_option *option) {
    return option->key > 0 && option->key <= 0x7f && isprint(option->key);
}

static bool is_shown(const struct argp_option *option) {
    bool is_option =
        option->name != NULL && (option->flags & (OPTION_HIDDEN | OPTION_DOC | OPTION_ALIAS)) == 0;
    return is_option && strcmp(option->name, "version") != 0;
}

static void visit_tables(const struct argp *tables, describe_visitor *visit, void *context) {
    const struct argp_option *option = tables->options;
    for (; option != NULL && (option->name != NULL || option->key != 0 || option->doc != NULL); option++)
        if (is_shown(option))
            visit(option, context);
    for (const struct argp_child *child = tables->children; child != NULL && child->argp != NULL; child++)
        visit_tables(child->argp, visit, context);
}

void describe_options(const struct argp_state *state, describe_visitor *visit, void *context) {
    visit_tables(state->root_argp, visit, context);
}
