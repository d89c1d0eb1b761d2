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
static void put_run_column(struct sheet *sheet, const struct series *series, uint32_t first,
                           enum series_run column) {
    json_put_key(sheet, series_run_name(column));
    json_put_open(sheet, '[');
    for (uint32_t i = first; i < series->count; i++)
        json_put_real(sheet, column == SERIES_SECONDS ? series->seconds[i]
                                                      : (double)series_run_value(series, i, column));
    json_put_close(sheet, ']');
}

/* The samples of one column, which is `offset` floats into each. */
static void put_curve(struct sheet *sheet, const struct series *series, uint32_t first, const char *name,
                      size_t offset) {
    json_put_key(sheet, name);
    json_put_open(sheet, '[');
    sheet_curve(sheet, series->samples + (size_t)first * series->columns + offset, series->count - first,
                series->columns);
    json_put_close(sheet, ']');
}

static void put_shard(struct sheet *sheet, const struct series *series, uint32_t first, uint32_t shard) {
    json_put_open(sheet, '{');
    for (size_t column = 0; column < SERIES_SHARD_COLUMNS; column++)
        put_curve(sheet, series, first, series_shard_name((enum series_shard)column),
                  series_shard_column(series, shard) + column);
    json_put_close(sheet, '}');
}

static void put_worker(struct sheet *sheet, const struct series *series, uint32_t first, uint32_t worker) {
    json_put_open(sheet, '{');
    put_curve(sheet, series, first, "ratings_per_s", series_worker_column(series, worker));
    json_put_close(sheet, '}');
}

void api_series(struct sheet *sheet, const struct series *series, uint32_t first) {
    sheet_room(sheet, (size_t)(series->count - first) * series->columns * BYTES_PER_VALUE);
    json_put_open(sheet, '{');
    json_put_key(sheet, "serial");
    json_put_uint(sheet, series->taken);
    json_put_key(sheet, "whole");
    json_put_bool(sheet, first == 0);
    for (int column = 0; column < SERIES_RUN_COLUMNS; column++)
        put_run_column(sheet, series, first, (enum series_run)column);
    json_put_key(sheet, "shards");
    json_put_open(sheet, '[');
    for (uint32_t i = 0; i < series->shard_count; i++)
        put_shard(sheet, series, first, i);
    json_put_close(sheet, ']');
    json_put_key(sheet, "workers");
    json_put_open(sheet, '[');
    for (uint32_t i = 0; i < series->worker_count; i++)
        put_worker(sheet, series, first, i);
    json_put_close(sheet, ']');
    json_put_close(sheet, '}');
    sheet_put(sheet, "\n", 1);
}
