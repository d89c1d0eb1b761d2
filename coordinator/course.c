#include "coordinator/course.h"

#include <math.h>
#include <stdio.h>

void course_send_rates(struct coordinator *coordinator, uint32_t pserver, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t clock = coordinator_clock_steps(spec);
    bool waits_for_loss = spec->schedule.kind == SCHEDULE_PLATEAU;
    uint64_t known = clock * (waits_for_loss ? coordinator->epoch + 1 : coordinator->epochs);
    uint64_t first = coordinator->rates_wanted[pserver];
    if (first >= known)
        return;
    uint32_t count = known - first < RATES_MAX ? (uint32_t)(known - first) : RATES_MAX;
    double *pairs = outbox_body(out, (size_t)count * 2 * sizeof *pairs);
    for (uint32_t i = 0; i < count; i++) {
        struct step_rate rate = schedule_rate(&spec->schedule, clock, &coordinator->plateau, first + i);
        pairs[2 * i] = rate.learning_rate;
        pairs[2 * i + 1] = rate.momentum;
    }
    struct message rates = {.kind = MESSAGE_RATES, .rates = {first, count}};
    coordinator->rates_wanted[pserver] = UINT64_MAX;
    outbox_send(out, roster_pserver(&coordinator->roster, pserver)->link, &rates);
}

static void grant(struct coordinator *coordinator, uint32_t worker, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint32_t workers = spec->roster.workers, count = 0;
    for (uint32_t lane = worker; lane < spec->lanes; lane += workers)
        count++;
    if (count == 0)
        return;
    uint32_t *lanes = outbox_body(out, count * sizeof *lanes);
    for (uint32_t i = 0; i < count; i++)
        lanes[i] = worker + i * workers;
    uint64_t steps = coordinator_lane_steps(spec);
    struct message message = {.kind = MESSAGE_GRANT};
    message.grant = (struct grant_message){0, coordinator->epoch, coordinator->epoch * steps,
                                           (coordinator->epoch + 1) * steps, count};
    outbox_send(out, roster_worker(&coordinator->roster, worker)->link, &message);
}

void course_begin_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, TRAINING);
    epoch_begin(&coordinator->books);
    coordinator->epoch_us = now_us;
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        course_send_rates(coordinator, i, out);
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        grant(coordinator, i, out);
}

uint64_t course_settle_step(const struct coordinator *coordinator) {
    return (coordinator->epoch + UINT64_C(1)) * coordinator_clock_steps(&coordinator->spec);
}

void course_settle(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, SETTLING);
    coordinator->trained_us = now_us;
    coordinator->train_us_total += now_us - coordinator->epoch_us;
    struct message message = {.kind = MESSAGE_SETTLE};
    message.settle.step = course_settle_step(coordinator);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        outbox_send(out, roster_pserver(&coordinator->roster, i)->link, &message);
}

/* Gives a worker one more slice, if any is left. */
void course_deal_slice(struct coordinator *coordinator, const struct seat *worker, struct outbox *out) {
    struct message message = {.kind = MESSAGE_VALIDATE};
    if (epoch_next_slice(&coordinator->books, &message.validate))
        outbox_send(out, worker->link, &message);
}

void course_save_rows(struct coordinator *coordinator, struct outbox *out) {
    if (coordinator->state != SAVING)
        coordinator_move(coordinator, SAVING);
    if (finale_ask_rows(&coordinator->finale, &coordinator->roster, out))
        return;
    const struct coordinator_spec *spec = &coordinator->spec;
    const struct epoch_report *last = &coordinator->report;
    coordinator_move(coordinator, FINISHING);
    coordinator->final = (struct final_report){
        .digest = coordinator->books.digest,
        .epochs = coordinator->epochs,
        .valid_mse = last->valid_mse,
        .valid_rmse = last->valid_rmse,
        .valid_mae = last->valid_mae,
        .valid_count = last->valid_count,
        .cold_count = last->cold_count,
        .cold_mse = last->cold_mse,
        .cold_mae = coordinator->cold_mae,
        .train_seconds = (double)(coordinator->validated_us - coordinator->start_us) / 1e6,
        .ratings_per_second = (double)spec->train_count * coordinator->epochs * 1e6 /
                              (double)(coordinator->train_us_total == 0 ? 1 : coordinator->train_us_total),
        .pservers = spec->roster.pservers,
        .workers = spec->roster.workers,
        .transport = spec->transport,
        .movies = spec->movies,
        .components = spec->components,
        .scores = coordinator->finale.scores,
        .share = coordinator->finale.share,
        .biases = coordinator->finale.biases,
    };
    coordinator->finish_job.kind = JOB_FINISH;
    coordinator->finish_job.finish = &coordinator->final;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->finish_job);
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
        .ratings_per_second = (double)spec->train_count * 1e6 / (double)(train_us == 0 ? 1 : train_us),
    };
    epoch_losses(&coordinator->books, report, &coordinator->cold_mae);
    coordinator->last_valid_rmse = report->valid_rmse;
    coordinator->epoch_job.kind = JOB_EPOCH_END;
    coordinator->epoch_job.epoch = report;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->epoch_job);
}

void course_end_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator->validated_us = now_us;
    report_epoch(coordinator, now_us, out);
}

void course_after_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    schedule_epoch_end(&coordinator->spec.schedule, &coordinator->plateau, coordinator->report.valid_mse);
    if (!isfinite(coordinator->report.train_loss)) {
        coordinator_fail(coordinator, out, STATUS_BAD_DATA,
                         "training diverged in epoch %u: the training loss is not finite",
                         coordinator->epoch + 1);
        return;
    }
    if (++coordinator->epoch < coordinator->epochs) {
        course_begin_epoch(coordinator, now_us, out);
    } else if (coordinator->spec.components == 0) {
        course_save_rows(coordinator, out);
    } else {
        coordinator_move(coordinator, MOMENTS);
        finale_ask_moments(&coordinator->finale, &coordinator->roster, out);
    }
}

void course_validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, VALIDATING);
    if (coordinator->books.slices == 0) {
        course_end_epoch(coordinator, now_us, out);
        return;
    }
    for (int round = 0; round < VALID_SLICES_AHEAD; round++)
        for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
            course_deal_slice(coordinator, roster_worker(&coordinator->roster, i), out);
}
