/* The charts of the report. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_chart.h"
#include "cli/report_page.h"
#include "core/memory.h"

enum { SMALL_CHARTS = 64, WORKER_CURVES = REPORT_COLOURS - 1 };

/* Where the numbers of a chart stand while it is drawn: REPORT_CURVES columns of `rows`. */
struct desk {
    struct scroll *page;
    const struct report_facts *facts;
    double *columns;
    size_t rows;
    double *epochs, *ends; /* [epoch_count]: numbers of the epochs, and when they ended */
};

static double *column(const struct desk *desk, size_t i) {
    return desk->columns + i * desk->rows;
}

static struct report_chart begin(const struct desk *desk, const char *title, enum report_numbers numbers,
                                 bool by_epoch) {
    const struct board *board = &desk->facts->board;
    return (struct report_chart){.title = title,
                                 .numbers = numbers,
                                 .by_epoch = by_epoch,
                                 .x_most = by_epoch ? (double)board->epoch_count : desk->facts->seconds,
                                 .y_most = NAN,
                                 .marks = by_epoch ? NULL : &desk->facts->events};
}

static void add(struct report_chart *chart, const char *name, const double *x, const double *y, size_t count,
                unsigned colour, bool dots) {
    chart->curves[chart->curve_count++] =
        (struct report_curve){.name = name, .x = x, .y = y, .count = count, .colour = colour, .dots = dots};
}

static bool knows_any(const double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            return true;
    return false;
}

/* A chart without a number says nothing. */
static void put(const struct desk *desk, const struct report_chart *chart) {
    for (size_t i = 0; i < chart->curve_count; i++)
        if (knows_any(chart->curves[i].y, chart->curves[i].count)) {
            report_chart_put(desk->page, chart);
            return;
        }
}

/* One sample is a point, not a curve: a run that is shorter than monitor.interval is shown by epoch alone. */
static bool is_sampled(const struct desk *desk) {
    return desk->facts->series.count > 1;
}

/* ---- by epoch ---- */

static double train_loss(const struct epoch_report *at) {
    return at->train_loss;
}
static double valid_mse(const struct epoch_report *at) {
    return at->valid_count > 0 ? at->valid_mse : NAN;
}
static double valid_rmse(const struct epoch_report *at) {
    return at->valid_count > 0 ? at->valid_rmse : NAN;
}
static double valid_mae(const struct epoch_report *at) {
    return at->valid_count > 0 ? at->valid_mae : NAN;
}
static double learning_rate(const struct epoch_report *at) {
    return at->learning_rate;
}
static double epoch_speed(const struct epoch_report *at) {
    return at->ratings_per_second;
}

static const double *of_epochs(const struct desk *desk, size_t i,
                               double (*number)(const struct epoch_report *)) {
    const struct board *board = &desk->facts->board;
    for (size_t epoch = 0; epoch < board->epoch_count; epoch++)
        column(desk, i)[epoch] = number(&board->epochs[epoch].at);
    return column(desk, i);
}

static void put_losses(const struct desk *desk) {
    size_t count = desk->facts->board.epoch_count;
    struct report_chart chart = begin(desk, "Loss by epoch (mean squared error)", REPORT_PLAIN, true);
    add(&chart, "training", desk->epochs, of_epochs(desk, 0, train_loss), count, 0, true);
    add(&chart, "validation", desk->epochs, of_epochs(desk, 1, valid_mse), count, 1, true);
    put(desk, &chart);
    chart = begin(desk, "Validation error by epoch", REPORT_PLAIN, true);
    add(&chart, "RMSE", desk->epochs, of_epochs(desk, 0, valid_rmse), count, 1, true);
    add(&chart, "MAE", desk->epochs, of_epochs(desk, 1, valid_mae), count, 3, true);
    put(desk, &chart);
}

/* ---- by time ---- */

static const double *of_run(const struct desk *desk, size_t i, enum series_run number) {
    const struct series *series = &desk->facts->series;
    for (uint32_t sample = 0; sample < series->count; sample++)
        column(desk, i)[sample] = (double)series_run_value(series, sample, number);
    return column(desk, i);
}

static void put_loss_over_time(const struct desk *desk) {
    const struct series *series = &desk->facts->series;
    struct report_chart chart = begin(desk, "Loss over time", REPORT_PLAIN, false);
    add(&chart, "training, of the last steps", series->seconds, of_run(desk, 0, SERIES_LOSS), series->count,
        0, false);
    add(&chart, "validation", desk->ends, of_epochs(desk, 1, valid_mse), desk->facts->board.epoch_count, 1,
        true);
    put(desk, &chart);
}

/* A run without samples knows the rate that each epoch ended with. */
static void put_rate(const struct desk *desk) {
    const struct series *series = &desk->facts->series;
    bool sampled = is_sampled(desk);
    struct report_chart chart =
        begin(desk, sampled ? "Learning rate over time" : "Learning rate at each epoch's end", REPORT_RATE,
              !sampled);
    if (sampled)
        add(&chart, "learning rate", series->seconds, of_run(desk, 0, SERIES_LEARNING_RATE), series->count, 2,
            false);
    else
        add(&chart, "learning rate", desk->epochs, of_epochs(desk, 0, learning_rate),
            desk->facts->board.epoch_count, 2, true);
    put(desk, &chart);
}

