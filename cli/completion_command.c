/* dotbias completion: the script that teaches a shell to complete dotbias' command lines, made from the commands' own
 * tables. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/completion.h"

static const char DOC[] =
    "Examples:\n"
    "  source <(dotbias completion bash)                       in this shell\n"
    "  dotbias completion zsh > ~/.zfunc/_dotbias              a folder of zsh's fpath\n"
    "\v"
    "Completes commands, their options, and the names and choices of the configuration's options after "
    "--set. "
    "`cmake --install` puts both scripts where the shells find them.";

static error_t parse(int key, char *value, struct argp_state *state) {
    const char **shell = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*shell != NULL)
            argp_error(state, "one shell at a time: what is '%s'?", value);
        *shell = value;
        return 0;
    case ARGP_KEY_END:
        if (*shell == NULL)
            argp_error(state, "for which shell? bash or zsh");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_completion(int argc, char **argv) {
    static const struct argp ARGP = {NULL, parse, "bash|zsh", DOC, NULL, NULL, NULL};
    const char *shell = NULL;
    struct status status = {0};
    argp_parse(&ARGP, argc, argv, 0, NULL, &shell);
    if (strcmp(shell, "bash") == 0 ? completion_bash(&status)
                                   : strcmp(shell, "zsh") == 0 && completion_zsh(&status))
        return STATUS_OK;
    if (status.code == STATUS_OK)
        status_fail(&status, STATUS_USAGE, "there is no completion for '%.100s': bash or zsh", shell);
    return command_report(&status);
}
