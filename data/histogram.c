#include "data/histogram.h"

#include <math.h>
#include <string.h>

/* Counts a value; false when it would need a bar too many. */
static bool count_value(struct histogram *histogram, float value) {
    uint32_t i = 0;
    while (i < histogram->count && histogram->bars[i].low < value)
        i++;
    if (i == histogram->count || histogram->bars[i].low != value) {
        if (histogram->count == HISTOGRAM_BARS_MAX)
            return false;
        memmove(&histogram->bars[i + 1], &histogram->bars[i],
                (histogram->count - i) * sizeof histogram->bars[0]);
        histogram->bars[i] = (struct histogram_bar){value, value, 0};
        histogram->count++;
    }
    histogram->bars[i].ratings++;
    return true;
}

static struct histogram binned(const struct rating_list *list) {
    struct histogram histogram = {.is_binned = true, .count = HISTOGRAM_BINS};
    double low = INFINITY, high = -INFINITY;
    for (uint64_t i = 0; i < list->count; i++) {
        low = fmin(low, (double)rating_list_at(list, i)->value);
        high = fmax(high, (double)rating_list_at(list, i)->value);
    }
    double width = (high - low) / HISTOGRAM_BINS;
    for (uint32_t bin = 0; bin < HISTOGRAM_BINS; bin++)
        histogram.bars[bin] =
            (struct histogram_bar){(float)(low + bin * width), (float)(low + (bin + 1) * width), 0};
    for (uint64_t i = 0; i < list->count; i++) {
        double place = ((double)rating_list_at(list, i)->value - low) / width;
        histogram.bars[place >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : (uint32_t)place].ratings++;
    }
    return histogram;
}

struct histogram histogram_of(const struct rating_list *list) {
    struct histogram histogram = {0};
    for (uint64_t i = 0; i < list->count; i++)
        if (!count_value(&histogram, rating_list_at(list, i)->value))
            return binned(list);
    return histogram;
}
