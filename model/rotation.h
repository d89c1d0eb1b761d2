/* Mode blocked: which stratum a part visits in which round (Gemulla et al. 2011, "Large-scale matrix factorization with
 * distributed stochastic gradient descent": strata of blocks that share no row).
 *
 * An epoch has `strata` rounds; rounds are counted over the whole run, and parts <= strata. Lanes make their rounds at
 * their own pace, bound only by the order in which the parts visit a stratum.
 *
 * In the first epoch parts visit the strata in the same order, one behind the other: the outcome is that of one worker
 * walking all users, stratum by stratum. Parts that began side by side, each with movies that no other has seen, would
 * learn factors that have little to do with each other, and spend the next epochs on agreeing (docs/PERFORMANCE.md has
 * the numbers). What it costs is that the last part begins `parts - 1` rounds behind the first. So many parts form several
 * queues, which begin as far from each other as they can: each of at least ROTATION_QUEUE parts, and no more of them than
 * there are strata for each part.
 *
 * From the second epoch on parts go round: in a round every part visits another stratum, and nobody waits. They keep as far
 * from each other as they can: where there are c times more strata than parts, a stratum comes to a part c rounds after the
 * part before has left it, and has that long to travel.
 */
#ifndef MODEL_ROTATION_H
#define MODEL_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

enum { ROTATION_QUEUE = 16 };

static inline bool rotation_is_first_epoch(uint64_t round, uint32_t strata) {
    return round < strata;
}

/* The stratum where a part begins an epoch: another one for every part, since parts <= strata. */
static inline uint32_t rotation_start(uint32_t part, uint32_t parts, uint32_t strata) {
    return (uint32_t)((uint64_t)part * strata / parts);
}

/* How many parts begin before a stratum, which may be `strata`. */
static inline uint32_t rotation_starts_before(uint32_t stratum, uint32_t parts, uint32_t strata) {
    return (uint32_t)(((uint64_t)stratum * parts + strata - 1) / strata);
}

/* ---- the queues of the first epoch ---- */

static inline uint32_t rotation_queues(uint32_t parts, uint32_t strata) {
    uint32_t many = parts / ROTATION_QUEUE, most = strata / parts, queues = many < most ? many : most;
    return queues == 0 ? 1 : queues;
}

static inline uint32_t rotation_queue_of(uint32_t part, uint32_t parts, uint32_t strata) {
    return (uint32_t)((uint64_t)part * rotation_queues(parts, strata) / parts);
}

/* The first part of a queue; that of the one behind the last is `parts`. */
static inline uint32_t rotation_queue_first(uint32_t queue, uint32_t parts, uint32_t strata) {
    uint32_t queues = rotation_queues(parts, strata);
    return (uint32_t)(((uint64_t)queue * parts + queues - 1) / queues);
}

static inline uint32_t rotation_queue_start(uint32_t queue, uint32_t parts, uint32_t strata) {
    return (uint32_t)((uint64_t)queue * strata / rotation_queues(parts, strata));
}

/* Visits of a stratum before a round: by the queues that have come by. */
static inline uint64_t rotation_first_visits(uint32_t stratum, uint64_t round, uint32_t parts,
                                             uint32_t strata) {
    uint64_t visits = 0;
    for (uint32_t queue = 0; queue < rotation_queues(parts, strata); queue++)
        if ((stratum + strata - rotation_queue_start(queue, parts, strata)) % strata < round)
            visits +=
                rotation_queue_first(queue + 1, parts, strata) - rotation_queue_first(queue, parts, strata);
    return visits;
}

/* ---- all epochs ---- */

/* The stratum where a part begins the epoch of a round. */
static inline uint32_t rotation_begins_at(uint32_t part, uint64_t round, uint32_t parts, uint32_t strata) {
    return rotation_is_first_epoch(round, strata)
               ? rotation_queue_start(rotation_queue_of(part, parts, strata), parts, strata)
               : rotation_start(part, parts, strata);
}

/* The stratum that a part visits in a round. */
static inline uint32_t rotation_stratum(uint32_t part, uint64_t round, uint32_t parts, uint32_t strata) {
    return (uint32_t)((rotation_begins_at(part, round, parts, strata) + round) % strata);
}

/* The round of an epoch in which a part visits a stratum, counted over the whole run. */
static inline uint64_t rotation_round(uint32_t part, uint32_t stratum, uint64_t epoch, uint32_t parts,
                                      uint32_t strata) {
    uint32_t start = rotation_begins_at(part, epoch * strata, parts, strata);
    return epoch * strata + (stratum + strata - start) % strata;
}

/* How often a stratum has been visited when every part has made its rounds before this one, and none this one. From the second
 * epoch on: by the parts that began the epoch at it or at one of the strata before it, as many as there were rounds. */
static inline uint64_t rotation_visits(uint32_t stratum, uint64_t round, uint32_t parts, uint32_t strata) {
    if (rotation_is_first_epoch(round, strata))
        return rotation_first_visits(stratum, round, parts, strata);
    uint64_t visits = round / strata * parts;
    uint32_t rounds = (uint32_t)(round % strata), end = stratum + 1;
    visits += rotation_starts_before(end, parts, strata);
    return rounds <= end ? visits - rotation_starts_before(end - rounds, parts, strata)
                         : visits + parts - rotation_starts_before(end + strata - rounds, parts, strata);
}

/* How often the stratum that a part visits in a round has been visited before: the version that the part reads. */
static inline uint64_t rotation_version(uint32_t part, uint64_t round, uint32_t parts, uint32_t strata) {
    uint64_t visits = rotation_visits(rotation_stratum(part, round, parts, strata), round, parts, strata);
    if (!rotation_is_first_epoch(round, strata))
        return visits;
    uint32_t queue = rotation_queue_of(part, parts, strata);
    return visits + part - rotation_queue_first(queue, parts, strata);
}

#endif
