/* Mode blocked: which stratum a part visits in which round (Gemulla et al. 2011, "Large-scale matrix factorization with
 * distributed stochastic gradient descent": strata of blocks that share no row).
 *
 * An epoch has `strata` rounds; rounds are counted over the whole run. In a round every part visits another stratum, so
 * rounds may overlap and still give what they give one after another. parts <= strata. */
#ifndef MODEL_ROTATION_H
#define MODEL_ROTATION_H

#include <stdint.h>

static inline uint32_t rotation_stratum(uint32_t part, uint64_t round, uint32_t strata) {
    return (uint32_t)((part + round) % strata);
}

/* How often a stratum has been visited before a round. */
static inline uint64_t rotation_visits(uint32_t stratum, uint64_t round, uint32_t parts, uint32_t strata) {
    uint64_t visits = round / strata * parts;
    for (uint32_t k = 0; k < round % strata; k++)
        visits += (stratum + strata - k) % strata < parts;
    return visits;
}

#endif
