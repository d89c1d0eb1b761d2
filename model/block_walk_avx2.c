/* The walk for AVX2. */
#if defined(__x86_64__) && defined(__GNUC__)
#define WALK_WIDTH    8
#define WALK_TARGET   __attribute__((target("avx2")))
#define WALK_FUNCTION block_walk_avx2
#include "model/block_walk_body.h"
#endif
