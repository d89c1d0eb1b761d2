#include "coordinator/coordinator.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/course.h"
#include "coordinator/watch.h"
#include "core/contract.h"
#include "core/memory.h"
#include "model/order.h"

static const bool LEGAL[STATE_COUNT][STATE_COUNT] = {
    [JOINING] = {[TRAINING] = true, [DONE] = true},
    [TRAINING] = {[SETTLING] = true, [DONE] = true},
    [SETTLING] = {[VALIDATING] = true, [DONE] = true},
    [VALIDATING] = {[TRAINING] = true, [MOMENTS] = true, [SAVING] = true, [DONE] = true},
    [MOMENTS] = {[SCORES] = true, [DONE] = true},
    [SCORES] = {[SAVING] = true, [DONE] = true},
    [SAVING] = {[FINISHING] = true, [DONE] = true},
    [FINISHING] = {[DONE] = true},
};

static void step(void *self, const struct event *event, struct outbox *out);

uint64_t coordinator_lane_steps(const struct coordinator_spec *spec) {
    return order_steps_per_epoch(spec->train_count, spec->batch);
}

uint64_t coordinator_clock_steps(const struct coordinator_spec *spec) {
    return coordinator_lane_steps(spec) * (spec->independent ? spec->lanes : 1);
}

static bool take_parts(struct coordinator *coordinator, struct status *status) {
    const struct coordinator_spec *spec = &coordinator->spec;
    struct finale_spec finale = {spec->users, spec->movies, spec->factors, spec->components,
                                 spec->roster.pservers};
    coordinator->rates_wanted =
        memory_take_array(spec->roster.pservers, sizeof *coordinator->rates_wanted, "pservers", status);
    coordinator->shards =
        memory_take_array(spec->roster.pservers, sizeof *coordinator->shards, "pservers", status);
    coordinator->workers =
        memory_take_array(spec->roster.workers, sizeof *coordinator->workers, "workers", status);
    if (coordinator->rates_wanted == NULL || coordinator->shards == NULL || coordinator->workers == NULL)
        return false;
    for (uint32_t i = 0; i < spec->roster.pservers; i++)
        coordinator->rates_wanted[i] = UINT64_MAX;
    return roster_init(&coordinator->roster, &spec->roster, status) &&
           epoch_init(&coordinator->books, spec->lanes, spec->roster.pservers, spec->valid_count, status) &&
           finale_init(&coordinator->finale, &finale, status);
}

struct coordinator *coordinator_new(const struct coordinator_spec *spec, struct status *status) {
    struct coordinator *coordinator = memory_take(sizeof *coordinator, "a coordinator", status);
    if (coordinator == NULL)
        return NULL;
    coordinator->spec = *spec;
    if (coordinator->spec.components > spec->factors)
        coordinator->spec.components = spec->factors;
    if (spec->movies < 2)
        coordinator->spec.components = 0;
    coordinator->epochs = schedule_epochs(&spec->schedule);
    coordinator->last_valid_rmse = coordinator->last_loss = NAN;
    if (!take_parts(coordinator, status)) {
        coordinator_free(coordinator);
        return NULL;
    }
    return coordinator;
}

void coordinator_free(struct coordinator *coordinator) {
    if (coordinator == NULL)
        return;
    memory_release(coordinator->rates_wanted);
    memory_release(coordinator->shards);
    memory_release(coordinator->workers);
    roster_free(&coordinator->roster);
    epoch_free(&coordinator->books);
    finale_free(&coordinator->finale);
    memory_release(coordinator);
}

struct engine coordinator_engine(struct coordinator *coordinator) {
    return (struct engine){.self = coordinator, .step = step};
}

void coordinator_move(struct coordinator *coordinator, enum state to) {
    REQUIRE(LEGAL[coordinator->state][to], "the coordinator moves along its table of states");
    coordinator->state = to;
}

void coordinator_stop(struct coordinator *coordinator, const struct status *status, struct outbox *out) {
    struct message message = {.kind = MESSAGE_STOP, .stop = {.code = status->code}};
    snprintf(message.stop.reason, sizeof message.stop.reason, "%.*s", (int)sizeof message.stop.reason - 1,
             status->text);
    roster_tell(&coordinator->roster, &message, out);
    coordinator_move(coordinator, DONE);
    outbox_exit(out, status);
}

void coordinator_fail(struct coordinator *coordinator, struct outbox *out, enum status_code code,
                      const char *format, ...) {
    struct status status = {.code = code};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.text, sizeof status.text, format, arguments);
    va_end(arguments);
    coordinator_stop(coordinator, &status, out);
}

static void refuse(struct coordinator *coordinator, const struct event *event, const struct status *status,
                   struct outbox *out) {
    char line[STATUS_TEXT_BYTES + 128];
    coordinator->refused++;
    snprintf(line, sizeof line, "event=refused role=coordinator link=%u message=%s reason=\"%s\"",
             event->link, message_name(event->message->kind), status->text);
    outbox_log(out, line);
}

