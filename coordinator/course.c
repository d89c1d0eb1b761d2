#include "coordinator/course.h"

#include <math.h>
#include <stdio.h>

#include "coordinator/joining.h"
#include "coordinator/progress.h"

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

/* ---- grants ---- */

static void send_grants(const struct coordinator *coordinator, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++) {
        const struct seat *worker = roster_worker(&coordinator->roster, i);
        if (worker->ready)
            lanes_send(&coordinator->lanes, worker, coordinator->epoch, coordinator->rates, out);
    }
}

enum { GRANT_US = 250000 };

static bool anybody_leaves(const struct coordinator *coordinator) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        if (roster_worker(&coordinator->roster, i)->leaving)
            return true;
    return false;
}

/* In the first epoch of mode blocked the last part is as many rounds behind the first as there are parts
 * (model/rotation.h): shorter grants would have them walk one at a time. */
static uint64_t least_steps(const struct coordinator *coordinator) {
    bool queued = coordinator->spec.blocked && coordinator->epoch == 0;
    return queued ? coordinator->spec.lanes : 1;
}

/* Where the next grant ends. */
static uint64_t grant_end(const struct coordinator *coordinator) {
    uint64_t least = least_steps(coordinator), first = coordinator->lane_step;
    uint64_t end = first + (coordinator->grant_steps > least ? coordinator->grant_steps : least);
    uint64_t epoch_end = (coordinator->epoch + UINT64_C(1)) * coordinator_lane_steps(&coordinator->spec);
    uint64_t cut_step = cuts_next_step(&coordinator->cuts, first);
    end = end < epoch_end ? end : epoch_end;
    end = end < cut_step ? end : cut_step;
    return coordinator->spec.blocked && end > first + RATES_MAX ? first + RATES_MAX : end;
}

/* Whether parts have to be at home at the end of a grant: something may follow for which the shards must know all. */
static bool must_come_home(const struct coordinator *coordinator, uint64_t end, uint64_t now_us) {
    return end % coordinator_lane_steps(&coordinator->spec) == 0 || coordinator->stopping ||
           anybody_leaves(coordinator) || cuts_due(&coordinator->cuts, end, now_us + 2 * GRANT_US);
}

static void fill_rates(struct coordinator *coordinator, uint64_t first, uint64_t end) {
    for (uint64_t step = first; step < end; step++)
        coordinator->rates[step - first] =
            schedule_rate(&coordinator->spec.schedule, coordinator_clock_steps(&coordinator->spec),
                          &coordinator->plateau, step);
}

static void grant(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    uint64_t first = coordinator->lane_step, end = grant_end(coordinator);
    bool blocked = coordinator->spec.blocked, deal = !blocked || coordinator->lanes.home;
    if (coordinator->state != TRAINING)
        coordinator_move(coordinator, TRAINING);
    coordinator->grant_us = now_us;
    lanes_begin(&coordinator->lanes, &coordinator->roster, first, end, deal);
    if (blocked) {
        fill_rates(coordinator, first, end);
        coordinator->lanes.home = must_come_home(coordinator, end, now_us);
    }
    send_grants(coordinator, out);
}

/* Grants last about GRANT_US: short enough that a checkpoint or an end need not wait, long enough that the halt between two
 * costs nothing. */
static void measure_grant(struct coordinator *coordinator, uint64_t now_us) {
    enum { FASTER = 4 };
    uint64_t steps = coordinator->lanes.end_step - coordinator->lanes.first_step;
    uint64_t us = now_us - coordinator->grant_us;
    uint64_t wanted = us == 0 ? steps * FASTER : steps * GRANT_US / us;
    uint64_t most = coordinator->grant_steps * FASTER;
    coordinator->grant_steps = wanted < 1 ? 1 : wanted > most ? most : wanted;
}

