/* The tables of the report: what the summary says, epochs, members, events. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_page.h"
#include "cli/report_text.h"
#include "monitor/quantity.h"

/* ---- the summary ---- */

static double number_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool is_whole(double value) {
    return value >= 0 && value < 1e18;
}

static const char *count_of(quantity out, double value) {
    return is_whole(value) ? quantity_count(out, (uint64_t)value) : "-";
}

static const char *memory_of(quantity out, double value) {
    return is_whole(value) ? quantity_memory(out, (uint64_t)value) : "-";
}

/* A long value, a digest, takes the room of two. */
static void put_tile(struct scroll *page, const char *value, const char *name) {
    scroll_text(page, strlen(value) > 12 ? "<div class=\"two\"><b>" : "<div><b>");
    report_string(page, value);
    scroll_text(page, "</b><small>");
    report_string(page, name);
    scroll_text(page, "</small></div>\n");
}

static const struct epoch_report *best_epoch(const struct board *board) {
    const struct epoch_report *best = NULL;
    for (size_t i = 0; i < board->epoch_count; i++) {
        const struct epoch_report *at = &board->epochs[i].at;
        if (at->valid_count > 0 && isfinite(at->valid_rmse) &&
            (best == NULL || at->valid_rmse < best->valid_rmse))
            best = at;
    }
    return best;
}

/* A finished run has the numbers of its model; another one those of its last epoch. */
static void put_errors(struct scroll *page, const struct report_facts *facts) {
    const struct board *board = &facts->board;
    const struct epoch_report *best = best_epoch(board);
    const struct epoch_report *last =
        board->epoch_count > 0 ? &board->epochs[board->epoch_count - 1].at : NULL;
    quantity number;
    char name[64];
    double rmse = facts->summary != NULL                  ? number_of(facts->summary, "valid_rmse")
                  : last != NULL && last->valid_count > 0 ? last->valid_rmse
                                                          : NAN;
    double mae = facts->summary != NULL                  ? number_of(facts->summary, "valid_mae")
                 : last != NULL && last->valid_count > 0 ? last->valid_mae
                                                         : NAN;
    put_tile(page, quantity_fixed(number, rmse, 5), "validation RMSE");
    put_tile(page, quantity_fixed(number, mae, 5), "validation MAE");
    if (best != NULL) {
        snprintf(name, sizeof name, "best RMSE, of epoch %u", best->epoch);
        put_tile(page, quantity_fixed(number, best->valid_rmse, 5), name);
    }
}

static void put_speed(struct scroll *page, const struct report_facts *facts) {
    quantity number;
    char text[64];
    double seconds = number_of(facts->summary, "train_seconds");
    double lost = number_of(facts->summary, "workers_lost");
    if (facts->summary != NULL) {
        put_tile(page, quantity_duration(number, seconds), "training");
        put_tile(page, quantity_short(number, number_of(facts->summary, "ratings_per_second")),
                 "ratings per second");
    } else
        put_tile(page, quantity_duration(number, facts->seconds), "since its start");
    snprintf(text, sizeof text, "%llu + %llu", (unsigned long long)facts->config.cluster_pservers,
             (unsigned long long)facts->config.cluster_workers);
    put_tile(page, text, "pservers + workers");
    if (lost > 0)
        put_tile(page, count_of(number, lost), "workers lost");
    if (number_of(facts->summary, "checkpoints") > 0)
        put_tile(page, count_of(number, number_of(facts->summary, "checkpoints")), "checkpoints");
}

void report_summary_put(struct scroll *page, const struct report_facts *facts) {
    const struct board *board = &facts->board;
    const char *digest = json_string_value(json_object_get(facts->summary, "digest"));
    char epochs[64];
    snprintf(epochs, sizeof epochs, "%zu", board->epoch_count);
    scroll_text(page, "<div class=\"tiles\">\n");
    put_errors(page, facts);
    put_tile(page, epochs, "epochs");
    put_speed(page, facts);
    if (digest != NULL)
        put_tile(page, digest, "digest of the model");
    scroll_text(page, "</div>\n");
}

/* ---- epochs ---- */

