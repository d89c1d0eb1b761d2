#include "cli/output_options.h"

#include <stddef.h>

static const struct argp_option OPTIONS[] = {
    {"json", 'j', NULL, 0, "Print summary.json on standard output at the end, and nothing else there", 0},
    {"quiet", 'q', NULL, 0, "Show no progress", 0},
    {"verbose", 'v', NULL, 0, "Show what the engines log", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct output_options *options = state->input;
    (void)value;
    switch (key) {
    case 'j':
        options->json = true;
        return 0;
    case 'q':
        options->level = DISPLAY_QUIET;
        return 0;
    case 'v':
        options->level = DISPLAY_VERBOSE;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp OUTPUT_OPTIONS_ARGP = {OPTIONS, parse, NULL, NULL, NULL, NULL, NULL};

void output_options_arguments(const struct output_options *options,
                              const char *arguments[OUTPUT_OPTIONS_MAX]) {
    size_t count = 0;
    if (options->json)
        arguments[count++] = "--json";
    if (options->level != DISPLAY_NORMAL)
        arguments[count++] = options->level == DISPLAY_QUIET ? "--quiet" : "--verbose";
    arguments[count] = NULL;
}
