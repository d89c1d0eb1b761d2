/* What a command takes, read from its own argp tables, for the manual pages and the completion of shells: so neither
 * can say anything else than the command's --help.
 *
 * Every command hands its tables to argp_parse and to nobody else. There they are met: argp calls its version hook with
 * the tables of the command whose --version was asked for, and then ends the process. So a command is described by a
 * process that ends with it. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"

/* Prints to `out` what it finds in the command's tables: describe_tables(state). */
typedef void describe_printer(FILE *out, struct argp_state *state);

/* Prints about one command and ends the process with code 0. Returns only when the command shows no tables. */
void describe(const struct command *command, describe_printer *print);

/* The same for all commands in their order, each in a child process, on this process' standard output.
 * STATUS_NO_MEMORY when the system refuses a process, STATUS_IO when one could not print. */
bool describe_all(describe_printer *print, struct status *status);

/* The command that is described, and its own tables. */
const struct command *describe_command(const struct argp_state *state);
const struct argp *describe_tables(const struct argp_state *state);

/* Visits every option that --help shows, those of child tables too, in the order of the tables; --version is left out. */
typedef void describe_visitor(const struct argp_option *option, void *context);
void describe_options(const struct argp_state *state, describe_visitor *visit, void *context);

/* Whether the option has a letter, '-r' of --resume. */
bool describe_has_letter(const struct argp_option *option);

#endif
