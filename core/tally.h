/* How often a measured whole number fell where: a histogram whose bounds double, small enough to travel with every
 * heartbeat. For durations in microseconds and for staleness in steps alike; the unit is said where a tally is held.
 *
 * Slot 0 counts zeros, slot i (1 to 24) values in (2^(i-2), 2^(i-1)]: bounds 0, 1, 2, 4, ... 8,388,608; the last slot
 * counts what is above. So any quantile is known within a factor of two, and two tallies are added slot by slot. */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include <stdint.h>

enum { TALLY_SLOTS = 26 };

struct tally {
    uint64_t counts[TALLY_SLOTS];
    uint64_t sum; /* of all values */
    uint64_t most;
};

_Static_assert(sizeof(struct tally) == (TALLY_SLOTS + 2) * sizeof(uint64_t), "a tally travels as it lies");

/* The slot of a value, and the largest value of a slot; UINT64_MAX for the last. */
static inline unsigned tally_slot(uint64_t value) {
    unsigned slot = value < 2 ? (unsigned)value : 65 - (unsigned)__builtin_clzll(value - 1);
    return slot < TALLY_SLOTS ? slot : TALLY_SLOTS - 1;
}

static inline uint64_t tally_bound(unsigned slot) {
    return slot == 0 ? 0 : slot < TALLY_SLOTS - 1 ? (uint64_t)1 << (slot - 1) : UINT64_MAX;
}

static inline void tally_add(struct tally *tally, uint64_t value) {
    tally->counts[tally_slot(value)]++;
    tally->sum += value;
    tally->most = value > tally->most ? value : tally->most;
}

uint64_t tally_count(const struct tally *tally);

/* The value below or at which a share (0 to 1) of all lie, taken evenly within its slot and never above `most`; 0 when
 * nothing was counted. */
double tally_quantile(const struct tally *tally, double share);

/* What was counted between two moments of one tally; `most` is that of the later one. */
struct tally tally_since(const struct tally *now, const struct tally *before);

#endif
