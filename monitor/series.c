#include "monitor/series.h"

#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"

/* Seconds are no column. */
size_t series_run_column(enum series_run column) {
    REQUIRE(column != SERIES_SECONDS, "seconds are kept apart");
    return (size_t)column - 1;
}

size_t series_shard_column(const struct series *series, uint32_t shard) {
    REQUIRE(shard < series->shard_count, "a shard of the run");
    return SERIES_RUN_COLUMNS - 1 + (size_t)shard * SERIES_SHARD_COLUMNS;
}

size_t series_worker_column(const struct series *series, uint32_t worker) {
    REQUIRE(worker < series->worker_count, "a worker of the run");
    return SERIES_RUN_COLUMNS - 1 + (size_t)series->shard_count * SERIES_SHARD_COLUMNS + worker;
}

bool series_init(struct series *series, uint32_t shards, uint32_t workers, struct status *status) {
    *series = (struct series){.shard_count = shards,
                              .worker_count = workers,
                              .columns = SERIES_RUN_COLUMNS - 1 + shards * SERIES_SHARD_COLUMNS + workers,
                              .keep_every = 1};
    size_t bytes = (size_t)SERIES_SAMPLES * series->columns * sizeof *series->samples;
    series->samples = memory_take_raw(bytes, "the run's series", status);
    series->seconds = memory_take_array(SERIES_SAMPLES, sizeof *series->seconds, "the run's series", status);
    series->serials = memory_take_array(SERIES_SAMPLES, sizeof *series->serials, "the run's series", status);
    if (series->samples != NULL && series->seconds != NULL && series->serials != NULL)
        return true;
    series_free(series);
    return false;
}

void series_free(struct series *series) {
    memory_release(series->samples);
    memory_release(series->seconds);
    memory_release(series->serials);
    *series = (struct series){.samples = NULL};
}

static float *row_of(const struct series *series, uint32_t sample) {
    return series->samples + (size_t)sample * series->columns;
}

static bool is_due(const struct series *series, uint64_t serial) {
    return (serial - 1) % series->keep_every == 0;
}

static void thin(struct series *series) {
    uint32_t kept = 0;
    series->keep_every *= 2;
    for (uint32_t i = 0; i < series->count; i++) {
        if (!is_due(series, series->serials[i]))
            continue;
        memmove(row_of(series, kept), row_of(series, i), series->columns * sizeof *series->samples);
        series->seconds[kept] = series->seconds[i];
        series->serials[kept++] = series->serials[i];
    }
    series->count = kept;
    series->thinned_at = series->taken;
}

float *series_add(struct series *series, uint64_t serial, double seconds) {
    REQUIRE(serial > series->taken, "samples are offered in their order");
    series->taken = serial;
    while (series->count == SERIES_SAMPLES && is_due(series, serial))
        thin(series);
    if (!is_due(series, serial))
        return NULL;
    float *row = row_of(series, series->count);
    for (uint32_t i = 0; i < series->columns; i++)
        row[i] = NAN;
    series->seconds[series->count] = seconds;
    series->serials[series->count++] = serial;
    return row;
}

/* Samples are only ever thinned from more than SERIES_SAMPLES, so fewer than half of those say nothing. */
void series_settle(struct series *series) {
    uint64_t offsets = 0;
    for (uint32_t i = 0; i < series->count; i++)
        offsets |= series->serials[i] - 1;
    if (series->count >= SERIES_SAMPLES / 2)
        while (offsets % (2 * (uint64_t)series->keep_every) == 0)
            series->keep_every *= 2;
    series->thinned_at = series->keep_every > 1 ? series->taken : 0;
}

static void fill_shard(float *row, const struct shard_progress *shard) {
    row[SERIES_PULLS_PER_S] = (float)shard->pulls_per_second;
    row[SERIES_PUSHES_PER_S] = (float)shard->pushes_per_second;
    row[SERIES_PULL_P99_US] = (float)shard->pull_p99_us;
    row[SERIES_APPLY_P99_US] = (float)shard->apply_p99_us;
    row[SERIES_STALENESS_P50] = (float)shard->staleness_p50;
    row[SERIES_QUEUE] = (float)shard->queue;
    row[SERIES_BUSY] = (float)shard->busy;
}

static void fill_run(float *row, const struct progress_report *report) {
    double done = report->epoch == 0 ? 0 : report->epoch - 1 + report->fraction;
    row[series_run_column(SERIES_EPOCH)] = (float)done;
    row[series_run_column(SERIES_LOSS)] = (float)report->loss;
    row[series_run_column(SERIES_VALID_RMSE)] = (float)report->last_valid_rmse;
    row[series_run_column(SERIES_LEARNING_RATE)] = (float)report->learning_rate;
    row[series_run_column(SERIES_RATINGS_PER_S)] = (float)report->ratings_per_second;
}

bool series_sample(struct series *series, const struct board *board) {
    REQUIRE(board->shard_count == series->shard_count && board->worker_count == series->worker_count,
            "series and board have one shape");
    float *row = series_add(series, series->taken + 1, board->at.seconds);
    if (row == NULL)
        return false;
    fill_run(row, &board->at);
    for (uint32_t i = 0; i < board->shard_count; i++)
        if (board->shards[i].at.up)
            fill_shard(row + series_shard_column(series, i), &board->shards[i].at);
    for (uint32_t i = 0; i < board->worker_count; i++)
        if (board->workers[i].at.up)
            row[series_worker_column(series, i)] = (float)board->workers[i].at.ratings_per_second;
    return true;
}

uint32_t series_find(const struct series *series, uint64_t serial) {
    uint32_t low = 0, high = series->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (series->serials[middle] < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return low < series->count && series->serials[low] == serial ? low : series->count;
}

float series_run_value(const struct series *series, uint32_t sample, enum series_run column) {
    return column == SERIES_SECONDS ? (float)series->seconds[sample]
                                    : row_of(series, sample)[series_run_column(column)];
}

float series_shard_value(const struct series *series, uint32_t sample, uint32_t shard,
                         enum series_shard column) {
    return row_of(series, sample)[series_shard_column(series, shard) + column];
}

float series_worker_value(const struct series *series, uint32_t sample, uint32_t worker) {
    return row_of(series, sample)[series_worker_column(series, worker)];
}

const char *series_run_name(enum series_run column) {
    static const char *const NAMES[] = {"seconds",    "epoch",         "loss",
                                        "valid_rmse", "learning_rate", "ratings_per_s"};
    return NAMES[column];
}

const char *series_shard_name(enum series_shard column) {
    static const char *const NAMES[] = {"pulls_per_s",   "pushes_per_s", "pull_p99_us", "apply_p99_us",
                                        "staleness_p50", "queue",        "busy"};
    return NAMES[column];
}
