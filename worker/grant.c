#include "worker/grant.h"

#include <string.h>

#include "worker/blocked.h"
#include "worker/opening.h"
#include "worker/pservers.h"
#include "worker/training.h"

/* A body is aligned for floats only. */
static struct grant_lane terms_at(const struct message *message, uint32_t i) {
    struct grant_lane terms;
    memcpy(&terms, (const char *)message->body + i * sizeof terms, sizeof terms);
    return terms;
}

static bool is_held(const struct lane *lane, const struct grant_lane *terms) {
    return lane->state != LANE_CLOSED && lane->lease == terms->lease;
}

/* Rates follow the lanes. */
static struct step_rate rate_at(const struct message *message, uint32_t i) {
    struct step_rate rate;
    size_t lanes_bytes = message->grant.lanes * sizeof(struct grant_lane);
    memcpy(&rate, (const char *)message->body + lanes_bytes + i * sizeof rate, sizeof rate);
    return rate;
}

/* A grant of lanes stays within the run and within an epoch. */
static bool check_steps(const struct worker_spec *spec, const struct grant_message *grant,
                        struct status *status) {
    if (grant->lanes == 0 ||
        (grant->first_step < grant->end_step && grant->end_step <= spec->total_steps &&
         grant->first_step / spec->steps_per_epoch == (grant->end_step - 1) / spec->steps_per_epoch))
        return true;
    return status_fail(status, STATUS_PROTOCOL, "a grant of steps %llu to %llu",
                       (unsigned long long)grant->first_step, (unsigned long long)grant->end_step);
}

/* A lane exists, and one that goes on stands within the grant. */
static bool check_lane(const struct worker *worker, const struct grant_message *grant,
                       const struct grant_lane *terms, struct status *status) {
    if (terms->lane >= worker->spec.lanes)
        return status_fail(status, STATUS_PROTOCOL, "there is no lane %u", terms->lane);
    const struct lane *lane = &worker->lanes[terms->lane];
    if (lane->state == LANE_OPEN && lane->lease == terms->lease &&
        (lane->next_step < grant->first_step || lane->next_step > grant->end_step))
        return status_fail(status, STATUS_PROTOCOL, "lane %u stands at step %llu, granted is %llu to %llu",
                           terms->lane, (unsigned long long)lane->next_step,
                           (unsigned long long)grant->first_step, (unsigned long long)grant->end_step);
    return true;
}

/* In mode blocked each step has a rate that the kernel can live with. Without lanes nobody looks at them. */
static bool check_rates(const struct worker_spec *spec, const struct message *message,
                        struct status *status) {
    const struct grant_message *grant = &message->grant;
    uint64_t wanted = spec->blocked ? grant->end_step - grant->first_step : 0;
    if (grant->lanes == 0)
        return true;
    if (grant->rates != wanted)
        return status_fail(status, STATUS_PROTOCOL, "%u rates, wanted are %llu", grant->rates,
                           (unsigned long long)wanted);
    for (uint32_t i = 0; i < grant->rates; i++) {
        struct step_rate rate = rate_at(message, i);
        if (!blocked_can_use(spec, &rate))
            return status_fail(status, STATUS_PROTOCOL, "learning rate %g and momentum %g",
                               rate.learning_rate, rate.momentum);
    }
    return true;
}

static bool check(const struct worker *worker, const struct message *message, struct status *status) {
    const struct grant_message *grant = &message->grant;
    if (!pservers_all_joined(worker))
        return status_fail(status, STATUS_PROTOCOL, "it came before the pservers' welcome");
    if (message->body_bytes !=
        grant->lanes * sizeof(struct grant_lane) + grant->rates * sizeof(struct step_rate))
        return status_fail(status, STATUS_PROTOCOL, "%u lanes and %u rates in %zu bytes", grant->lanes,
                           grant->rates, message->body_bytes);
    if (!check_steps(&worker->spec, grant, status) || !check_rates(&worker->spec, message, status))
        return false;
    for (uint32_t i = 0; i < grant->lanes; i++) {
        struct grant_lane terms = terms_at(message, i);
        if (!check_lane(worker, grant, &terms, status))
            return false;
    }
    return true;
}

static void note(struct lane *lane, const struct grant_message *grant, const struct grant_lane *terms) {
    lane->lease = terms->lease;
    lane->first_step = grant->first_step;
    lane->end_step = grant->end_step;
    lane->granted = (struct lane_sums){terms->squared, terms->count};
    lane->told = false;
}

static bool take_lane(struct worker *worker, const struct grant_message *grant,
                      const struct grant_lane *terms, uint64_t now_us, struct outbox *out,
                      struct status *status) {
    struct lane *lane = &worker->lanes[terms->lane];
    bool held = is_held(lane, terms);
    if (!lane_take(lane, &worker->spec, terms->lane, &worker->questions, status))
        return false;
    note(lane, grant, terms);
    if (!held) {
        lane_close(lane, &worker->spec);
        opening_begin(worker, lane, now_us, out);
    } else if (lane->state == LANE_OPEN) {
        if (lane->next_step == lane->first_step)
            lane->sums = lane->granted;
        if (worker->spec.blocked)
            blocked_progress(worker, lane, now_us, out);
        else
            training_progress(worker, lane, now_us, out);
    }
    return true;
}

static void note_rates(struct blocked *blocked, const struct message *message) {
    if (message->grant.lanes == 0)
        return;
    blocked->first_step = message->grant.first_step;
    blocked->home = message->grant.home;
    for (uint32_t i = 0; i < message->grant.rates; i++)
        blocked->rates[i] = rate_at(message, i);
}

static void close_others(struct worker *worker, const struct message *message) {
    for (uint32_t number = 0; number < worker->spec.lanes; number++)
        worker->lanes[number].listed = false;
    for (uint32_t i = 0; i < message->grant.lanes; i++)
        worker->lanes[terms_at(message, i).lane].listed = true;
    for (uint32_t number = 0; number < worker->spec.lanes; number++)
        if (!worker->lanes[number].listed)
            lane_close(&worker->lanes[number], &worker->spec);
}

bool grant_take(struct worker *worker, const struct event *event, struct outbox *out, struct status *status) {
    const struct grant_message *grant = &event->message->grant;
    struct status failure;
    if (grant->serial < worker->grant_serial)
        return true;
    if (!check(worker, event->message, status))
        return false;
    worker->grant_serial = grant->serial;
    note_rates(&worker->blocked, event->message);
    close_others(worker, event->message);
    for (uint32_t i = 0; i < grant->lanes; i++) {
        struct grant_lane terms = terms_at(event->message, i);
        if (take_lane(worker, grant, &terms, event->now_us, out, &failure))
            continue;
        member_fail(&worker->member, out, failure.code, "worker %u: %s", worker->spec.member.index,
                    failure.text);
        break;
    }
    return true;
}
