/* The ratings of a run that appends newer ones to those of a finished run: read, and joined with them (data/append.h) in the
 * new run's folder. The finished run stays as it is. */
#ifndef NODE_APPEND_SOURCE_H
#define NODE_APPEND_SOURCE_H

#include <limits.h>
#include <stdio.h>

#include "config/config.h"
#include "data/append.h"
#include "node/run_dir.h"

struct append_source {
    const char *run;   /* the finished run: a folder or a model file */
    const char *newer; /* a ratings file */
};

/* Opens the joined set; path gets where it is. What was rejected or repeated in the newer ratings is said on `warnings`
 * (NULL: nowhere). Nothing is left behind on failure. Errors of run_folder_data, packed_set_open, import_ratings and
 * append_sets. */
bool append_source_open(const struct append_source *source, const struct config *config,
                        const struct run_dir *dir, struct packed_set *set, char path[PATH_MAX],
                        struct append_summary *summary, FILE *warnings, struct status *status);

#endif
