#include "coordinator/watch.h"

#include <stdio.h>

#include "coordinator/course.h"
#include "coordinator/joining.h"
#include "coordinator/progress.h"

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

static void name_pserver(const struct coordinator *coordinator, uint32_t index, char *text, size_t capacity) {
    if (index < coordinator->spec.roster.pservers)
        roster_name(roster_pserver(&coordinator->roster, index), text, capacity);
}

/* Whom the course waits for: the first one that has not done its part. Empty when that is nobody. */
static void name_awaited(const struct coordinator *coordinator, char *text, size_t capacity) {
    const struct epoch_books *books = &coordinator->books;
    const struct lane_books *lanes = &coordinator->lanes;
    const struct finale *finale = &coordinator->finale;
    uint32_t pservers = coordinator->spec.roster.pservers, i = 0;
    text[0] = '\0';
    switch (coordinator->state) {
    case TRAINING:
        while (i < lanes->count && lanes->done[i])
            i++;
        if (i == lanes->count || lanes->owners[i] == LANE_UNOWNED)
            snprintf(text, capacity, "a worker that takes lane %u", i);
        else
            roster_name(roster_worker(&coordinator->roster, lanes->owners[i]), text, capacity);
        break;
    case CUTTING:
        while (i < pservers && coordinator->cuts.taken[i])
            i++;
        name_pserver(coordinator, i, text, capacity);
        break;
    case SETTLING:
        while (i < pservers && books->settled[i])
            i++;
        name_pserver(coordinator, i, text, capacity);
        break;
    case VALIDATING:
        while (i < books->slices && books->slice_done[i])
            i++;
        snprintf(text, capacity, "the worker of validation slice %u", i);
        break;
    case KEEPING:
        while (i < pservers && coordinator->best.answered[i])
            i++;
        name_pserver(coordinator, i, text, capacity);
        break;
    case MOMENTS:
        name_pserver(coordinator, finale->next_shard, text, capacity);
        break;
    case SCORES:
        while (i < pservers && finale->projected[i] == finale_movies(finale, i))
            i++;
        name_pserver(coordinator, i, text, capacity);
        break;
    case SAVING:
        while (i < pservers && finale->answered[i])
            i++;
        name_pserver(coordinator, i, text, capacity);
        break;
    default:
        break;
    }
}

/* An orderly end waits for the disk. */
static bool is_saving(const struct coordinator *coordinator) {
    return coordinator->state == CUTTING && coordinator->cuts.stage != CUT_TAKING;
}

/* Heartbeats alone do not end a run: ends one in which nothing has moved for too long. A shard may be busy for as long
 * as it may be silent. True when it did. */
static bool has_stalled(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    char awaited[512];
    uint64_t patience_us = spec->request_timeout_us > spec->roster.silence_us ? spec->request_timeout_us
                                                                              : spec->roster.silence_us;
    if (coordinator->state == JOINING || coordinator->job_pending || is_saving(coordinator) ||
        now_us - coordinator->moved_us <= patience_us)
        return false;
    name_awaited(coordinator, awaited, sizeof awaited);
    if (awaited[0] == '\0')
        return false;
    coordinator_fail(coordinator, out, STATUS_UNAVAILABLE,
                     "nothing has moved for %.1f s: %s has not done its part",
                     (double)(now_us - coordinator->moved_us) / 1e6, awaited);
    return true;
}

/* A lost pserver ends the run; false then. Lost workers are replaced. */
static bool look_after_members(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    char name[512], why[64];
    for (struct seat *lost; (lost = roster_lost(&coordinator->roster, now_us)) != NULL;) {
        double seconds = (double)(now_us - lost->heard_us) / 1e6;
        if (lost->role == ROLE_PSERVER) {
            roster_name(lost, name, sizeof name);
            coordinator_fail(coordinator, out, STATUS_UNAVAILABLE, "%s has been silent for %.1f s", name,
                             seconds);
            return false;
        }
        snprintf(why, sizeof why, "silent for %.1f s", seconds);
        joining_lose_worker(coordinator, lost, why, now_us, out);
        if (coordinator->state == DONE)
            return false;
    }
    return true;
}

/* The time after which the first question is asked again. */
static uint64_t first_wait_us(const struct coordinator *coordinator) {
    enum { PATIENCE_SHARE = 16 };
    return coordinator->spec.request_timeout_us / PATIENCE_SHARE;
}

/* What has not been answered for a while is asked again, ever more seldom. */
static void ask_again(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (coordinator->repeat_us == 0) {
        coordinator->repeat_after_us = first_wait_us(coordinator);
        coordinator->repeat_us = coordinator->moved_us + coordinator->repeat_after_us;
    }
    if (now_us < coordinator->repeat_us)
        return;
    coordinator->repeat_after_us *= 2;
    coordinator->repeat_us = now_us + coordinator->repeat_after_us;
    course_repeat(coordinator, out);
}

/* Those that are joining are asked again even while others train, often enough that a run that waits for them need not give
 * up over a message that was lost. */
static void invite_again(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    uint64_t interval_us = first_wait_us(coordinator) + 1;
    if (now_us / interval_us != coordinator->last_tick_us / interval_us)
        joining_repeat(coordinator, out);
}

void watch_tick(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { TICK_US = 100000 };
    uint64_t slept_us = now_us - coordinator->last_tick_us;
    if (slept_us > coordinator->spec.roster.silence_us / 2)
        roster_forgive(&coordinator->roster, now_us);
    if (!look_after_members(coordinator, now_us, out) || !wait_for_members(coordinator, now_us, out) ||
        has_stalled(coordinator, now_us, out))
        return;
    invite_again(coordinator, now_us, out);
    ask_again(coordinator, now_us, out);
    progress_show(coordinator, now_us, out);
    coordinator->last_tick_us = now_us;
    outbox_wake(out, now_us + TICK_US);
}
