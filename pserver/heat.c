#include "pserver/heat.h"

#include "core/memory.h"

enum { SHARES = 100 };

bool heat_init(struct heat *heat, uint32_t first, uint32_t movies, struct status *status) {
    *heat = (struct heat){.first = first, .movies = movies};
    heat->counts = memory_take_array(movies, sizeof *heat->counts, "sampled pulls", status);
    return heat->counts != NULL;
}

void heat_free(struct heat *heat) {
    memory_release(heat->counts);
    *heat = (struct heat){0};
}

size_t heat_bytes(uint32_t movies) {
    return movies * sizeof(uint32_t);
}

static uint32_t above(const struct heat *heat, uint32_t count) {
    uint32_t movies = 0;
    for (uint32_t i = 0; i < heat->movies; i++)
        movies += heat->counts[i] > count;
    return movies;
}

/* Samples of the `hottest` movies: of all with more than a count that fewer than so many exceed, and, of those that have
 * just that count, as many as are missing. Looking through the counts some thirty times is cheaper than sorting them. */
static uint64_t samples_of(const struct heat *heat, uint32_t hottest) {
    uint32_t low = 0, high = UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (above(heat, middle) < hottest)
            high = middle;
        else
            low = middle + 1;
    }
    uint64_t samples = (uint64_t)(hottest - above(heat, low)) * low;
    for (uint32_t i = 0; i < heat->movies; i++)
        samples += heat->counts[i] > low ? heat->counts[i] : 0;
    return samples;
}

double heat_share(struct heat *heat) {
    uint32_t hottest = heat->movies / SHARES + (heat->movies % SHARES != 0);
    if (heat->samples > heat->known + heat->known / 8) {
        heat->share = (double)samples_of(heat, hottest) / (double)heat->samples;
        heat->known = heat->samples;
    }
    return heat->share;
}
