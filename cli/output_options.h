/* The options of every command that shows a run: --json, --quiet, --verbose. */
#ifndef CLI_OUTPUT_OPTIONS_H
#define CLI_OUTPUT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "monitor/display.h"

struct output_options {
    enum display_level level; /* DISPLAY_NORMAL before parsing */
    bool json;                /* the summary on stdout, and nothing else there */
};

/* A child parser of argp, whose input is a struct output_options. */
extern const struct argp OUTPUT_OPTIONS_ARGP;

/* The same options as arguments, to be handed on to another program; the last one is NULL. */
enum { OUTPUT_OPTIONS_MAX = 3 };
void output_options_arguments(const struct output_options *options,
                              const char *arguments[OUTPUT_OPTIONS_MAX]);

#endif
