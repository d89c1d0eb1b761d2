#include "coordinator/watch.h"

#include <math.h>
#include <stdio.h>

static void fill_progress(struct coordinator *coordinator, uint64_t now_us) {
    const struct coordinator_spec *spec = &coordinator->spec;
    struct progress_report *report = &coordinator->progress;
    uint64_t clock = coordinator_clock_steps(spec), done = UINT64_MAX, ratings = 0;
    double squared = 0;
    *report = (struct progress_report){.epoch = coordinator->epoch + 1,
                                       .epochs = coordinator->epochs,
                                       .steps_per_epoch = clock,
                                       .last_valid_rmse = coordinator->last_valid_rmse};
    roster_progress(&coordinator->roster, now_us, coordinator->shards, coordinator->workers, report);
    for (uint32_t i = 0; i < report->pserver_count; i++)
        done = coordinator->shards[i].step < done ? coordinator->shards[i].step : done;
    for (uint32_t i = 0; i < report->worker_count; i++) {
        ratings += roster_worker(&coordinator->roster, i)->now.ratings;
        squared += roster_worker(&coordinator->roster, i)->now.squared;
    }
    if (ratings > coordinator->seen.ratings)
        coordinator->last_loss =
            (squared - coordinator->seen.squared) / (double)(ratings - coordinator->seen.ratings);
    coordinator->seen.ratings = ratings;
    coordinator->seen.squared = squared;
    uint64_t begun = coordinator->epoch * clock;
    uint64_t in_epoch = done < begun ? 0 : done - begun > clock ? clock : done - begun;
    report->fraction = (double)in_epoch / (double)clock;
    report->loss = coordinator->last_loss;
    report->learning_rate = schedule_rate(&spec->schedule, clock, &coordinator->plateau,
                                          begun + (in_epoch < clock ? in_epoch : clock - 1))
                                .learning_rate;
    double finished = coordinator->epoch + report->fraction;
    report->eta_seconds = finished == 0 ? NAN
                                        : (double)(now_us - coordinator->start_us) / 1e6 *
                                              (coordinator->epochs - finished) / finished;
}

static void show_progress(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (now_us < coordinator->next_progress_us || coordinator->progress_pending)
        return;
    coordinator->next_progress_us = now_us + coordinator->spec.progress_us;
    if (coordinator->state != TRAINING && coordinator->state != SETTLING && coordinator->state != VALIDATING)
        return;
    fill_progress(coordinator, now_us);
    coordinator->progress_job.kind = JOB_PROGRESS;
    coordinator->progress_job.progress = &coordinator->progress;
    coordinator->progress_pending = true;
    outbox_job(out, &coordinator->progress_job);
}

/* While members are missing: says so from time to time, and gives up at the deadline. False when it gave up.
 */
static bool wait_for_members(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { WAITING_LINE_US = 5000000 };
    char missing[700], line[800];
    if (coordinator->state != JOINING)
        return true;
    uint64_t waited_us = now_us - coordinator->start_us;
    roster_missing(&coordinator->roster, missing, sizeof missing);
    if (waited_us >= coordinator->spec.start_timeout_us) {
        coordinator_fail(coordinator, out, STATUS_UNAVAILABLE,
                         "the cluster was not complete after %.0f s: waiting for %s", (double)waited_us / 1e6,
                         missing);
        return false;
    }
    if (now_us >= coordinator->next_waiting_us && waited_us > 0) {
        coordinator->next_waiting_us = now_us + WAITING_LINE_US;
        snprintf(line, sizeof line, "event=waiting seconds=%.0f for=\"%s\"", (double)waited_us / 1e6,
                 missing);
        outbox_log(out, line);
    }
    return true;
}

/* What the coordinator is waiting for in a state in which members answer its requests; NULL in the others. */
static const char *awaited(const struct coordinator *coordinator, char *who, size_t capacity) {
    static const char *const WHAT[STATE_COUNT] = {
        [SETTLING] = "bringing its rows up to date",
        [VALIDATING] = "measuring validation ratings",
        [MOMENTS] = "adding up its movie factors",
        [SCORES] = "projecting its movies",
        [SAVING] = "sending its rows",
    };
    uint32_t pserver = 0;
    if (coordinator->state == VALIDATING || coordinator->state == SCORES)
        snprintf(who, capacity, "a %s", coordinator->state == SCORES ? "pserver" : "worker");
    else if (coordinator->state == MOMENTS)
        snprintf(who, capacity, "pserver %u", coordinator->finale.next_shard);
    else {
        const uint8_t *done =
            coordinator->state == SETTLING ? coordinator->books.settled : coordinator->finale.answered;
        while (pserver + 1 < coordinator->spec.roster.pservers && done[pserver])
            pserver++;
        snprintf(who, capacity, "pserver %u", pserver);
    }
    return WHAT[coordinator->state];
}

/* Ends the run when a request of the coordinator's has been waiting for too long. False when it did. */
static bool wait_for_answers(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    char who[64];
    const char *what = awaited(coordinator, who, sizeof who);
    if (what == NULL || now_us - coordinator->answered_us <= coordinator->spec.request_timeout_us)
        return true;
    coordinator_fail(coordinator, out, STATUS_UNAVAILABLE, "%s lives but has not finished %s for %.1f s", who,
                     what, (double)(now_us - coordinator->answered_us) / 1e6);
    return false;
}

void watch_tick(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { TICK_US = 100000 };
    const struct seat *lost = roster_lost(&coordinator->roster, now_us);
    if (lost != NULL) {
        char name[512];
        roster_name(lost, name, sizeof name);
        coordinator_fail(coordinator, out, STATUS_UNAVAILABLE, "%s has been silent for %.1f s", name,
                         (double)(now_us - lost->heard_us) / 1e6);
        return;
    }
    if (!wait_for_members(coordinator, now_us, out) || !wait_for_answers(coordinator, now_us, out))
        return;
    show_progress(coordinator, now_us, out);
    outbox_wake(out, now_us + TICK_US);
}
