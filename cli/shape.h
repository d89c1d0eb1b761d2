/* The shape of blocks as people write it: "64x32", "auto". */
#ifndef CLI_SHAPE_H
#define CLI_SHAPE_H

#include <stdbool.h>

#include "data/blocks_plan.h"

/* Parts x strata, each from 1 to BLOCKS_SIDES_MAX; "auto" is a shape of zeros, which leaves the choice to the
 * program. False for anything else. */
bool shape_parse(const char *text, struct blocks_shape *shape);

#endif
