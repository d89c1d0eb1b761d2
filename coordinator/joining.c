#include "coordinator/joining.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/course.h"

/* Mode blocked: where the runs begin. */
static void send_runs(const struct coordinator *coordinator, const struct seat *pserver, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint32_t parts = spec->lanes, *firsts = outbox_body(out, (parts + spec->strata + 2) * sizeof *firsts);
    memcpy(firsts, spec->part_first, (parts + 1) * sizeof *firsts);
    memcpy(firsts + parts + 1, spec->stratum_first, (spec->strata + 1) * sizeof *firsts);
    struct message message = {.kind = MESSAGE_RUNS, .runs = {parts, spec->strata}};
    outbox_send(out, pserver->link, &message);
}

static void send_welcome(const struct coordinator *coordinator, const struct seat *seat, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    const struct run_position *resume = spec->resume;
    struct message message = {.kind = MESSAGE_WELCOME};
    message.welcome = (struct welcome_message){.users = spec->users,
                                               .movies = spec->movies,
                                               .train_count = spec->train_count,
                                               .data_digest = spec->data_digest};
    if (resume != NULL && seat->role == ROLE_PSERVER) {
        message.welcome.checkpoint = resume->number;
        message.welcome.checkpoint_shards = resume->shards;
        message.welcome.lane_step = resume->lane_step;
        message.welcome.clock_step = resume->clock_step;
    }
    outbox_send(out, seat->link, &message);
    if (coordinator->spec.blocked && seat->role == ROLE_PSERVER)
        send_runs(coordinator, seat, out);
}

static void send_topology(const struct coordinator *coordinator, const struct seat *worker,
                          struct outbox *out) {
    uint32_t pservers = coordinator->spec.roster.pservers;
    size_t bytes = 0;
    for (uint32_t i = 0; i < pservers; i++)
        bytes += strlen(roster_pserver(&coordinator->roster, i)->hello.endpoint) + 1;
    char *at = outbox_body(out, bytes);
    for (uint32_t i = 0; i < pservers; i++)
        at = stpcpy(at, roster_pserver(&coordinator->roster, i)->hello.endpoint) + 1;
    struct message topology = {.kind = MESSAGE_TOPOLOGY, .topology = {pservers}};
    outbox_send(out, worker->link, &topology);
}

static void send_refusal(link_id link, const struct status *status, struct outbox *out) {
    struct message answer = {.kind = MESSAGE_REFUSE, .refuse = {.code = status->code}};
    snprintf(answer.refuse.reason, sizeof answer.refuse.reason, "%.*s", (int)sizeof answer.refuse.reason - 1,
             status->text);
    outbox_send(out, link, &answer);
}

static void seat_newcomer(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                          struct outbox *out) {
    roster_seat(&coordinator->roster, seat, event);
    coordinator_moved(coordinator, event->now_us);
    coordinator_say(out, "event=joined role=%s index=%u pid=%llu host=%s endpoint=%s", role_name(seat->role),
                    seat->index, (unsigned long long)seat->hello.pid, seat->hello.host, seat->hello.endpoint);
    send_welcome(coordinator, seat, out);
    if (seat->role == ROLE_WORKER && roster_pservers_ready(&coordinator->roster))
        send_topology(coordinator, seat, out);
}

/* The one who sat here is dead. Workers may know where a dead pserver listened: then nothing is left but to begin again. */
static bool clear_for(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                      struct outbox *out) {
    char name[512];
    if (seat->role == ROLE_WORKER) {
        joining_lose_worker(coordinator, seat, "another process has taken its place", event->now_us, out);
        return coordinator->state != DONE;
    }
    if (coordinator->state == JOINING && !roster_pservers_ready(&coordinator->roster)) {
        roster_clear(&coordinator->roster, seat);
        return true;
    }
    roster_name(seat, name, sizeof name);
    coordinator_fail(coordinator, out, STATUS_UNAVAILABLE, "%s is gone: another process has taken its place",
                     name);
    return false;
}