static void put_speed(const struct desk *desk) {
    const struct series *series = &desk->facts->series;
    char names[WORKER_CURVES][32];
    bool sampled = is_sampled(desk);
    struct report_chart chart =
        begin(desk, sampled ? "Ratings per second over time" : "Ratings per second by epoch", REPORT_SHORT,
              !sampled);
    if (!sampled)
        add(&chart, "all workers", desk->epochs, of_epochs(desk, 0, epoch_speed),
            desk->facts->board.epoch_count, 0, true);
    else
        add(&chart, "all workers", series->seconds, of_run(desk, 0, SERIES_RATINGS_PER_S), series->count, 0,
            false);
    uint32_t workers = sampled && series->worker_count <= WORKER_CURVES ? series->worker_count : 0;
    for (uint32_t worker = 0; worker < workers; worker++) {
        double *values = column(desk, 1 + worker);
        for (uint32_t sample = 0; sample < series->count; sample++)
            values[sample] = (double)series_worker_value(series, sample, worker);
        snprintf(names[worker], sizeof names[worker], "worker %u", worker);
        add(&chart, names[worker], series->seconds, values, series->count, 1 + worker, false);
    }
    put(desk, &chart);
}

/* ---- by shard ---- */

static void take_shard(const struct desk *desk, uint32_t shard, enum series_shard number) {
    const struct series *series = &desk->facts->series;
    for (uint32_t sample = 0; sample < series->count; sample++)
        column(desk, 0)[sample] = (double)series_shard_value(series, sample, shard, number);
}

static double most_of_shards(const struct desk *desk, enum series_shard number) {
    const struct series *series = &desk->facts->series;
    double most = NAN;
    for (uint32_t shard = 0; shard < series->shard_count; shard++) {
        take_shard(desk, shard, number);
        for (uint32_t sample = 0; sample < series->count; sample++)
            most = fmax(most, column(desk, 0)[sample]);
    }
    return most;
}

static void put_shards(const struct desk *desk, const char *title, enum series_shard number,
                       enum report_numbers numbers, unsigned colour) {
    const struct series *series = &desk->facts->series;
    double most = most_of_shards(desk, number);
    uint32_t shown = series->shard_count < SMALL_CHARTS ? series->shard_count : SMALL_CHARTS;
    scroll_add(desk->page, "<section class=\"long\"><h2>%s</h2>\n", title);
    if (shown < series->shard_count)
        scroll_add(desk->page, "<p class=\"faint\">The first %u of %u pservers.</p>\n", shown,
                   series->shard_count);
    scroll_text(desk->page, "<div class=\"smalls\">\n");
    for (uint32_t shard = 0; shard < shown; shard++) {
        char name[32];
        snprintf(name, sizeof name, "pserver %u", shard);
        struct report_chart chart = begin(desk, name, numbers, false);
        chart.small = true;
        chart.y_most = most;
        take_shard(desk, shard, number);
        add(&chart, name, series->seconds, column(desk, 0), series->count, colour, false);
        report_chart_put(desk->page, &chart);
    }
    scroll_text(desk->page, "</div></section>\n");
}

/* ---- all ---- */

static bool has_event(const struct report_events *events, const char *name) {
    for (size_t i = 0; i < events->count; i++)
        if (strcmp(events->items[i].event, name) == 0)
            return true;
    return false;
}

static void put_mark_legend(const struct desk *desk) {
    scroll_text(desk->page, "<div class=\"legend faint\">");
    for (size_t i = 0; i < REPORT_MARKS; i++)
        if (has_event(&desk->facts->events, REPORT_MARK_NAMES[i]))
            scroll_add(desk->page, "<span><i class=\"m m-%s\"></i>%s</span>", REPORT_MARK_NAMES[i],
                       REPORT_MARK_NAMES[i]);
    scroll_text(desk->page, "</div>\n");
}

/* An epoch that no event dates is taken to follow on the one before. */
static void date_epochs(struct desk *desk) {
    const struct board *board = &desk->facts->board;
    double end = 0;
    desk->epochs = column(desk, REPORT_CURVES);
    desk->ends = column(desk, REPORT_CURVES + 1);
    for (size_t i = 0; i < board->epoch_count; i++) {
        double seconds = board->epochs[i].at.seconds, at = board->epochs[i].seconds_at;
        end = isfinite(at) ? at : end + (isfinite(seconds) ? seconds : 0);
        desk->epochs[i] = board->epochs[i].at.epoch;
        desk->ends[i] = end;
    }
}

bool report_curves_put(struct scroll *page, const struct report_facts *facts, struct status *status) {
    size_t epochs = facts->board.epoch_count, samples = facts->series.count;
    struct desk desk = {.page = page, .facts = facts, .rows = epochs > samples ? epochs : samples};
    desk.columns =
        memory_take_array((REPORT_CURVES + 2) * (desk.rows + 1), sizeof *desk.columns, "curves", status);
    if (desk.columns == NULL)
        return false;
    date_epochs(&desk);
    if (desk.rows > 0) {
        scroll_text(page, "<section class=\"long\"><h2>Curves</h2>\n<div class=\"charts\">\n");
        put_losses(&desk);
        put_loss_over_time(&desk);
        put_rate(&desk);
        put_speed(&desk);
        scroll_text(page, "</div>\n");
        put_mark_legend(&desk);
        scroll_text(page, "</section>\n");
    }
    if (is_sampled(&desk)) {
        put_shards(&desk, "Rows pulled per second, by pserver", SERIES_PULLS_PER_S, REPORT_SHORT, 0);
        put_shards(&desk, "Slowest hundredth of pulls (p99), by pserver", SERIES_PULL_P99_US, REPORT_DURATION,
                   1);
    }
    memory_release(desk.columns);
    return true;
}
