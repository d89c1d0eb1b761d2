#include "coordinator/closing.h"

#include <math.h>

#include "coordinator/course.h"
#include "coordinator/progress.h"

/* Ratings that this process has trained on since an epoch began, this one included. */
static uint64_t ratings_since(const struct coordinator *coordinator, uint32_t epoch) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t steps = coordinator_lane_steps(spec), begun = epoch * steps;
    uint64_t whole = spec->train_count * (coordinator->lane_step / steps - epoch);
    uint64_t skipped = coordinator->first_step > begun ? coordinator->first_step - begun : 0;
    uint64_t ratings = skipped % steps * spec->batch;
    ratings = ratings < spec->train_count ? ratings : spec->train_count;
    return whole - skipped / steps * spec->train_count - ratings;
}

static double per_second(uint64_t count, uint64_t us) {
    return (double)count * 1e6 / (double)(us == 0 ? 1 : us);
}

static void train_loss(const struct lane_books *lanes, struct epoch_report *report) {
    double squared;
    uint64_t count;
    lanes_sum(lanes, &squared, &count);
    report->train_loss = count == 0 ? NAN : squared / (double)count;
}

static void report_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t clock = coordinator_clock_steps(spec);
    uint64_t train_us = coordinator->trained_us - coordinator->epoch_us;
    struct step_rate rate =
        schedule_rate(&spec->schedule, clock, &coordinator->plateau, (coordinator->epoch + 1) * clock - 1);
    struct epoch_report *report = &coordinator->report;
    *report = (struct epoch_report){
        .epoch = coordinator->epoch + 1,
        .epochs = coordinator->epochs,
        .learning_rate = rate.learning_rate,
        .momentum = rate.momentum,
        .seconds = (double)(now_us - coordinator->epoch_us) / 1e6,
        .ratings_per_second = per_second(ratings_since(coordinator, coordinator->epoch), train_us),
    };
    train_loss(&coordinator->lanes, report);
    epoch_losses(&coordinator->books, report, &coordinator->cold_mae);
    coordinator->last_valid_rmse = report->valid_rmse;
    coordinator->epoch_job.kind = JOB_EPOCH_END;
    coordinator->epoch_job.epoch = report;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->epoch_job);
}

/* At the end in any case. Before that, shards and lanes stand still for it, so it is not for every one of a hundred short
 * epochs. */
static bool wants_components(const struct coordinator *coordinator, uint64_t now_us) {
    const struct coordinator_spec *spec = &coordinator->spec;
    return spec->components != 0 &&
           (coordinator->last ||
            (spec->show_model && now_us - coordinator->model_us >= spec->model_interval_us));
}

/* The rows are those of the epoch, or of the model. */
static void look_at_rows(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (!wants_components(coordinator, now_us)) {
        closing_after_model(coordinator, now_us, out);
        return;
    }
    coordinator_move(coordinator, MOMENTS);
    finale_begin(&coordinator->finale, coordinator->epoch);
    finale_ask_moments(&coordinator->finale, &coordinator->roster, out);
}

/* When the best epoch's rows are back, what is said of the model is measured on them. */
void closing_report(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator->validated_us = now_us;
    if (!coordinator->best.back) {
        report_epoch(coordinator, now_us, out);
        return;
    }
    epoch_losses(&coordinator->books, &coordinator->report, &coordinator->cold_mae);
    look_at_rows(coordinator, now_us, out);
}

/* Whether the epoch that has ended is the run's last one; says so when it is so before its time. */
static bool is_last(const struct coordinator *coordinator, struct outbox *out) {
    const struct best *best = &coordinator->best;
    if (coordinator->epoch >= coordinator->epochs || !best_is_over(best))
        return coordinator->epoch >= coordinator->epochs;
    coordinator_say(out, "event=stopped_early epoch=%u epochs=%u best=%u without_improvement=%u",
                    coordinator->epoch, coordinator->epochs, best->epoch, best->patience.epochs_waiting);
    return true;
}