static void begin_cut(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    struct run_position *position = &coordinator->cuts.position;
    position->shards = spec->roster.pservers;
    position->lanes = spec->lanes;
    position->lane_step = coordinator->lane_step;
    position->clock_step = coordinator->lane_step * (spec->independent ? spec->lanes : 1);
    position->epoch = coordinator->epoch;
    position->config_digest = spec->config_digest;
    position->data_digest = spec->data_digest;
    position->plateau_best = coordinator->plateau.best_loss;
    position->plateau_seen = coordinator->plateau.epochs_seen;
    position->plateau_waiting = coordinator->plateau.epochs_waiting;
    position->plateau_drops = coordinator->plateau.drops;
    position->train_seconds = coordinator->seconds_before + (double)(now_us - coordinator->start_us) / 1e6;
    for (uint32_t lane = 0; lane < spec->lanes; lane++) {
        position->lane_squared[lane] = coordinator->lanes.ends[lane].squared;
        position->lane_counts[lane] = coordinator->lanes.ends[lane].count;
    }
    cuts_begin(&coordinator->cuts, &coordinator->roster, now_us, out);
}

/* Lanes are at rest in the middle of an epoch: a checkpoint, or the next grant. */
static void go_on(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    bool stopping = coordinator->stopping, idle = coordinator->cuts.stage == CUT_IDLE;
    bool cut = stopping ? idle : cuts_due(&coordinator->cuts, coordinator->lane_step, now_us);
    if (!coordinator->lanes.home || (!cut && !stopping)) {
        grant(coordinator, now_us, out);
        return;
    }
    if (coordinator->state != CUTTING)
        coordinator_move(coordinator, CUTTING);
    if (cut)
        begin_cut(coordinator, now_us, out);
}

static void begin_epoch(struct coordinator *coordinator, uint64_t now_us) {
    epoch_begin(&coordinator->books);
    coordinator->epoch_us = now_us;
}

void course_start(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { FIRST_GRANT_STEPS = 32 };
    const struct run_position *resume = coordinator->spec.resume;
    coordinator->start_us = coordinator->model_us = now_us;
    coordinator->grant_steps = FIRST_GRANT_STEPS;
    coordinator_say(out, "event=started step=%llu epoch=%u checkpoint=%llu",
                    (unsigned long long)coordinator->lane_step, coordinator->epoch + 1,
                    resume == NULL ? 0ull : (unsigned long long)resume->number);
    cuts_start(&coordinator->cuts, now_us);
    begin_epoch(coordinator, now_us);
    lanes_begin_epoch(&coordinator->lanes, resume == NULL ? NULL : resume->lane_squared,
                      resume == NULL ? NULL : resume->lane_counts);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        course_send_rates(coordinator, i, out);
    grant(coordinator, now_us, out);
}

static void settle(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, SETTLING);
    coordinator->trained_us = now_us;
    coordinator->train_us_total += now_us - coordinator->epoch_us;
    course_repeat(coordinator, out);
}

void course_lanes_rest(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    measure_grant(coordinator, now_us);
    coordinator->lane_step = coordinator->lanes.end_step;
    if (coordinator->lanes.home)
        joining_release(coordinator, now_us, out);
    if (coordinator->lane_step ==
        (coordinator->epoch + UINT64_C(1)) * coordinator_lane_steps(&coordinator->spec))
        settle(coordinator, now_us, out);
    else
        go_on(coordinator, now_us, out);
}

/* ---- checkpoints ---- */

/* The checkpoint that an orderly end waited for is there, or cannot be had. */
static void end_orderly(struct coordinator *coordinator, struct outbox *out) {
    const struct cuts *cuts = &coordinator->cuts;
    const char *why = coordinator->stop_status.text;
    if (cuts->failure.code != STATUS_OK)
        coordinator_fail(coordinator, out, STATUS_IO, "%s; the state could not be saved: %s", why,
                         cuts->failure.text);
    else
        coordinator_fail(coordinator, out, STATUS_TRY_AGAIN, "%s; checkpoint %llu is saved", why,
                         (unsigned long long)cuts->saved);
}

static void tell_outcome(const struct coordinator *coordinator, struct outbox *out) {
    const struct cuts *cuts = &coordinator->cuts;
    unsigned long long number = cuts->position.number;
    if (cuts->failure.code == STATUS_OK)
        coordinator_say(out, "event=checkpoint number=%llu step=%llu pauses=%.3f", number,
                        (unsigned long long)cuts->position.lane_step, (double)cuts->pause_us / 1e6);
    else
        coordinator_say(out, "event=checkpoint_failed number=%llu reason=\"%s\"", number, cuts->failure.text);
}

