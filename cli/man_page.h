/* Manual pages in troff, for man(1): of the program from the table of commands, of a command from its argp tables. */
#ifndef CLI_MAN_PAGE_H
#define CLI_MAN_PAGE_H

#include "cli/describe.h"

/* Prints dotbias(1). Errors of the stream stay in it, here and below. */
void man_page_of_program(FILE *out);

/* Prints dotbias-<command>(1). */
describe_printer man_page_of_command;

#endif
