/* The walk for any machine: vectors of four floats, SSE2 on x86-64. */
#define WALK_WIDTH 4
#define WALK_TARGET
#define WALK_FUNCTION block_walk_portable
#include "model/block_walk_body.h"