void course_after_cut(struct coordinator *coordinator, enum cut_stage before, uint64_t now_us,
                      struct outbox *out) {
    const struct cuts *cuts = &coordinator->cuts;
    if (cuts->stage == before)
        return;
    coordinator_moved(coordinator, now_us);
    if (cuts->stage == CUT_IDLE)
        tell_outcome(coordinator, out);
    if (coordinator->state != CUTTING)
        return;
    if (!coordinator->stopping)
        grant(coordinator, now_us, out);
    else if (cuts->stage == CUT_IDLE && cuts->position.lane_step == coordinator->lane_step)
        end_orderly(coordinator, out);
    else if (cuts->stage == CUT_IDLE)
        go_on(coordinator, now_us, out);
}

void course_stop(struct coordinator *coordinator, const struct status *status, uint64_t now_us,
                 struct outbox *out) {
    if (coordinator->state == JOINING || !coordinator->spec.cuts.possible) {
        coordinator_fail(coordinator, out, status->code, "%s; nothing was saved by this process",
                         status->text);
        return;
    }
    if (coordinator->stopping || (coordinator->state >= MOMENTS && coordinator->epoch == coordinator->epochs))
        return; /* it ends soon, one way or the other */
    coordinator->stopping = true;
    coordinator->stop_status = *status;
    coordinator_say(out, "event=stopping reason=\"%s\"", status->text);
    if (coordinator->state == TRAINING && roster_ready_workers(&coordinator->roster) == 0)
        coordinator_fail(coordinator, out, status->code, "%s; no worker is left to bring the lanes to rest",
                         status->text);
    (void)now_us;
}

/* ---- epochs ---- */

uint64_t course_settle_step(const struct coordinator *coordinator) {
    return (coordinator->epoch + UINT64_C(1)) * coordinator_clock_steps(&coordinator->spec);
}

void course_deal_slice(struct coordinator *coordinator, const struct seat *worker, struct outbox *out) {
    struct message message = {.kind = MESSAGE_VALIDATE, .validate = {.epoch = coordinator->epoch}};
    if (worker->ready && epoch_deal_slice(&coordinator->books, worker->index, &message.validate))
        outbox_send(out, worker->link, &message);
}

/* Slices that nobody measures, to whoever is there: a worker holds more than usual rather than none. */
static void deal_rest(struct coordinator *coordinator, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        for (int ahead = 0; ahead < VALID_SLICES_AHEAD; ahead++)
            if (!epoch_is_busy(&coordinator->books, i, VALID_SLICES_AHEAD))
                course_deal_slice(coordinator, roster_worker(&coordinator->roster, i), out);
}

void course_employ(struct coordinator *coordinator, const struct seat *worker, struct outbox *out) {
    (void)worker;
    if (coordinator->state == VALIDATING)
        deal_rest(coordinator, out);
    else if (coordinator->state == TRAINING && lanes_adopt(&coordinator->lanes, &coordinator->roster))
        send_grants(coordinator, out);
}

void course_replace(struct coordinator *coordinator, uint32_t worker, struct outbox *out) {
    lanes_disown(&coordinator->lanes, worker);
    epoch_take_back(&coordinator->books, worker);
    course_employ(coordinator, NULL, out);
}

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

void course_save_rows(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
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
        .epochs = coordinator->epochs,
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

void course_end_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator->validated_us = now_us;
    report_epoch(coordinator, now_us, out);
}

/* At the end in any case. Before that, shards and lanes stand still for it, so it is not for every one of a hundred short
 * epochs. */
static bool wants_components(const struct coordinator *coordinator, uint64_t now_us) {
    const struct coordinator_spec *spec = &coordinator->spec;
    return spec->components != 0 &&
           (coordinator->epoch == coordinator->epochs ||
            (spec->show_model && now_us - coordinator->model_us >= spec->model_interval_us));
}