void closing_after_report(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    struct best *best = &coordinator->best;
    schedule_epoch_end(&coordinator->spec.schedule, &coordinator->plateau, coordinator->report.valid_mse);
    if (!isfinite(coordinator->report.train_loss)) {
        coordinator_fail(coordinator, out, STATUS_BAD_DATA,
                         "training diverged in epoch %u: the training loss is not finite",
                         coordinator->epoch + 1);
        return;
    }
    uint32_t epoch = ++coordinator->epoch;
    best_told(best, epoch, coordinator->report.valid_mse);
    coordinator->last = is_last(coordinator, out);
    if (coordinator->last ? best_must_take_back(best, epoch) : best_must_keep(best, epoch)) {
        coordinator_move(coordinator, KEEPING);
        best_ask(best, coordinator->last, &coordinator->roster, out);
    } else {
        look_at_rows(coordinator, now_us, out);
    }
}

void closing_after_keeping(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (!coordinator->best.back) {
        look_at_rows(coordinator, now_us, out);
        return;
    }
    epoch_begin(&coordinator->books);
    coordinator->books.digest = coordinator->best.digest;
    course_validate(coordinator, now_us, out);
}

void closing_ask_scores(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    struct status status;
    if (finale_decompose(&coordinator->finale, &status)) {
        coordinator_move(coordinator, SCORES);
        finale_repeat_scores(&coordinator->finale, &coordinator->roster, out);
    } else if (coordinator->last) {
        coordinator_stop(coordinator, &status, out);
    } else {
        coordinator_say(out, "event=model_not_shown epoch=%u reason=\"%s\"", coordinator->epoch, status.text);
        closing_after_model(coordinator, now_us, out);
    }
}

void closing_show_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    const struct finale *finale = &coordinator->finale;
    if (!coordinator->spec.show_model) {
        closing_after_model(coordinator, now_us, out);
        return;
    }
    coordinator->model_us = now_us;
    coordinator->model = (struct model_report){coordinator->epoch,
                                               coordinator->spec.movies,
                                               coordinator->spec.components,
                                               finale->scores,
                                               finale->share,
                                               finale->biases};
    coordinator->model_job.kind = JOB_EPOCH_MODEL;
    coordinator->model_job.model = &coordinator->model;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->model_job);
}

void closing_after_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (coordinator->last)
        closing_save_rows(coordinator, now_us, out);
    else
        course_next_epoch(coordinator, now_us, out);
}

void closing_save_rows(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (coordinator->state != SAVING)
        coordinator_move(coordinator, SAVING);
    if (finale_ask_rows(&coordinator->finale, &coordinator->roster, out))
        return;
    const struct coordinator_spec *spec = &coordinator->spec;
    const struct epoch_report *last = &coordinator->report;
    coordinator_move(coordinator, FINISHING);
    progress_take(coordinator, &coordinator->ending, now_us);
    coordinator->final = (struct final_report){
        .digest = coordinator->books.digest,
        .epochs = coordinator->epoch,
        .epochs_planned = coordinator->epochs,
        .best_epoch = spec->best.keeps ? coordinator->best.epoch : 0,
        .valid_mse = last->valid_mse,
        .valid_rmse = last->valid_rmse,
        .valid_mae = last->valid_mae,
        .valid_count = last->valid_count,
        .cold_count = last->cold_count,
        .cold_mse = last->cold_mse,
        .cold_mae = coordinator->cold_mae,
        .train_seconds =
            coordinator->seconds_before + (double)(coordinator->validated_us - coordinator->start_us) / 1e6,
        .ratings_per_second = per_second(ratings_since(coordinator, 0), coordinator->train_us_total),
        .resumed_from = coordinator->first_step,
        .checkpoints = coordinator->cuts.count,
        .pause_seconds = (double)coordinator->cuts.pause_us / 1e6,
        .workers_lost = coordinator->workers_lost,
        .pservers = spec->roster.pservers,
        .workers = spec->roster.workers,
        .transport = spec->transport,
        .movies = spec->movies,
        .components = spec->components,
        .scores = coordinator->finale.scores,
        .share = coordinator->finale.share,
        .biases = coordinator->finale.biases,
        .members = &coordinator->ending.report,
    };
    coordinator->finish_job.kind = JOB_FINISH;
    coordinator->finish_job.finish = &coordinator->final;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->finish_job);
}
