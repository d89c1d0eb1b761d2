/* The option table for people and for editors: docs/OPTIONS.md and a JSON schema. */
#ifndef CONFIG_REFERENCE_H
#define CONFIG_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/status.h"

/* Prints docs/OPTIONS.md. Errors of the stream stay in it (ferror). */
void reference_print_page(FILE *out);

/* Prints a JSON schema (draft 2020-12) of a configuration file. Fails when memory is refused or out cannot be
 * written. */
bool reference_print_schema(FILE *out, struct status *status);

#endif