void course_after_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    schedule_epoch_end(&coordinator->spec.schedule, &coordinator->plateau, coordinator->report.valid_mse);
    if (!isfinite(coordinator->report.train_loss)) {
        coordinator_fail(coordinator, out, STATUS_BAD_DATA,
                         "training diverged in epoch %u: the training loss is not finite",
                         coordinator->epoch + 1);
        return;
    }
    coordinator->epoch++;
    if (!wants_components(coordinator, now_us)) {
        course_after_model(coordinator, now_us, out);
        return;
    }
    coordinator_move(coordinator, MOMENTS);
    finale_begin(&coordinator->finale, coordinator->epoch);
    finale_ask_moments(&coordinator->finale, &coordinator->roster, out);
}

void course_ask_scores(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    struct status status;
    if (finale_decompose(&coordinator->finale, &status)) {
        coordinator_move(coordinator, SCORES);
        finale_repeat_scores(&coordinator->finale, &coordinator->roster, out);
    } else if (coordinator->epoch == coordinator->epochs) {
        coordinator_stop(coordinator, &status, out);
    } else {
        coordinator_say(out, "event=model_not_shown epoch=%u reason=\"%s\"", coordinator->epoch, status.text);
        course_after_model(coordinator, now_us, out);
    }
}

void course_show_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    const struct finale *finale = &coordinator->finale;
    if (!coordinator->spec.show_model) {
        course_after_model(coordinator, now_us, out);
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

void course_after_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (coordinator->epoch == coordinator->epochs) {
        course_save_rows(coordinator, now_us, out);
        return;
    }
    begin_epoch(coordinator, now_us);
    lanes_begin_epoch(&coordinator->lanes, NULL, NULL);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        course_send_rates(coordinator, i, out);
    go_on(coordinator, now_us, out);
}

void course_validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, VALIDATING);
    if (coordinator->books.slices == 0) {
        course_end_epoch(coordinator, now_us, out);
        return;
    }
    deal_rest(coordinator, out);
}

/* ---- asking again ---- */

static void repeat_grants(const struct coordinator *coordinator, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++) {
        const struct seat *worker = roster_worker(&coordinator->roster, i);
        if (worker->ready && lanes_waits_for(&coordinator->lanes, i))
            lanes_send(&coordinator->lanes, worker, coordinator->epoch, coordinator->rates, out);
    }
}

static void repeat_settle(const struct coordinator *coordinator, struct outbox *out) {
    struct message message = {.kind = MESSAGE_SETTLE, .settle = {course_settle_step(coordinator)}};
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        if (!coordinator->books.settled[i])
            outbox_send(out, roster_pserver(&coordinator->roster, i)->link, &message);
}

static void repeat_slices(const struct coordinator *coordinator, struct outbox *out) {
    const struct epoch_books *books = &coordinator->books;
    struct message message = {.kind = MESSAGE_VALIDATE, .validate = {.epoch = coordinator->epoch}};
    for (uint32_t slice = 0; slice < books->slices; slice++) {
        if (books->slice_done[slice] || books->slice_worker[slice] == SLICE_UNDEALT)
            continue;
        epoch_name_slice(books, slice, &message.validate);
        outbox_send(out, roster_worker(&coordinator->roster, books->slice_worker[slice])->link, &message);
    }
}

void course_repeat(struct coordinator *coordinator, struct outbox *out) {
    switch (coordinator->state) {
    case TRAINING:
        repeat_grants(coordinator, out);
        break;
    case SETTLING:
        repeat_settle(coordinator, out);
        break;
    case VALIDATING:
        repeat_slices(coordinator, out);
        break;
    case MOMENTS:
        finale_ask_moments(&coordinator->finale, &coordinator->roster, out);
        break;
    case SCORES:
        finale_repeat_scores(&coordinator->finale, &coordinator->roster, out);
        break;
    case SAVING:
        finale_repeat_rows(&coordinator->finale, &coordinator->roster, out);
        break;
    default:
        break;
    }
    cuts_repeat(&coordinator->cuts, &coordinator->roster, out);
}
