/* The best few of many scored rows, in memory that does not grow with their number: a heap whose root is the
 * worst of those kept. The larger score is better; of equal scores the smaller row, so that the outcome does
 * not depend on the order in which rows come. */
#ifndef ANALYSIS_TOP_LIST_H
#define ANALYSIS_TOP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct top_entry {
    double score;
    uint32_t row;
};

struct top_list {
    struct top_entry *entries; /* [capacity], borrowed */
    uint32_t count, capacity;
};

static inline bool top_list_is_full(const struct top_list *list) {
    return list->count == list->capacity;
}

/* The score that the next row has to reach: that of the worst one kept, or -infinity while there is room.
 * capacity > 0. */
double top_list_least(const struct top_list *list);

/* Keeps the row if it is among the best. */
void top_list_offer(struct top_list *list, double score, uint32_t row);

/* Turns the heap into a list, best first; nothing can be offered then. */
void top_list_sort(struct top_list *list);

/* Writes the places of those scores that are not below `least` (NaN is not), in rising order, to
 * places[count]; returns how many. Made for a `least` that few reach: whole vectors of others are passed
 * over. */
size_t top_list_reaching(const float *scores, size_t count, float least, uint32_t *places);

#endif
