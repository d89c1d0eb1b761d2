/* One seed of chaos: a run without faults, then the same training in a cluster of another shape to which everything
 * happens that the seed says. Both must give the same model, and no promise may be broken on the way. */
#ifndef TESTS_SIM_CHAOS_H
#define TESTS_SIM_CHAOS_H

#include "cluster.h"

/* Sums over seeds. */
struct chaos_tally {
    uint64_t runs, exact; /* exact: synchronous ones, whose bits are promised */
    uint64_t blocked;     /* of the exact ones: in mode blocked */
    uint64_t faults[FAULT_KINDS];
    uint64_t restarts_all, restarts_one, resumed, committed, skipped, takeovers, repeats, rows_seen,
        delivered;
    uint64_t queued_most, blocks_most;
};

/* False with a sentence (with the seed and the faults) when something is wrong. Adds to *tally. */
bool chaos_run(uint64_t seed, struct chaos_tally *tally, char *sentence, size_t capacity);

void chaos_print(const struct chaos_tally *tally);

/* A number from the environment, or a default. */
uint64_t chaos_number(const char *name, uint64_t otherwise);

#endif
