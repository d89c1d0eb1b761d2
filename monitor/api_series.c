#include "monitor/api.h"
#include "monitor/json_put.h"

enum { BYTES_PER_VALUE = 6 };

uint32_t api_series_first(const struct series *series, uint64_t after) {
    if (after == 0 || after > series->taken || after < series->thinned_at)
        return 0;
    uint32_t first = series->count;
    while (first > 0 && series->serials[first - 1] > after)
        first--;
    return series->count - first > API_NEWEST ? 0 : first;
}

/* The run's own columns are few, and losses differ in late digits. */
static void put_run_column(struct scroll *scroll, const struct series *series, uint32_t first,
                           enum series_run column) {
    json_put_key(scroll, series_run_name(column));
    json_put_open(scroll, '[');
    for (uint32_t i = first; i < series->count; i++)
        json_put_real(scroll, column == SERIES_SECONDS ? series->seconds[i]
                                                       : (double)series_run_value(series, i, column));
    json_put_close(scroll, ']');
}

/* The samples of one column, which is `offset` floats into each. */
static void put_curve(struct scroll *scroll, const struct series *series, uint32_t first, const char *name,
                      size_t offset) {
    json_put_key(scroll, name);
    json_put_open(scroll, '[');
    scroll_curve(scroll, series->samples + (size_t)first * series->columns + offset, series->count - first,
                 series->columns);
    json_put_close(scroll, ']');
}

static void put_shard(struct scroll *scroll, const struct series *series, uint32_t first, uint32_t shard) {
    json_put_open(scroll, '{');
    for (size_t column = 0; column < SERIES_SHARD_COLUMNS; column++)
        put_curve(scroll, series, first, series_shard_name((enum series_shard)column),
                  series_shard_column(series, shard) + column);
    json_put_close(scroll, '}');
}

static void put_worker(struct scroll *scroll, const struct series *series, uint32_t first, uint32_t worker) {
    json_put_open(scroll, '{');
    put_curve(scroll, series, first, "ratings_per_s", series_worker_column(series, worker));
    json_put_close(scroll, '}');
}

void api_series(struct scroll *scroll, const struct series *series, uint32_t first) {
    scroll_room(scroll, (size_t)(series->count - first) * series->columns * BYTES_PER_VALUE);
    json_put_open(scroll, '{');
    json_put_key(scroll, "serial");
    json_put_uint(scroll, series->taken);
    json_put_key(scroll, "whole");
    json_put_bool(scroll, first == 0);
    for (int column = 0; column < SERIES_RUN_COLUMNS; column++)
        put_run_column(scroll, series, first, (enum series_run)column);
    json_put_key(scroll, "shards");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < series->shard_count; i++)
        put_shard(scroll, series, first, i);
    json_put_close(scroll, ']');
    json_put_key(scroll, "workers");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < series->worker_count; i++)
        put_worker(scroll, series, first, i);
    json_put_close(scroll, ']');
    json_put_close(scroll, '}');
    scroll_put(scroll, "\n", 1);
}
