/* The subcommands of `dotbias`: each is a function in a file of its own, cli/<name>_command.c, listed in
 * cli/command.c.
 *
 * A command parses its own arguments with argp, prints data on stdout and everything else on stderr, and
 * returns the exit code (core/status.h). Only cli/ may end the process. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "core/status.h"

struct command {
    const char *name;                  /* "import" */
    const char *summary;               /* one line for `dotbias --help` */
    int (*run)(int argc, char **argv); /* argv[0] is "dotbias import" */
};

extern const struct command COMMANDS[];
extern const size_t COMMANDS_COUNT;

/* The command of a name, and the one that was probably meant by a name that is none; NULL when there is none. */
const struct command *command_find(const char *name);
const struct command *command_nearest(const char *typed);

int command_import(int argc, char **argv);
int command_generate(int argc, char **argv);
int command_train(int argc, char **argv);
int command_lr_find(int argc, char **argv);
int command_tune(int argc, char **argv);
int command_config(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_check(int argc, char **argv);
int command_top(int argc, char **argv);
int command_report_run(int argc, char **argv);
int command_predict(int argc, char **argv);
int command_evaluate(int argc, char **argv);
int command_export(int argc, char **argv);
int command_factors(int argc, char **argv);
int command_biases(int argc, char **argv);
int command_crosstab(int argc, char **argv);
int command_recommend(int argc, char **argv);
int command_similar(int argc, char **argv);
int command_fold_in(int argc, char **argv);
int command_workbook(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_kubernetes(int argc, char **argv);
int command_keygen(int argc, char **argv);
int command_man(int argc, char **argv);
int command_completion(int argc, char **argv);
int command_protocol(int argc, char **argv);

/* Makes `-h` among the arguments of a program or command the `--help` that argp knows; behind `--` it stays what it is. */
void command_spell_help(int argc, char **argv);

/* Prints "dotbias: error: <sentence>" on stderr and returns the status's exit code. */
int command_report(const struct status *status);

#endif
