#include "cli/model_argument.h"

#include <stddef.h>

static error_t parse(int key, char *value, struct argp_state *state) {
    const char **path = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*path != NULL)
            argp_error(state, "one model at a time: what is '%s'?", value);
        *path = value;
        return 0;
    case ARGP_KEY_END:
        if (*path == NULL)
            argp_error(state, "which model? name a run's folder or a model file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp MODEL_ARGUMENT_ARGP = {NULL, parse, NULL, NULL, NULL, NULL, NULL};
