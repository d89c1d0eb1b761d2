#include "monitor/lines.h"

#include <math.h>

#include "monitor/quantity.h"

void lines_table_head(struct text *text) {
    text_add(text, "%5s  %10s  %10s  %10s  %9s  %8s  %9s  %8s", "epoch", "train_loss", "valid_loss",
             "valid_rmse", "valid_mae", "lr", "ratings/s", "time");
}

void lines_table_row(struct text *text, const struct epoch_report *report) {
    quantity train, mse, rmse, mae, rate, speed, time;
    bool validated = report->valid_count > 0;
    text_add(text, "%5u  %10s  %10s  %10s  %9s  %8s  %9s  %8s", report->epoch,
             quantity_fixed(train, report->train_loss, 5),
             quantity_fixed(mse, validated ? report->valid_mse : NAN, 5),
             quantity_fixed(rmse, validated ? report->valid_rmse : NAN, 5),
             quantity_fixed(mae, validated ? report->valid_mae : NAN, 5),
             quantity_rate(rate, report->learning_rate), quantity_short(speed, report->ratings_per_second),
             quantity_duration(time, report->seconds));
}

/* Whole percent, rounded down: 100 is only said when all is done. */
static unsigned percent(double fraction) {
    return fraction >= 1 ? 100 : fraction > 0 ? (unsigned)(fraction * 100) : 0;
}

void lines_progress(struct text *text, const struct progress_report *report) {
    quantity speed, loss, rmse, rate, eta;
    text_add(text, "epoch=%u/%u %u%% %s ratings/s loss=%s valid_rmse=%s lr=%s", report->epoch, report->epochs,
             percent(report->fraction), quantity_short(speed, report->ratings_per_second),
             quantity_significant(loss, report->loss, 3),
             quantity_significant(rmse, report->last_valid_rmse, 3),
             quantity_rate(rate, report->learning_rate));
    text_add(text, " pservers=%u/%u eta=%s workers=%u/%u", report->pservers_up, report->pserver_count,
             quantity_clock(eta, report->eta_seconds), report->workers_up, report->worker_count);
}

static void validation(struct text *text, const struct final_report *report) {
    quantity mse, rmse, mae, count, cold, cold_mse;
    if (report->valid_count == 0) {
        text_add(text, "validation: no ratings");
        return;
    }
    text_add(text, "validation: mse %s, rmse %s, mae %s over %s ratings",
             quantity_fixed(mse, report->valid_mse, 5), quantity_fixed(rmse, report->valid_rmse, 5),
             quantity_fixed(mae, report->valid_mae, 5), quantity_count(count, report->valid_count));
    if (report->cold_count > 0)
        text_add(text, ", of which cold %s: mse %s", quantity_count(cold, report->cold_count),
                 quantity_fixed(cold_mse, report->cold_mse, 5));
}

void lines_final(struct text *text, const struct final_report *report) {
    quantity time, speed;
    validation(text, report);
    text_add(text, "\ntrained %u epoch%s in %s at %s ratings/s: %u pserver%s, %u worker%s, %s",
             report->epochs, report->epochs == 1 ? "" : "s", quantity_duration(time, report->train_seconds),
             quantity_short(speed, report->ratings_per_second), report->pservers,
             report->pservers == 1 ? "" : "s", report->workers, report->workers == 1 ? "" : "s",
             report->transport);
    if (report->epochs < report->epochs_planned)
        text_add(text, "\nended early: %u of %u epochs, since validation no longer improved", report->epochs,
                 report->epochs_planned);
    if (report->best_epoch != 0)
        text_add(text, "\nthe model is that of epoch %u, the best in validation", report->best_epoch);
    text_add(text, "\nmodel digest %016llx", (unsigned long long)report->digest);
}
