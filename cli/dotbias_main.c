/* The program `dotbias`: finds the subcommand in the table of cli/command.c and lends it the process. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static const char EXAMPLES[] =
    "Examples:\n"
    "  dotbias train config/demo.yaml            a cluster of processes from a file\n"
    "  dotbias train ratings.csv                 all defaults, in this process\n"
    "  dotbias import ratings.csv --out packed   read once, train often\n"
    "  dotbias predict runs/demo-1 --user 1 --movie 318\n";

static void print_help(void) {
    fputs("dotbias trains embeddings with biases for users and movies on a cluster of parameter servers.\n\n"
          "Usage: dotbias COMMAND [ARGUMENTS]\n\n",
          stdout);
    fputs(EXAMPLES, stdout);
    fputs("\nCommands:\n", stdout);
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        printf("  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\n"
          "Options:\n"
          "  -h, --help     print this and stop; `dotbias help COMMAND` tells more\n"
          "  -V, --version  print the version and stop\n",
          stdout);
}

static int refuse(const char *typed) {
    const struct command *meant = command_nearest(typed);
    fprintf(stderr, "dotbias: error: there is no %s '%s'", typed[0] == '-' ? "option" : "command", typed);
    if (meant != NULL)
        fprintf(stderr, " (did you mean '%s'?)", meant->name);
    fputs("; see `dotbias --help`\n", stderr);
    return STATUS_USAGE;
}

static int run(const struct command *command, int argc, char **argv) {
    char name[64];
    snprintf(name, sizeof name, "dotbias %s", command->name);
    argv[0] = name;
    command_spell_help(argc, argv);
    return command->run(argc, argv);
}

/* `dotbias help train` is `dotbias train --help`. */
static int help_on(const char *name) {
    const struct command *command = command_find(name);
    char option[] = "--help";
    char *arguments[] = {NULL, option, NULL};
    return command != NULL ? run(command, 2, arguments) : refuse(name);
}

static bool is_one_of(const char *word, const char *brief, const char *full) {
    return strcmp(word, brief) == 0 || strcmp(word, full) == 0;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        fputs("dotbias: error: a command is missing; see `dotbias --help`\n", stderr);
        return STATUS_USAGE;
    }
    const struct command *command = command_find(argv[1]);
    if (command != NULL)
        return run(command, argc - 1, argv + 1);
    if (strcmp(argv[1], "help") == 0 && argc > 2)
        return help_on(argv[2]);
    if (is_one_of(argv[1], "-V", "--version"))
        printf("dotbias %s\n", DOTBIAS_VERSION);
    else if (is_one_of(argv[1], "-h", "--help") || strcmp(argv[1], "help") == 0)
        print_help();
    else
        return refuse(argv[1]);
    return STATUS_OK;
}

/* Runs at every exit, also at that of argp after a command's --help: lost output must not look like success.
 */
static void close_output(void) {
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) == 0 && !failed)
        return;
    fprintf(stderr, "dotbias: error: cannot write to standard output%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    _exit(STATUS_IO);
}

int main(int argc, char **argv) {
    atexit(close_output);
    return dispatch(argc, argv);
}