void joining_hello(struct coordinator *coordinator, const struct event *event, struct outbox *out) {
    struct status status;
    struct seat *seat = NULL;
    switch (roster_judge(&coordinator->roster, event, &seat, &status)) {
    case ADMISSION_REPEATED:
        seat->heard_us = event->now_us;
        seat->link = event->link;
        send_welcome(coordinator, seat, out);
        break;
    case ADMISSION_REPLACES:
        if (!clear_for(coordinator, seat, event, out))
            break;
        seat_newcomer(coordinator, seat, event, out);
        break;
    case ADMISSION_NEW:
        seat_newcomer(coordinator, seat, event, out);
        break;
    case ADMISSION_WAITS:
        break;
    case ADMISSION_REFUSED:
        coordinator->refused++;
        coordinator_say(out, "event=refused role=coordinator link=%u message=HELLO reason=\"%s\"",
                        event->link, status.text);
        send_refusal(event->link, &status, out);
        break;
    }
}

static bool is_complete(const struct coordinator *coordinator) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint32_t wanted = spec->workers_min == 0 || spec->workers_min > spec->roster.workers
                          ? spec->roster.workers
                          : spec->workers_min;
    return roster_pservers_ready(&coordinator->roster) &&
           roster_ready_workers(&coordinator->roster) >= wanted;
}

static void tell_topology(const struct coordinator *coordinator, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        if (roster_worker(&coordinator->roster, i)->joined)
            send_topology(coordinator, roster_worker(&coordinator->roster, i), out);
}

void joining_ready(struct coordinator *coordinator, struct seat *seat, uint64_t now_us, struct outbox *out) {
    if (seat->ready) {
        coordinator->repeats++;
        return;
    }
    seat->ready = true;
    coordinator_moved(coordinator, now_us);
    if (coordinator->state != JOINING) {
        course_employ(coordinator, seat, out);
        return;
    }
    if (seat->role == ROLE_PSERVER && roster_pservers_ready(&coordinator->roster))
        tell_topology(coordinator, out);
    if (is_complete(coordinator))
        course_start(coordinator, now_us, out);
}

void joining_repeat(const struct coordinator *coordinator, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->roster.count; i++) {
        const struct seat *seat = &coordinator->roster.seats[i];
        if (!seat->joined || seat->ready)
            continue;
        if (seat->role == ROLE_PSERVER)
            send_welcome(coordinator, seat, out);
        else if (roster_pservers_ready(&coordinator->roster))
            send_topology(coordinator, seat, out);
    }
}

void joining_lose_worker(struct coordinator *coordinator, struct seat *seat, const char *why, uint64_t now_us,
                         struct outbox *out) {
    char name[512];
    bool is_home = !coordinator->spec.blocked || lanes_are_home(&coordinator->lanes, seat->index);
    roster_name(seat, name, sizeof name);
    coordinator->workers_lost += coordinator->state != JOINING;
    coordinator_say(out, "event=lost role=worker index=%u name=\"%s\" reason=\"%s\"", seat->index, name, why);
    roster_clear(&coordinator->roster, seat);
    coordinator_moved(coordinator, now_us);
    if (is_home)
        course_replace(coordinator, seat->index, out);
    else
        coordinator_fail(coordinator, out, STATUS_UNAVAILABLE,
                         "%s is gone, and with it the parts it held: %s", name, why);
}

static void let_go(struct coordinator *coordinator, struct seat *seat, uint64_t now_us, struct outbox *out) {
    struct message stop = {.kind = MESSAGE_STOP, .stop = {.code = STATUS_TRY_AGAIN}};
    snprintf(stop.stop.reason, sizeof stop.stop.reason, "worker %u has left, as it was asked to",
             seat->index);
    outbox_send(out, seat->link, &stop);
    joining_lose_worker(coordinator, seat, "it was asked to stop", now_us, out);
}

void joining_leave(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                   struct outbox *out) {
    if (seat->role == ROLE_WORKER) {
        seat->leaving = true;
        if (!coordinator->spec.blocked || lanes_are_home(&coordinator->lanes, seat->index))
            let_go(coordinator, seat, event->now_us, out);
        return;
    }
    struct status status;
    status_fail(&status, STATUS_TRY_AGAIN, "pserver %u was asked to stop: %s", seat->index,
                event->message->leave.reason);
    course_stop(coordinator, &status, event->now_us, out);
}

void joining_release(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        if (roster_worker(&coordinator->roster, i)->leaving)
            let_go(coordinator, roster_worker(&coordinator->roster, i), now_us, out);
}
