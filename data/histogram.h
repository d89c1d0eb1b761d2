/* How often each rating value occurs: one bar per value while there are few of them (half stars are ten),
 * else bars of equal width from the smallest to the largest value. */
#ifndef DATA_HISTOGRAM_H
#define DATA_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "data/rating_list.h"
#include "data/value_table.h"

enum { HISTOGRAM_BARS_MAX = 24, HISTOGRAM_BINS = 10 };

struct histogram {
    bool is_binned;
    uint32_t count;
    struct histogram_bar {
        float low,
            high; /* equal when the bar is one value; else low <= value < high, the last bar with its high */
        uint64_t ratings;
    } bars[HISTOGRAM_BARS_MAX]; /* rising */
};

/* The same for ratings that are not kept: counts values as they come; false when they need bars of equal width, which only
 * histogram_of gives. */
bool histogram_count(struct value_table *table, const struct rating *ratings, size_t count);
struct histogram histogram_of_values(struct value_table *table);

struct histogram histogram_of(const struct rating_list *list);

#endif
