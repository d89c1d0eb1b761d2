#include "analysis/rated_lists.h"

#include "core/memory.h"

/* Afterwards starts[u + 1] is where user u's movies begin: filling them in moves it to where they end. */
static void count_movies(struct rated_lists *lists, const struct rating *ratings, uint64_t count,
                         uint32_t users, float least) {
    uint64_t before = 0;
    for (uint64_t i = 0; i < count; i++)
        lists->starts[ratings[i].user + 1] += ratings[i].value >= least;
    for (uint32_t user = 0; user < users; user++) {
        uint64_t own = lists->starts[user + 1];
        lists->starts[user + 1] = before;
        before += own;
    }
}

bool rated_lists_build(struct rated_lists *lists, const struct rating *ratings, uint64_t count,
                       uint32_t users, const uint32_t *map, float least, struct status *status) {
    *lists = (struct rated_lists){0};
    lists->starts = memory_take_array((size_t)users + 1, sizeof *lists->starts, "lists of movies", status);
    lists->movies = memory_take_array(count, sizeof *lists->movies, "lists of movies", status);
    if (lists->starts == NULL || lists->movies == NULL) {
        rated_lists_free(lists);
        return false;
    }
    count_movies(lists, ratings, count, users, least);
    for (uint64_t i = 0; i < count; i++)
        if (ratings[i].value >= least)
            lists->movies[lists->starts[ratings[i].user + 1]++] = map[ratings[i].movie];
    return true;
}

void rated_lists_free(struct rated_lists *lists) {
    memory_release(lists->starts);
    memory_release(lists->movies);
    *lists = (struct rated_lists){0};
}
