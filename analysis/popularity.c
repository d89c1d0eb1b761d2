#include "analysis/popularity.h"

#include <string.h>

#include "analysis/titles.h"
#include "core/memory.h"

/* The bucket that begins when the movies before it hold `before` of `total` ratings. */
static enum popularity_bucket bucket_at(uint64_t before, uint64_t total) {
    if (before * 2 < total)
        return POPULARITY_HEAD;
    return before * 10 < total * 9 ? POPULARITY_TORSO : POPULARITY_TAIL;
}

/* The most-rated movies come first. */
static void sort_rated(struct popularity *popularity, const struct selection *rated, const uint32_t *counts,
                       uint64_t total) {
    enum popularity_bucket bucket = POPULARITY_HEAD;
    uint64_t before = 0;
    for (uint32_t i = 0; i < rated->count; i++) {
        uint32_t movie = rated->movies[i];
        if (i == 0 || counts[movie] != counts[rated->movies[i - 1]])
            bucket = bucket_at(before, total);
        struct popularity_extent *extent = &popularity->extents[bucket];
        popularity->buckets[movie] = (uint8_t)bucket;
        extent->most = extent->movies == 0 ? counts[movie] : extent->most;
        extent->least = counts[movie];
        extent->movies++;
        extent->ratings += counts[movie];
        before += counts[movie];
    }
}

bool popularity_sort(struct popularity *popularity, const uint32_t *counts, uint32_t movies,
                     struct status *status) {
    struct selection rated;
    uint64_t total = 0;
    *popularity = (struct popularity){0};
    popularity->buckets = memory_take(movies, "the movies' buckets", status);
    if (popularity->buckets == NULL)
        return false;
    if (!selection_most_rated(&rated, counts, movies, movies, status)) {
        popularity_free(popularity);
        return false;
    }
    for (uint32_t movie = 0; movie < movies; movie++)
        total += counts[movie];
    memset(popularity->buckets, POPULARITY_COLD, movies);
    popularity->extents[POPULARITY_COLD].movies = movies - rated.count;
    sort_rated(popularity, &rated, counts, total);
    selection_free(&rated);
    return true;
}

void popularity_free(struct popularity *popularity) {
    memory_release(popularity->buckets);
    *popularity = (struct popularity){0};
}

const char *popularity_name(enum popularity_bucket bucket) {
    static const char *const NAMES[POPULARITY_COUNT] = {"head", "torso", "tail", "cold"};
    return NAMES[bucket];
}