/* ---- joining ---- */

static void send_topology(struct coordinator *coordinator, const struct seat *worker, struct outbox *out) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        bytes += strlen(roster_pserver(&coordinator->roster, i)->hello.endpoint) + 1;
    char *at = outbox_body(out, bytes);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        at = stpcpy(at, roster_pserver(&coordinator->roster, i)->hello.endpoint) + 1;
    struct message topology = {.kind = MESSAGE_TOPOLOGY, .topology = {coordinator->spec.roster.pservers}};
    outbox_send(out, worker->link, &topology);
}

static void on_hello(struct coordinator *coordinator, const struct event *event, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    struct status status;
    bool known = roster_find(&coordinator->roster, event->link) != NULL;
    struct seat *seat = roster_admit(&coordinator->roster, event, &status);
    if (seat == NULL) {
        struct message answer = {.kind = MESSAGE_REFUSE, .refuse = {.code = status.code}};
        snprintf(answer.refuse.reason, sizeof answer.refuse.reason, "%.*s",
                 (int)sizeof answer.refuse.reason - 1, status.text);
        refuse(coordinator, event, &status, out);
        outbox_send(out, event->link, &answer);
        return;
    }
    struct message welcome = {.kind = MESSAGE_WELCOME};
    welcome.welcome =
        (struct welcome_message){spec->users, spec->movies, spec->train_count, spec->data_digest};
    outbox_send(out, event->link, &welcome);
    if (known)
        return;
    char line[1024];
    snprintf(line, sizeof line, "event=joined role=%s index=%u pid=%llu host=%s endpoint=%s",
             role_name(seat->role), seat->index, (unsigned long long)seat->hello.pid, seat->hello.host,
             seat->hello.endpoint);
    outbox_log(out, line);
    if (seat->role == ROLE_WORKER && roster_pservers_ready(&coordinator->roster))
        send_topology(coordinator, seat, out);
}

static void on_ready(struct coordinator *coordinator, struct seat *seat, uint64_t now_us,
                     struct outbox *out) {
    bool complete = roster_ready(&coordinator->roster, seat);
    if (!complete || coordinator->state != JOINING)
        return;
    if (seat->role == ROLE_PSERVER)
        for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
            if (roster_worker(&coordinator->roster, i)->joined)
                send_topology(coordinator, roster_worker(&coordinator->roster, i), out);
    if (!roster_all_ready(&coordinator->roster))
        return;
    outbox_log(out, "event=started");
    coordinator->start_us = now_us;
    course_begin_epoch(coordinator, now_us, out);
}

/* ---- messages ---- */

static bool in_state(const struct coordinator *coordinator, enum state state, struct status *status) {
    return coordinator->state == state ||
           status_fail(status, STATUS_PROTOCOL, "it comes at the wrong time (state %d)", coordinator->state);
}

static bool from_role(const struct seat *seat, enum role role, struct status *status) {
    return seat->role == role ||
           status_fail(status, STATUS_DENIED, "a %s cannot send it", role_name(seat->role));
}

static bool on_lane_done(struct coordinator *coordinator, const struct event *event, struct outbox *out,
                         struct status *status) {
    if (!in_state(coordinator, TRAINING, status) ||

        !epoch_lane_done(&coordinator->books, &event->message->lane_done, status))
        return false;
    if (coordinator->books.lanes_left == 0)
        course_settle(coordinator, event->now_us, out);
    return true;
}

static bool on_settled(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                       struct outbox *out, struct status *status) {
    const struct settled_message *settled = &event->message->settled;
    if (!in_state(coordinator, SETTLING, status))
        return false;
    if (settled->step != course_settle_step(coordinator))
        return status_fail(status, STATUS_PROTOCOL, "it has settled after step %llu, not %llu",
                           (unsigned long long)settled->step,
                           (unsigned long long)course_settle_step(coordinator));
    if (!epoch_settled(&coordinator->books, seat->index, settled->digest, status))
        return false;
    if (coordinator->books.pservers_left == 0)
        course_validate(coordinator, event->now_us, out);
    return true;
}

static bool on_validated(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    if (!in_state(coordinator, VALIDATING, status) ||
        !epoch_validated(&coordinator->books, &event->message->validated, status))
        return false;
    course_deal_slice(coordinator, seat, out);
    if (coordinator->books.slices_left == 0)
        course_end_epoch(coordinator, event->now_us, out);
    return true;
}

static bool on_moments(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                       struct outbox *out, struct status *status) {
    bool complete = false;
    if (!in_state(coordinator, MOMENTS, status) ||
        !finale_moments(&coordinator->finale, &coordinator->roster, seat->index, event->message, out,
                        &complete, status))
        return false;
    if (!complete)
        return true;
    coordinator_move(coordinator, SCORES);
    if (!finale_ask_scores(&coordinator->finale, &coordinator->roster, out, status))
        coordinator_stop(coordinator, status, out);
    return true;
}

