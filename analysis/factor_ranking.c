#include "analysis/factor_ranking.h"

#include <stdlib.h>

#include "core/memory.h"

struct place {
    double value;
    uint32_t rank, movie; /* rank within the selection */
};

double factor_ranking_value(const struct factor_ranking *ranking, uint32_t movie) {
    return ranking->values[movie * ranking->stride];
}

static int by_value(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static void sort_places(struct factor_ranking *ranking, struct place *places,
                        const struct selection *popular) {
    for (uint32_t i = 0; i < popular->count; i++)
        places[i] = (struct place){factor_ranking_value(ranking, popular->movies[i]), i, popular->movies[i]};
    qsort(places, popular->count, sizeof *places, by_value);
    for (uint32_t i = 0; i < popular->count; i++)
        ranking->movies[i] = places[i].movie;
}

bool factor_ranking_make(struct factor_ranking *ranking, const double *values, size_t stride,
                         const struct selection *popular, struct status *status) {
    *ranking = (struct factor_ranking){.values = values, .stride = stride, .count = popular->count};
    struct place *places = memory_take_array(popular->count, sizeof *places, "a ranking of movies", status);
    if (places == NULL)
        return false;
    ranking->movies =
        memory_take_array(popular->count, sizeof *ranking->movies, "a ranking of movies", status);
    if (ranking->movies != NULL)
        sort_places(ranking, places, popular);
    memory_release(places);
    return ranking->movies != NULL;
}

void factor_ranking_free(struct factor_ranking *ranking) {
    memory_release(ranking->movies);
    *ranking = (struct factor_ranking){0};
}

struct ranking_ends factor_ranking_ends(const struct factor_ranking *ranking, uint32_t show) {
    uint32_t half = ranking->count - ranking->count / 2;
    uint32_t high = show < half ? show : half, rest = ranking->count - high;
    return (struct ranking_ends){high, show < rest ? show : rest};
}
