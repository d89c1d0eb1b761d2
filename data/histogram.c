#include "data/histogram.h"

#include <math.h>

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

bool histogram_count(struct value_table *table, const struct rating *ratings, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t code;
        if (!value_table_code(table, ratings[i].value, &code) || code >= HISTOGRAM_BARS_MAX)
            return false;
        table->ratings[code]++;
    }
    return true;
}

struct histogram histogram_of_values(struct value_table *table) {
    struct histogram histogram = {.count = table->count};
    value_table_sort(table);
    for (uint32_t i = 0; i < table->count; i++)
        histogram.bars[i] = (struct histogram_bar){table->values[i], table->values[i], table->ratings[i]};
    return histogram;
}

struct histogram histogram_of(const struct rating_list *list) {
    struct value_table table = {0};
    for (uint64_t i = 0, run; i < list->count; i += run) {
        run = rating_list_run(list, i);
        if (!histogram_count(&table, rating_list_at(list, i), run))
            return binned(list);
    }
    return histogram_of_values(&table);
}
