#include "monitor/live.h"

#include <math.h>
#include <string.h>

#include "monitor/canvas.h"
#include "monitor/quantity.h"

enum { MEMBER_BAR_MAX = 28, RUN_BAR_MAX = 60, BAR_MIN = 4, LINE_BYTES = 1024 };

struct area {
    struct canvas canvas;
    struct live_extent *extent;
    unsigned lines; /* usable */
};

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static void end_line(struct area *area, unsigned used) {
    text_add(area->canvas.text, "\x1b[K\n");
    area->extent->cells[area->extent->line_count++] = (uint16_t)used;
}

static void put_run(struct area *area, const struct progress_report *report) {
    char head[LINE_BYTES], tail[LINE_BYTES];
    quantity eta;
    struct text before = text_over(head, sizeof head), after = text_over(tail, sizeof tail);
    text_add(&before, "epoch %u/%u  ", report->epoch, report->epochs);
    text_add(&after, "  %3.0f%%  eta %s", floor(fmin(fmax(report->fraction, 0), 1) * 100),
             quantity_clock(eta, report->eta_seconds));
    unsigned around = (unsigned)(before.length + after.length);
    unsigned bar = area->canvas.columns > around + BAR_MIN ? area->canvas.columns - around : BAR_MIN;
    canvas_colour(&area->canvas, COLOUR_STRONG);
    unsigned used = canvas_put(&area->canvas, 0, head);
    canvas_colour(&area->canvas, COLOUR_END);
    used = canvas_bar(&area->canvas, used, smaller(bar, RUN_BAR_MAX), report->fraction);
    end_line(area, canvas_put(&area->canvas, used, tail));
}

static void put_numbers(struct area *area, const struct progress_report *report) {
    char line[LINE_BYTES];
    quantity loss, rmse, rate, speed;
    struct text text = text_over(line, sizeof line);
    text_add(&text, "loss %s   valid rmse %s   lr %s   %s ratings/s   pservers %u/%u   workers %u/%u",
             quantity_significant(loss, report->loss, 3),
             quantity_significant(rmse, report->last_valid_rmse, 3),
             quantity_rate(rate, report->learning_rate), quantity_short(speed, report->ratings_per_second),
             report->pservers_up, report->pserver_count, report->workers_up, report->worker_count);
    end_line(area, canvas_put(&area->canvas, 0, line));
}

/* A member's share of the epoch under way. */
static double epoch_share(const struct progress_report *report, uint64_t step) {
    uint64_t first = report->epoch > 0 ? (report->epoch - 1) * report->steps_per_epoch : 0;
    if (report->steps_per_epoch == 0)
        return report->fraction;
    return step > first ? (double)(step - first) / (double)report->steps_per_epoch : 0;
}

static void put_member(struct area *area, const char *role, uint32_t index, bool up, double share,
                       const char *numbers) {
    char label[LINE_BYTES];
    struct text text = text_over(label, sizeof label);
    text_add(&text, "%-7s %3u  ", role, index);
    if (!up)
        canvas_colour(&area->canvas, COLOUR_DOWN);
    unsigned used = canvas_put(&area->canvas, 0, label);
    if (up) {
        unsigned bar = area->canvas.columns / 4 < BAR_MIN ? BAR_MIN : area->canvas.columns / 4;
        used = canvas_bar(&area->canvas, used, smaller(bar, MEMBER_BAR_MAX), share);
        used = canvas_put(&area->canvas, used, numbers);
    } else {
        used = canvas_put(&area->canvas, used, "down");
        canvas_colour(&area->canvas, COLOUR_END);
    }
    end_line(area, used);
}

static void put_shard(struct area *area, const struct progress_report *report, uint32_t i) {
    const struct shard_progress *shard = &report->shards[i];
    char numbers[LINE_BYTES];
    quantity pulls, pushes, users, movies, memory;
    struct text text = text_over(numbers, sizeof numbers);
    text_add(&text, "  %5s pulls/s  %5s pushes/s  %6s movies  %6s users  %s",
             quantity_short(pulls, shard->pulls_per_second), quantity_short(pushes, shard->pushes_per_second),
             quantity_count(movies, shard->movie_rows), quantity_count(users, shard->user_rows),
             quantity_memory(memory, shard->bytes));
    put_member(area, "pserver", shard->index, shard->up, epoch_share(report, shard->step), numbers);
}

static void put_worker(struct area *area, const struct progress_report *report, uint32_t i) {
    const struct worker_progress *worker = &report->workers[i];
    char numbers[LINE_BYTES];
    quantity speed;
    struct text text = text_over(numbers, sizeof numbers);
    text_add(&text, "  %5s ratings/s  %u lane%s", quantity_short(speed, worker->ratings_per_second),
             worker->lanes, worker->lanes == 1 ? "" : "s");
    put_member(area, "worker", worker->index, worker->up, epoch_share(report, worker->step), numbers);
}

static void put_rest(struct area *area, uint32_t shards_left, uint32_t workers_left) {
    char line[LINE_BYTES];
    struct text text = text_over(line, sizeof line);
    text_add(&text, "and %u more pserver%s, %u more worker%s", shards_left, shards_left == 1 ? "" : "s",
             workers_left, workers_left == 1 ? "" : "s");
    end_line(area, canvas_put(&area->canvas, 0, line));
}

/* All members when they fit; otherwise as many pservers as half the room allows, workers in the rest. */
static void put_members(struct area *area, const struct progress_report *report) {
    unsigned room = area->lines > area->extent->line_count ? area->lines - area->extent->line_count : 0;
    uint32_t shards = report->pserver_count, workers = report->worker_count;
    bool all = (uint64_t)shards + workers <= room;
    if (!all) {
        unsigned lines = room > 0 ? room - 1 : 0;
        workers = smaller(workers, lines - smaller(shards, lines / 2));
        shards = smaller(shards, lines - workers);
    }
    for (uint32_t i = 0; i < shards; i++)
        put_shard(area, report, i);
    for (uint32_t i = 0; i < workers; i++)
        put_worker(area, report, i);
    if (!all && room > 0)
        put_rest(area, report->pserver_count - shards, report->worker_count - workers);
}

static unsigned within(unsigned value, unsigned low, unsigned high) {
    return value < low ? low : value > high ? high : value;
}

void live_compose(struct text *text, const struct progress_report *report, const struct live_style *style,
                  struct live_extent *extent) {
    struct area area = {
        .canvas = {text, style, within(style->columns, LIVE_COLUMNS_MIN, LIVE_COLUMNS_MAX) - 1},
        .extent = extent,
        .lines = within(style->lines, 5, LIVE_LINES_MAX) - 2,
    };
    extent->line_count = 0;
    put_run(&area, report);
    put_numbers(&area, report);
    put_members(&area, report);
}