static void put_epoch(struct scroll *page, const struct epoch_report *at, bool is_best) {
    quantity train, mse, rmse, mae, rate, seconds, speed;
    bool valid = at->valid_count > 0;
    scroll_add(page,
               "<tr%s><td>%u</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td>"
               "<td>%s</td></tr>\n",
               is_best ? " class=\"best\"" : "", at->epoch, quantity_fixed(train, at->train_loss, 5),
               quantity_fixed(mse, valid ? at->valid_mse : NAN, 5),
               quantity_fixed(rmse, valid ? at->valid_rmse : NAN, 5),
               quantity_fixed(mae, valid ? at->valid_mae : NAN, 5), quantity_rate(rate, at->learning_rate),
               quantity_duration(seconds, at->seconds), quantity_short(speed, at->ratings_per_second));
}

void report_epochs_put(struct scroll *page, const struct report_facts *facts) {
    const struct board *board = &facts->board;
    const struct epoch_report *best = best_epoch(board);
    scroll_text(page, "<section class=\"long\"><h2>Epochs</h2>\n");
    if (board->epoch_count == 0)
        scroll_text(page, "<p class=\"faint\">None has ended.</p>\n");
    else {
        scroll_text(page, "<div class=\"scroll\"><table><thead><tr><th>epoch</th><th>training loss</th>"
                          "<th>validation loss</th><th>RMSE</th><th>MAE</th><th>learning rate</th>"
                          "<th>time</th><th>ratings/s</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < board->epoch_count; i++)
            put_epoch(page, &board->epochs[i].at, &board->epochs[i].at == best);
        scroll_text(page, "</tbody></table></div>\n");
        if (best != NULL)
            scroll_text(page, "<p class=\"faint\">The epoch with the lowest RMSE is bold.</p>\n");
    }
    scroll_text(page, "</section>\n");
}

/* ---- members ---- */

/* Of what is known of the samples of a member: shard >= 0 and its number, or a worker's ratings per second. */
struct spread {
    double mean, most;
};

static void spread_add(struct spread *spread, uint32_t *count, double value) {
    if (!isfinite(value))
        return;
    spread->mean = *count == 0 ? value : spread->mean + (value - spread->mean) / (*count + 1);
    spread->most = fmax(spread->most, value);
    ++*count;
}

static struct spread spread_of_shard(const struct series *series, uint32_t shard, enum series_shard number) {
    struct spread spread = {NAN, NAN};
    uint32_t count = 0;
    for (uint32_t i = 0; i < series->count; i++)
        spread_add(&spread, &count, (double)series_shard_value(series, i, shard, number));
    return spread;
}

static struct spread spread_of_worker(const struct series *series, uint32_t worker) {
    struct spread spread = {NAN, NAN};
    uint32_t count = 0;
    for (uint32_t i = 0; i < series->count; i++)
        spread_add(&spread, &count, (double)series_worker_value(series, i, worker));
    return spread;
}

/* pulls, pushes, reads, bytes in and out, repeats: the counts that shards and workers share. */
static void put_counts(struct scroll *page, const json_t *counts) {
    static const char *const ROWS[] = {"pulls", "pushes", "reads"}, *const BYTES[] = {"bytes_in",
                                                                                      "bytes_out"};
    quantity number;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        scroll_add(page, "<td>%s</td>", count_of(number, number_of(counts, ROWS[i])));
    for (size_t i = 0; i < sizeof BYTES / sizeof BYTES[0]; i++)
        scroll_add(page, "<td>%s</td>", memory_of(number, number_of(counts, BYTES[i])));
    scroll_add(page, "<td>%s</td>", count_of(number, number_of(counts, "repeats")));
}

#define COUNT_HEADS                                                                                          \
    "<th>rows pulled</th><th>rows pushed</th><th>rows "                                                      \
    "read</th><th>received</th><th>sent</th><th>repeats</th>"

static double moved(const json_t *counts) {
    return number_of(counts, "pulls") + number_of(counts, "pushes");
}

static double mean_moved(const json_t *shards) {
    double sum = 0;
    for (size_t i = 0; i < json_array_size(shards); i++)
        sum += moved(json_array_get(shards, i));
    return json_array_size(shards) > 0 ? sum / (double)json_array_size(shards) : NAN;
}

/* Above what docs/MONITORING.md calls skew. */
static const double SKEWED = 1.3;

static void put_shard(struct scroll *page, const struct report_facts *facts, uint32_t shard) {
    const json_t *shards = json_object_get(facts->summary, "shards"), *counts = json_array_get(shards, shard);
    double load = moved(counts) / mean_moved(shards), hot = number_of(counts, "hot_share");
    struct spread pulls = spread_of_shard(&facts->series, shard, SERIES_PULLS_PER_S);
    struct spread p99 = spread_of_shard(&facts->series, shard, SERIES_PULL_P99_US);
    struct spread queue = spread_of_shard(&facts->series, shard, SERIES_QUEUE);
    quantity number;
    scroll_add(page, "<tr><td>%u</td>", shard);
    put_counts(page, counts);
    scroll_add(page, "<td%s>%s</td>", load > SKEWED ? " class=\"flag\"" : "",
               quantity_fixed(number, load, 2));
    scroll_add(page, "<td>%s%s</td>", quantity_fixed(number, hot * 100, 0), isfinite(hot) ? "%" : "");
    scroll_add(page, "<td>%s</td>", quantity_short(number, pulls.mean));
    scroll_add(page, "<td>%s</td>", quantity_micros(number, p99.most));
    scroll_add(page, "<td>%s</td></tr>\n", count_of(number, queue.most));
}

static void say_where_counts_are(struct scroll *page, const struct report_facts *facts) {
    scroll_text(page, facts->summary == NULL
                          ? "<p class=\"faint\">Counts are written when a run finishes.</p>\n"
                          : "<p class=\"faint\">Counts are those of each process since it began.</p>\n");
}

void report_shards_put(struct scroll *page, const struct report_facts *facts) {
    scroll_text(page,
                "<section class=\"long\"><h2>Parameter servers</h2>\n<div class=\"wide\"><table><thead><tr>"
                "<th>pserver</th>" COUNT_HEADS "<th>load</th><th>hot rows</th><th>mean pulls/s</th>"
                "<th>worst p99</th><th>queued</th></tr></thead><tbody>\n");
    for (uint32_t shard = 0; shard < facts->config.cluster_pservers; shard++)
        put_shard(page, facts, shard);
    scroll_text(page,
                "</tbody></table></div>\n<p class=\"faint\">Load is a shard's share of the rows pulled and "
                "pushed against the mean; hot rows is the share of pulls that went to the hottest hundredth "
                "of its movies. Pulled, pushed and read are rows; worst p99 and queued are the largest "
                "samples.</p>\n");
    say_where_counts_are(page, facts);
    scroll_text(page, "</section>\n");
}

void report_workers_put(struct scroll *page, const struct report_facts *facts) {
    const json_t *workers = json_object_get(facts->summary, "worker_counts");
    quantity number;
    scroll_text(page, "<section class=\"long\"><h2>Workers</h2>\n<div class=\"wide\"><table><thead><tr>"
                      "<th>worker</th><th>ratings</th>" COUNT_HEADS
                      "<th>mean ratings/s</th></tr></thead><tbody>\n");
    for (uint32_t worker = 0; worker < facts->config.cluster_workers; worker++) {
        const json_t *counts = json_array_get(workers, worker);
        scroll_add(page, "<tr><td>%u</td><td>%s</td>", worker,
                   count_of(number, number_of(counts, "ratings")));
        put_counts(page, counts);
        scroll_add(page, "<td>%s</td></tr>\n",
                   quantity_short(number, spread_of_worker(&facts->series, worker).mean));
    }
    scroll_text(page, "</tbody></table></div>\n");
    say_where_counts_are(page, facts);
    scroll_text(page, "</section>\n");
}

/* ---- events ---- */

static void put_event(struct scroll *page, const struct board_event *event) {
    quantity when;
    scroll_add(page, "<tr><td>%s</td><td class=\"l e-", quantity_clock(when, event->seconds));
    report_string(page, event->event);
    scroll_text(page, "\">");
    report_string(page, event->event);
    scroll_text(page, "</td><td class=\"l\">");
    report_string(page, event->role);
    if (event->index >= 0)
        scroll_add(page, " %lld", (long long)event->index);
    scroll_text(page, "</td><td class=\"l w\">");
    report_string(page, event->text);
    scroll_text(page, "</td></tr>\n");
}

void report_events_put(struct scroll *page, const struct report_facts *facts) {
    const struct report_events *events = &facts->events;
    if (events->count == 0)
        return;
    scroll_text(
        page, "<section class=\"long\"><h2>Events</h2>\n<div class=\"scroll\"><table><thead><tr><th>time</th>"
              "<th class=\"l\">event</th><th class=\"l\">of</th><th class=\"l\">what</th></tr></thead>"
              "<tbody>\n");
    for (size_t i = 0; i < events->count; i++)
        put_event(page, &events->items[i]);
    scroll_text(page, "</tbody></table></div></section>\n");
}
