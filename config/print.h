/* A configuration as YAML that reads back to the same configuration: for the run's folder and `dotbias config
 * print`. */
#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include <stdio.h>

#include "config/config.h"
#include "config/report.h"

/* Prints every option, section by section. With a report each line ends in a comment that says where its
 * value came from; NULL leaves the comments out. Errors of the stream stay in it (ferror). */
void config_print(const struct config *config, FILE *out, const struct config_report *origins);

#endif
