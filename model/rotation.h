/* Mode blocked: which stratum a part visits in which round (Gemulla et al. 2011, "Large-scale matrix factorization with
 * distributed stochastic gradient descent": strata of blocks that share no row).
 *
 * An epoch has `strata` rounds; rounds are counted over the whole run, and parts <= strata. Lanes make their rounds at
 * their own pace, bound only by the order in which the parts visit a stratum.
 *
 * In the first epoch all parts visit the strata in the same order, one behind the other: the outcome is that of one worker
 * walking all users, stratum by stratum. Parts that began side by side, each with movies that no other has seen, would
 * learn factors that have nothing to do with each other, and spend the next epochs on agreeing (docs/PERFORMANCE.md has
 * the numbers). What it costs is that the last part begins `parts - 1` rounds behind the first.
 *
 * From the second epoch on parts go round: in a round every part visits another stratum, and nobody waits.
 */
#ifndef MODEL_ROTATION_H
#define MODEL_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

static inline bool rotation_is_first_epoch(uint64_t round, uint32_t strata) {
    return round < strata;
}

/* The stratum that a part visits in a round. */
static inline uint32_t rotation_stratum(uint32_t part, uint64_t round, uint32_t strata) {
    return rotation_is_first_epoch(round, strata) ? (uint32_t)round : (uint32_t)((part + round) % strata);
}

/* The round of an epoch in which a part visits a stratum, counted over the whole run. */
static inline uint64_t rotation_round(uint32_t part, uint32_t stratum, uint64_t epoch, uint32_t strata) {
    return epoch * strata + (epoch == 0 ? stratum : (stratum + strata - part % strata) % strata);
}

/* How often a stratum has been visited when every part has made its rounds before this one, and none this one. */
static inline uint64_t rotation_visits(uint32_t stratum, uint64_t round, uint32_t parts, uint32_t strata) {
    uint64_t visits = round / strata * parts;
    if (rotation_is_first_epoch(round, strata))
        return stratum < round ? parts : 0;
    for (uint32_t k = 0; k < round % strata; k++)
        visits += (stratum + strata - k) % strata < parts;
    return visits;
}

/* How often the stratum that a part visits in a round has been visited before: the version that the part reads. */
static inline uint64_t rotation_version(uint32_t part, uint64_t round, uint32_t parts, uint32_t strata) {
    return rotation_is_first_epoch(round, strata)
               ? part
               : rotation_visits(rotation_stratum(part, round, strata), round, parts, strata);
}

#endif
