#include "analysis/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/select.h"

int64_t ranking_key(float score, uint32_t movie) {
    float plain = score + 0.0f; /* -0 becomes 0 */
    int32_t rising;
    memcpy(&rising, &plain, sizeof rising);
    /* The bits of negative floats fall where the floats rise. */
    if (rising < 0)
        rising ^= INT32_MAX;
    return (int64_t)((uint64_t)(uint32_t)~rising << 32 | movie);
}

static int by_key(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

void ranking_sort_first(int64_t *keys, size_t count, size_t first) {
    select_place(keys, count, first - 1);
    qsort(keys, first, sizeof *keys, by_key);
}

/* How many of the sorted keys stand before `key`. */
static size_t before(const int64_t *keys, size_t count, int64_t key) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Twice the pairs that a candidate at `place` among the relevant ones adds: 2 for each of a higher score, 1 for each of
 * the same. */
static uint64_t pairs_of(const int64_t *relevant, size_t count, size_t place, int64_t key) {
    size_t higher = place, not_lower = place;
    while (higher > 0 && relevant[higher - 1] >> 32 == key >> 32)
        higher--;
    while (not_lower < count && relevant[not_lower] >> 32 == key >> 32)
        not_lower++;
    return (uint64_t)higher + not_lower;
}

uint64_t ranking_ranks(int64_t *relevant, size_t count, const int64_t *others, size_t other_count,
                       uint32_t *between, uint32_t *ranks) {
    uint64_t pairs = 0;
    uint32_t others_before = 0;
    qsort(relevant, count, sizeof *relevant, by_key);
    memset(between, 0, (count + 1) * sizeof *between);
    for (size_t i = 0; i < other_count; i++) {
        size_t place = before(relevant, count, others[i]);
        between[place]++;
        pairs += pairs_of(relevant, count, place, others[i]);
    }
    for (size_t i = 0; i < count; i++) {
        others_before += between[i];
        ranks[i] = others_before + (uint32_t)i + 1;
    }
    return pairs;
}

struct ranking_score ranking_score_at(const uint32_t *ranks, size_t count, uint32_t k) {
    double gain = 0, best_gain = 0, precisions = 0;
    size_t hits = 0, reachable = count < k ? count : k;
    for (; hits < count && ranks[hits] <= k; hits++) {
        gain += 1 / log2(ranks[hits] + 1.0);
        precisions += (double)(hits + 1) / ranks[hits];
    }
    for (size_t i = 1; i <= reachable; i++)
        best_gain += 1 / log2((double)i + 1);
    return (struct ranking_score){
        .precision = (double)hits / k,
        .recall = (double)hits / (double)count,
        .ndcg = gain / best_gain,
        .map = precisions / (double)reachable,
        .mrr = hits > 0 ? 1.0 / ranks[0] : 0,
    };
}
