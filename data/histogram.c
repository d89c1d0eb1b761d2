#include "data/histogram.h"

#include <math.h>
#include <stddef.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

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

enum { CHUNK = 512 };

#if defined(__x86_64__) && defined(__GNUC__)
#define AVX512 __attribute__((target("avx512f,popcnt")))

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt");
}

/* The values of 16 ratings, which are every third of 48 numbers. */
AVX512 static inline __m512 values_of(const struct rating *ratings) {
    const __m512i first = _mm512_set_epi32(0, 0, 0, 0, 0, 0, 29, 26, 23, 20, 17, 14, 11, 8, 5, 2);
    const __m512i rest = _mm512_set_epi32(31, 28, 25, 22, 19, 16, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const char *at = (const char *)ratings;
    __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(at), first, _mm512_loadu_si512(at + 64));
    return _mm512_castsi512_ps(_mm512_permutex2var_epi32(low, rest, _mm512_loadu_si512(at + 128)));
}

/* A look for each known value at 16 ratings is three instructions. False, and nothing is counted, when there are others too. */
AVX512 static bool count_known(struct value_table *table, const struct rating *ratings) {
    enum { LANES = 16 };
    __m512 values[CHUNK / LANES];
    uint32_t counts[HISTOGRAM_BARS_MAX], all = 0;
    for (size_t i = 0; i < CHUNK / LANES; i++)
        values[i] = values_of(ratings + i * LANES);
    for (uint32_t code = 0; code < table->count; code++) {
        __m512 value = _mm512_set1_ps(table->values[code]);
        counts[code] = 0;
        for (size_t i = 0; i < CHUNK / LANES; i++)
            counts[code] += (uint32_t)__builtin_popcount(_mm512_cmp_ps_mask(values[i], value, _CMP_EQ_OQ));
        all += counts[code];
    }
    for (uint32_t code = 0; code < table->count && all == CHUNK; code++)
        table->ratings[code] += counts[code];
    return all == CHUNK;
}
#else
static bool has_avx512(void) {
    return false;
}
static bool count_known(struct value_table *table, const struct rating *ratings) {
    (void)table, (void)ratings;
    return false;
}
#endif

static bool count_singly(struct value_table *table, const struct rating *ratings, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t code;
        if (!value_table_code(table, ratings[i].value, &code) || code >= HISTOGRAM_BARS_MAX)
            return false;
        table->ratings[code]++;
    }
    return true;
}

bool histogram_count(struct value_table *table, const struct rating *ratings, size_t count) {
    size_t i = 0;
    for (; i + CHUNK <= count && has_avx512(); i += CHUNK)
        if (!count_known(table, ratings + i) && !count_singly(table, ratings + i, CHUNK))
            return false;
    return count_singly(table, ratings + i, count - i);
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
