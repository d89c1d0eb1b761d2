/* Counter-based random numbers: a value is a pure function of (seed, stream, counter), so that a row's start
 * or an epoch's order does not depend on who asks, when, or on which machine. The mixer is SplitMix64's
 * finaliser (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"), applied once for
 * each of the three keys. */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stdint.h>

static inline uint64_t rng_mix(uint64_t x) {
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* 64 random bits for (seed, stream, counter). */
static inline uint64_t rng_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
    return rng_mix(rng_mix(rng_mix(seed) ^ stream) ^ counter);
}

/* A double in [0, 1) from the top 53 bits. */
static inline double rng_unit(uint64_t seed, uint64_t stream, uint64_t counter) {
    return (double)(rng_bits(seed, stream, counter) >> 11) * 0x1.0p-53;
}

#endif
