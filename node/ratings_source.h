/* From data.ratings of a configuration to a packed set: opened as it is, or imported into the run's folder
 * first. */
#ifndef NODE_RATINGS_SOURCE_H
#define NODE_RATINGS_SOURCE_H

#include <limits.h>
#include <stdio.h>

#include "config/config.h"
#include "data/import.h"
#include "data/packed_set.h"
#include "node/run_dir.h"

/* Whether data.ratings names a packed set: a folder that has one, or such a file. */
bool ratings_source_is_packed(const struct config *config);

/* What an import by this configuration is told; pointers into config and folder. */
struct import_spec ratings_source_import(const struct config *config, const char *folder);

/* What an import left out or settled, a line each. */
void ratings_source_warn(const struct import_spec *spec, const struct import_summary *summary,
                         FILE *warnings);

/* Opens the packed set of a run, after importing the ratings into the run's data folder when they are text.
 * path gets where it is. Says on `notes` what was imported, and on `warnings` what was rejected or repeated
 * (each may be NULL). */
bool ratings_source_open(const struct config *config, const struct run_dir *dir, struct packed_set *set,
                         char path[PATH_MAX], FILE *notes, FILE *warnings, struct status *status);

#endif
