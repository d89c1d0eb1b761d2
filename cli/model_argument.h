/* The argument of every command that asks a model: a run's folder or a model file, exactly one. */
#ifndef CLI_MODEL_ARGUMENT_H
#define CLI_MODEL_ARGUMENT_H

#include <argp.h>

/* A child parser of argp, whose input is the const char * that gets the path, NULL before parsing. */
extern const struct argp MODEL_ARGUMENT_ARGP;

#endif
