/* Scripts that complete command lines, printed on standard output. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdbool.h>

#include "core/status.h"

/* For bash 4 and newer, and for zsh. Errors of describe_all (cli/describe.h). */
bool completion_bash(struct status *status);
bool completion_zsh(struct status *status);

/* The words that a command takes first, "check|print [FILE]\ndocs" -> check print docs: visits each of the alternatives
 * in small letters that begin a line of argp's args_doc. */
void completion_first_words(const char *arguments, void (*visit)(const char *word, int length));

/* Whether an option takes one of the configuration, SECTION.OPTION=VALUE. */
struct argp_option;
bool completion_takes_setting(const struct argp_option *option);

#endif
