#include "coordinator/course.h"

#include <math.h>
#include <stdio.h>

#include "coordinator/closing.h"
#include "coordinator/curve.h"
#include "coordinator/joining.h"

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

enum { GRANT_US = 250000, FAR_GRANT_STEPS = 32, FAR_GRANT_US = 2000000 };

static bool anybody_leaves(const struct coordinator *coordinator) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        if (roster_worker(&coordinator->roster, i)->leaving)
            return true;
    return false;
}

_Static_assert((int)RUNS_MAX <= (int)RATES_MAX, "a GRANT has room for the rates of an epoch's rounds");

/* Where a grant ends that begins at a step. */
static uint64_t grant_end(const struct coordinator *coordinator, uint64_t first) {
    uint64_t end = first + coordinator->grant_steps;
    uint64_t epoch_end = (coordinator->epoch + UINT64_C(1)) * coordinator_lane_steps(&coordinator->spec);
    uint64_t cut_step = cuts_next_step(&coordinator->cuts, first);
    end = end < epoch_end ? end : epoch_end;
    end = end < cut_step ? end : cut_step;
    if (coordinator_finds_rate(coordinator) && end > curve_next_step(coordinator, first))
        end = curve_next_step(coordinator, first);
    return end;
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
    uint64_t first = coordinator->lane_step, end = grant_end(coordinator, first);
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
 * costs nothing. That halt is two or three round trips: to somebody far away, where a step is one, GRANT_US would be hardly more, so
 * there a grant has FAR_GRANT_STEPS, as long as they do not take FAR_GRANT_US. */
static uint64_t wanted_us(const struct coordinator *coordinator, uint64_t step_us) {
    uint64_t far_us = step_us * FAR_GRANT_STEPS;
    if (coordinator->spec.blocked || far_us < GRANT_US)
        return GRANT_US;
    return far_us < FAR_GRANT_US ? far_us : FAR_GRANT_US;
}

static void measure_grant(struct coordinator *coordinator, uint64_t now_us) {
    enum { FASTER = 4 };
    uint64_t steps = coordinator->lanes.end_step - coordinator->lanes.first_step;
    uint64_t us = now_us - coordinator->grant_us;
    uint64_t wanted = us == 0 ? steps * FASTER : steps * wanted_us(coordinator, us / steps) / us;
    uint64_t most = coordinator->grant_steps * FASTER;
    coordinator->grant_steps = wanted < 1 ? 1 : wanted > most ? most : wanted;
}

/* In mode blocked the lanes need not rest where nothing is to be done. They get their next steps as soon as one of them is
 * there: a rest would empty the queue of the first epoch (model/rotation.h), and fill it again for as many rounds as there
 * are parts. */
static bool stretch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    struct lane_books *lanes = &coordinator->lanes;
    if (!coordinator->spec.blocked || lanes->home || coordinator_finds_rate(coordinator))
        return false;
    measure_grant(coordinator, now_us);
    uint64_t end = grant_end(coordinator, lanes->end_step);
    lanes_stretch(lanes, end);
    fill_rates(coordinator, lanes->first_step, end);
    lanes->home = must_come_home(coordinator, end, now_us);
    send_grants(coordinator, out);
    return true;
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
    position->plateau_best = coordinator->plateau.patience.best_loss;
    position->plateau_seen = coordinator->plateau.patience.epochs_seen;
    position->plateau_waiting = coordinator->plateau.patience.epochs_waiting;
    position->plateau_drops = coordinator->plateau.drops;
    best_describe(&coordinator->best, position);
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

static void rest(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    measure_grant(coordinator, now_us);
    coordinator->lane_step = coordinator->lanes.end_step;
    if (coordinator->lanes.home)
        joining_release(coordinator, now_us, out);
    if (coordinator_finds_rate(coordinator) && !curve_goes_on(coordinator, out))
        return;
    if (coordinator->lane_step ==
        (coordinator->epoch + UINT64_C(1)) * coordinator_lane_steps(&coordinator->spec))
        settle(coordinator, now_us, out);
    else
        go_on(coordinator, now_us, out);
}

void course_lane_done(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (!stretch(coordinator, now_us, out) && coordinator->lanes.left == 0)
        rest(coordinator, now_us, out);
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
    if (coordinator->stopping || (coordinator->state > VALIDATING && coordinator->last))
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

/* As after a signal, at a moment that was known before. */
static void pause(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    struct status status = {.code = STATUS_TRY_AGAIN};
    snprintf(status.text, sizeof status.text, "paused after epoch %u of %u, as run.pause_after has it",
             coordinator->epoch, coordinator->epochs);
    course_stop(coordinator, &status, now_us, out);
}

void course_next_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (coordinator->epoch == coordinator->spec.pause_epoch)
        pause(coordinator, now_us, out);
    if (coordinator->state == DONE)
        return;
    begin_epoch(coordinator, now_us);
    lanes_begin_epoch(&coordinator->lanes, NULL, NULL);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        course_send_rates(coordinator, i, out);
    go_on(coordinator, now_us, out);
}

void course_validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator_move(coordinator, VALIDATING);
    if (coordinator->books.slices == 0) {
        closing_report(coordinator, now_us, out);
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
    case KEEPING:
        best_repeat(&coordinator->best, &coordinator->roster, out);
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