static bool on_projected(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    bool complete = false;
    if (!in_state(coordinator, SCORES, status) ||
        !finale_scores(&coordinator->finale, seat->index, event->message, &complete, status))
        return false;
    if (complete)
        course_save_rows(coordinator, out);
    return true;
}

static void on_rates_wanted(struct coordinator *coordinator, const struct seat *seat, uint64_t first_step,
                            struct outbox *out) {
    coordinator->rates_wanted[seat->index] = first_step;
    course_send_rates(coordinator, seat->index, out);
}

static void on_heartbeat(struct seat *seat, const struct event *event, struct outbox *out) {
    struct message pulse = {.kind = MESSAGE_PULSE};
    roster_heartbeat(seat, &event->message->heartbeat, event->now_us);
    outbox_send(out, seat->link, &pulse);
}

static bool on_member_message(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                              struct outbox *out, struct status *status) {
    const struct message *message = event->message;
    switch (message->kind) {
    case MESSAGE_READY:
        on_ready(coordinator, seat, event->now_us, out);
        return true;
    case MESSAGE_HEARTBEAT:
        on_heartbeat(seat, event, out);
        return true;
    case MESSAGE_FAILED:
        coordinator_fail(coordinator, out,
                         message->failed.code == STATUS_OK ? STATUS_BUG
                                                           : (enum status_code)message->failed.code,
                         "%s", message->failed.reason);
        return true;
    case MESSAGE_RATES_WANTED:
        if (!from_role(seat, ROLE_PSERVER, status))
            return false;
        on_rates_wanted(coordinator, seat, message->rates_wanted.first_step, out);
        return true;
    case MESSAGE_LANE_DONE:
        return from_role(seat, ROLE_WORKER, status) && on_lane_done(coordinator, event, out, status);
    case MESSAGE_SETTLED:
        return from_role(seat, ROLE_PSERVER, status) && on_settled(coordinator, seat, event, out, status);
    case MESSAGE_VALIDATED:
        return from_role(seat, ROLE_WORKER, status) && on_validated(coordinator, seat, event, out, status);
    case MESSAGE_MOMENTS:
        return from_role(seat, ROLE_PSERVER, status) && on_moments(coordinator, seat, event, out, status);
    case MESSAGE_PROJECTED:
        return from_role(seat, ROLE_PSERVER, status) && on_projected(coordinator, seat, event, out, status);
    case MESSAGE_VALUES:
        return from_role(seat, ROLE_PSERVER, status) && in_state(coordinator, SAVING, status) &&
               finale_rows(&coordinator->finale, seat->index, message, out, status);
    default:
        return status_fail(status, STATUS_PROTOCOL, "the coordinator has no use for it");
    }
}

static void on_message(struct coordinator *coordinator, const struct event *event, struct outbox *out) {
    struct status status;
    if (event->message->kind == MESSAGE_HELLO) {
        on_hello(coordinator, event, out);
        return;
    }
    struct seat *seat = roster_find(&coordinator->roster, event->link);
    if (seat == NULL) {
        status_fail(&status, STATUS_DENIED, "the sender is no member");
        refuse(coordinator, event, &status, out);
        return;
    }
    seat->heard_us = event->now_us;
    if (!on_member_message(coordinator, seat, event, out, &status))
        refuse(coordinator, event, &status, out);
    else if (event->message->kind != MESSAGE_HEARTBEAT || seat->now.step != seat->before.step)
        coordinator->moved_us = event->now_us;
}

static void on_job_done(struct coordinator *coordinator, const struct job *job, uint64_t now_us,
                        struct outbox *out) {
    if (job->status.code != STATUS_OK) {
        coordinator_stop(coordinator, &job->status, out);
        return;
    }
    if (job->kind == JOB_PROGRESS) {
        coordinator->progress_pending = false;
        return;
    }
    coordinator->job_pending = false;
    coordinator->moved_us = now_us;
    if (job->kind == JOB_EPOCH_END) {
        course_after_epoch(coordinator, now_us, out);
    } else if (job->kind == JOB_SAVE_ROWS) {
        course_save_rows(coordinator, out);
    } else if (job->kind == JOB_FINISH) {
        struct status good = {.code = STATUS_OK};
        coordinator_stop(coordinator, &good, out);
    }
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct coordinator *coordinator = self;
    if (coordinator->state == DONE)
        return;
    switch (event->kind) {
    case EVENT_START:
        coordinator->start_us = event->now_us;
        coordinator->next_waiting_us = event->now_us + 2000000;
        watch_tick(coordinator, event->now_us, out);
        break;
    case EVENT_TIMER:
        watch_tick(coordinator, event->now_us, out);
        break;
    case EVENT_MESSAGE:
        on_message(coordinator, event, out);
        break;
    case EVENT_JOB_DONE:
        on_job_done(coordinator, event->job, event->now_us, out);
        break;
    case EVENT_STOP:
        coordinator_stop(coordinator, event->status, out);
        break;
    }
}
