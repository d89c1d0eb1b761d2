/* What the programs of a cluster share: reading the configuration with all its mistakes shown, and finding
 * each other. */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "data/packed_set.h"
#include "node/run_dir.h"

enum { LAUNCH_SETS_MAX = 128, LAUNCH_OWN_MAX = 6 };

/* --set arguments as they are collected. */
struct launch_sets {
    const char *items[LAUNCH_SETS_MAX];
    size_t count;
    char own[LAUNCH_OWN_MAX][PATH_MAX + 64]; /* of launch_sets_option */
    size_t own_count;
};

/* False when there are too many. */
bool launch_sets_add(struct launch_sets *sets, const char *item);

/* Adds `option=value`, for command-line options that stand for one of the configuration. False when there are too many, or
 * the value is too long. */
bool launch_sets_option(struct launch_sets *sets, const char *option, const char *value);

/* The option --set as a child parser of argp, whose input is a struct launch_sets. */
extern const struct argp LAUNCH_SETS_ARGP;

/* The command line of a command that looks at one configuration: its file, and --set. */
struct launch_arguments {
    const char *path; /* never NULL after launch_parse */
    struct launch_sets sets;
};

/* Parses it; doc is argp's. A wrong command line ends the program with code 64. */
void launch_parse(struct launch_arguments *arguments, const char *doc, int argc, char **argv);

/* Loads a configuration; path NULL: none. Mistakes are printed on stderr. Returns the exit code, 0 when all
 * is well. */
int launch_load(struct config *config, const char *path, const struct launch_sets *sets);

/* Loads what a person trains from: a configuration (.yaml, .yml), or ratings, which are a configuration that says nothing but
 * data.ratings. As launch_load. */
int launch_load_file(struct config *config, const char *path, const struct launch_sets *sets);

/* Whether a path names a configuration. */
bool launch_is_configuration(const char *path);

/* "lesson-a" of "config/lesson-a.yaml". */
void launch_name(const char *path, char *name, size_t capacity);

/* A folder of our own for what a command needs while it runs; given back with run_dir_discard. */
bool launch_make_temporary(struct run_dir *dir, struct status *status);

/* Opens the ratings that a configuration names, for a command that starts no run: a packed set as it is, text
 * by an import into a folder that is gone when the set is closed. */
bool launch_open_set(struct config *config, struct packed_set *set, struct status *status);

/* Takes the options of the configuration (DOTBIAS_TRAIN__BATCH) out of the environment: the processes that we start
 * read a file that has them already, and what --set has overridden must not come back. */
void launch_forget_environment(void);

/* The folder this program lies in, where its sisters are. */
bool launch_program_dir(char path[PATH_MAX], struct status *status);

#endif
