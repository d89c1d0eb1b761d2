#include "core/tally.h"

uint64_t tally_count(const struct tally *tally) {
    uint64_t count = 0;
    for (unsigned slot = 0; slot < TALLY_SLOTS; slot++)
        count += tally->counts[slot];
    return count;
}

/* The value at a place (0 to counts[slot]) within a slot. */
static double within(const struct tally *tally, unsigned slot, double place) {
    double low = slot < 2 ? 0 : (double)tally_bound(slot - 1);
    double high = tally_bound(slot) < tally->most ? (double)tally_bound(slot) : (double)tally->most;
    return high <= low ? high : low + (high - low) * place / (double)tally->counts[slot];
}

double tally_quantile(const struct tally *tally, double share) {
    double wanted = share * (double)tally_count(tally), seen = 0;
    for (unsigned slot = 0; slot < TALLY_SLOTS; slot++) {
        double counted = (double)tally->counts[slot];
        if (counted > 0 && seen + counted >= wanted)
            return within(tally, slot, wanted - seen);
        seen += counted;
    }
    return 0;
}

struct tally tally_since(const struct tally *now, const struct tally *before) {
    struct tally since = {.sum = now->sum - before->sum, .most = now->most};
    for (unsigned slot = 0; slot < TALLY_SLOTS; slot++)
        since.counts[slot] = now->counts[slot] - before->counts[slot];
    return since;
}
