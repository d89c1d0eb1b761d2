/* The walk for AVX-512. */
#if defined(__x86_64__) && defined(__GNUC__)
#define WALK_WIDTH    16
#define WALK_TARGET   __attribute__((target("avx512f,avx512vl,avx512dq")))
#define WALK_FUNCTION block_walk_avx512
#include "model/block_walk_body.h"
#endif
