/* The training ratings of mode blocked: the set's blocks, found where data.blocks says or beside the set, or made in the
 * run's folder. */
#ifndef NODE_BLOCK_SOURCE_H
#define NODE_BLOCK_SOURCE_H

#include <limits.h>
#include <stdio.h>

#include "config/config.h"
#include "data/packed_set.h"
#include "node/run_dir.h"

/* Opens a packed set as the configuration's mode reads it: with its blocks, or with its training ratings. */
bool block_source_open_set(const struct config *config, struct packed_set *set, const char *path,
                           struct status *status);

/* Gives an open set its blocks, cut as train.parts and train.strata say: data.blocks, or those beside the set's file, or
 * (dir not NULL) made in dir's folder data, which notes (NULL: nobody) hears of. path gets where they are. Where parts or
 * strata are 0 they get the numbers of the blocks that are there, or that were chosen (blocks_shape_for), so that all who
 * are told this configuration agree. Nothing is done in the mode minibatch. STATUS_CONFIG when the blocks there are others
 * and no new ones can be made. */
bool block_source_open(struct config *config, const struct run_dir *dir, struct packed_set *set,
                       const char *set_path, char path[PATH_MAX], FILE *notes, struct status *status);

/* Whether the configuration says how the blocks are cut, as members that others start must be told. STATUS_CONFIG when it
 * leaves that to the ratings. */
bool block_source_is_settled(const struct config *config, struct status *status);

#endif
