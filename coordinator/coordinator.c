#include "coordinator/coordinator.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/closing.h"
#include "coordinator/course.h"
#include "coordinator/curve.h"
#include "coordinator/joining.h"
#include "coordinator/watch.h"
#include "core/contract.h"
#include "core/memory.h"
#include "model/order.h"

static const bool LEGAL[STATE_COUNT][STATE_COUNT] = {
    [JOINING] = {[TRAINING] = true, [DONE] = true},
    [TRAINING] = {[CUTTING] = true, [SETTLING] = true, [FINISHING] = true, [DONE] = true},
    [CUTTING] = {[TRAINING] = true, [DONE] = true},
    [SETTLING] = {[VALIDATING] = true, [DONE] = true},
    [VALIDATING] = {[TRAINING] = true,
                    [CUTTING] = true,
                    [KEEPING] = true,
                    [MOMENTS] = true,
                    [SAVING] = true,
                    [DONE] = true},
    [KEEPING] = {[TRAINING] = true, [CUTTING] = true, [VALIDATING] = true, [MOMENTS] = true, [DONE] = true},
    [MOMENTS] = {[SCORES] = true, [TRAINING] = true, [CUTTING] = true, [DONE] = true},
    [SCORES] = {[TRAINING] = true, [CUTTING] = true, [SAVING] = true, [DONE] = true},
    [SAVING] = {[FINISHING] = true, [DONE] = true},
    [FINISHING] = {[DONE] = true},
};

static void step(void *self, const struct event *event, struct outbox *out);

uint64_t coordinator_lane_steps(const struct coordinator_spec *spec) {
    return spec->blocked ? spec->strata : order_steps_per_epoch(spec->train_count, spec->batch);
}

uint64_t coordinator_clock_steps(const struct coordinator_spec *spec) {
    return coordinator_lane_steps(spec) * (spec->independent ? spec->lanes : 1);
}

static bool take_snapshot(struct snapshot *snapshot, const struct roster_spec *spec, struct status *status) {
    snapshot->shards = memory_take_array(spec->pservers, sizeof *snapshot->shards, "pservers", status);
    snapshot->workers = memory_take_array(spec->workers, sizeof *snapshot->workers, "workers", status);
    return snapshot->shards != NULL && snapshot->workers != NULL;
}

static void free_snapshot(struct snapshot *snapshot) {
    memory_release(snapshot->shards);
    memory_release(snapshot->workers);
}

static bool take_parts(struct coordinator *coordinator, struct status *status) {
    const struct coordinator_spec *spec = &coordinator->spec;
    struct finale_spec finale = {.users = spec->users,
                                 .movies = spec->movies,
                                 .factors = spec->factors,
                                 .components = spec->components,
                                 .pservers = spec->roster.pservers,
                                 .strata = spec->blocked ? spec->strata : 0,
                                 .stratum_first = spec->stratum_first};
    struct cuts_spec cuts = spec->cuts;
    cuts.pservers = spec->roster.pservers;
    cuts.lanes = spec->lanes;
    struct best_spec best = spec->best;
    best.pservers = spec->roster.pservers;
    coordinator->rates_wanted =
        memory_take_array(spec->roster.pservers, sizeof *coordinator->rates_wanted, "pservers", status);
    if (spec->blocked) {
        coordinator->rates = memory_take_array(RATES_MAX, sizeof *coordinator->rates, "rates", status);
        if (coordinator->rates == NULL)
            return false;
    }
    if (coordinator->rates_wanted == NULL || !take_snapshot(&coordinator->progress, &spec->roster, status) ||
        !take_snapshot(&coordinator->ending, &spec->roster, status))
        return false;
    for (uint32_t i = 0; i < spec->roster.pservers; i++)
        coordinator->rates_wanted[i] = UINT64_MAX;
    return roster_init(&coordinator->roster, &spec->roster, status) &&
           lanes_init(&coordinator->lanes, spec->lanes, status) &&
           epoch_init(&coordinator->books, spec->roster.pservers, spec->valid_count, status) &&
           best_init(&coordinator->best, &best, status) && cuts_init(&coordinator->cuts, &cuts, status) &&
           finale_init(&coordinator->finale, &finale, status);
}

/* Where an earlier process left off. */
static void take_up(struct coordinator *coordinator, const struct run_position *position) {
    coordinator->epoch = position->epoch;
    coordinator->lane_step = coordinator->first_step = position->lane_step;
    coordinator->seconds_before = position->train_seconds;
    best_take_up(&coordinator->best, position);
    coordinator->plateau = (struct plateau_state){
        {position->plateau_best, position->plateau_seen, position->plateau_waiting}, position->plateau_drops};
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
    if (spec->resume != NULL)
        take_up(coordinator, spec->resume);
    return coordinator;
}

void coordinator_free(struct coordinator *coordinator) {
    if (coordinator == NULL)
        return;
    memory_release(coordinator->rates_wanted);
    memory_release(coordinator->rates);
    free_snapshot(&coordinator->progress);
    free_snapshot(&coordinator->ending);
    roster_free(&coordinator->roster);
    lanes_free(&coordinator->lanes);
    epoch_free(&coordinator->books);
    best_free(&coordinator->best);
    cuts_free(&coordinator->cuts);
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

void coordinator_moved(struct coordinator *coordinator, uint64_t now_us) {
    coordinator->moved_us = now_us;
    coordinator->repeat_us = coordinator->repeat_after_us = 0;
}

void coordinator_say(struct outbox *out, const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    outbox_log(out, line);
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
    coordinator->refused++;
    coordinator_say(out, "event=refused role=coordinator link=%u message=%s reason=\"%s\"", event->link,
                    message_name(event->message->kind), status->text);
}

/* ---- messages: each returns whether it was fit to be sent; what comes again, or too late, changes nothing ---- */

static bool in_state(struct coordinator *coordinator, enum state state) {
    coordinator->repeats += coordinator->state != state;
    return coordinator->state == state;
}

static bool from_role(const struct seat *seat, enum role role, struct status *status) {
    return seat->role == role ||
           status_fail(status, STATUS_DENIED, "a %s cannot send it", role_name(seat->role));
}

/* Counts what was known already; true when it was news. */
static bool is_news(struct coordinator *coordinator, bool repeated, uint64_t now_us) {
    coordinator->repeats += repeated;
    if (!repeated)
        coordinator_moved(coordinator, now_us);
    return !repeated;
}

static bool on_lane_done(struct coordinator *coordinator, const struct event *event, struct outbox *out,
                         struct status *status) {
    bool repeated;
    if (!in_state(coordinator, TRAINING))
        return true;
    if (!lanes_done(&coordinator->lanes, &event->message->lane_done, &repeated, status))
        return false;
    if (is_news(coordinator, repeated, event->now_us))
        course_lane_done(coordinator, event->now_us, out);
    return true;
}

static bool on_settled(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                       struct outbox *out, struct status *status) {
    const struct settled_message *settled = &event->message->settled;
    bool repeated;
    if (!in_state(coordinator, SETTLING) || settled->step < course_settle_step(coordinator))
        return true;
    if (settled->step > course_settle_step(coordinator))
        return status_fail(status, STATUS_PROTOCOL, "it has settled after step %llu, not %llu",
                           (unsigned long long)settled->step,
                           (unsigned long long)course_settle_step(coordinator));
    epoch_settled(&coordinator->books, seat->index, settled->digest, &repeated);
    if (is_news(coordinator, repeated, event->now_us) && coordinator->books.pservers_left == 0)
        course_validate(coordinator, event->now_us, out);
    return true;
}

static bool on_validated(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    const struct validated_message *validated = &event->message->validated;
    bool repeated;
    if (!in_state(coordinator, VALIDATING) || coordinator->job_pending ||
        validated->epoch < coordinator->epoch)
        return true;
    if (validated->epoch > coordinator->epoch)
        return status_fail(status, STATUS_PROTOCOL, "it belongs to epoch %u", validated->epoch);
    if (!epoch_validated(&coordinator->books, validated, &repeated, status))
        return false;
    if (!is_news(coordinator, repeated, event->now_us))
        return true;
    course_deal_slice(coordinator, seat, out);
    if (coordinator->books.slices_left == 0)
        closing_report(coordinator, event->now_us, out);
    return true;
}

static bool on_moments(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                       struct outbox *out, struct status *status) {
    bool complete = false;
    uint32_t asked = coordinator->finale.next_shard;
    if (!in_state(coordinator, MOMENTS))
        return true;
    if (!finale_moments(&coordinator->finale, &coordinator->roster, seat->index, event->message, out,
                        &complete, status))
        return false;
    if (!is_news(coordinator, coordinator->finale.next_shard == asked, event->now_us) || !complete)
        return true;
    closing_ask_scores(coordinator, event->now_us, out);
    return true;
}

static bool on_projected(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    bool complete = false;
    uint32_t before = coordinator->finale.movies_projected;
    if (!in_state(coordinator, SCORES))
        return true;
    if (!finale_scores(&coordinator->finale, seat->index, event->message, &complete, status))
        return false;
    if (is_news(coordinator, coordinator->finale.movies_projected == before, event->now_us) && complete)
        closing_show_model(coordinator, event->now_us, out);
    return true;
}

static bool on_values(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                      struct outbox *out, struct status *status) {
    uint32_t before = coordinator->finale.shards_missing;
    if (!in_state(coordinator, SAVING))
        return true;
    if (!finale_rows(&coordinator->finale, seat->index, event->message, out, status))
        return false;
    coordinator->job_pending = coordinator->finale.shards_missing == 0;
    is_news(coordinator, coordinator->finale.shards_missing == before, event->now_us);
    return true;
}

static bool on_kept(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                    struct outbox *out) {
    bool repeated;
    if (!in_state(coordinator, KEEPING))
        return true;
    best_kept(&coordinator->best, seat->index, &event->message->kept, &repeated);
    if (is_news(coordinator, repeated, event->now_us) && coordinator->best.left == 0)
        closing_after_keeping(coordinator, event->now_us, out);
    return true;
}

static void on_cut_news(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                        struct outbox *out) {
    enum cut_stage before = coordinator->cuts.stage;
    if (event->message->kind == MESSAGE_TAKEN)
        cuts_taken(&coordinator->cuts, seat->index, event->message->taken.number, event->now_us, out);
    else
        cuts_imaged(&coordinator->cuts, seat->index, &event->message->imaged, event->now_us, out);
    course_after_cut(coordinator, before, event->now_us, out);
}

static void on_rates_wanted(struct coordinator *coordinator, const struct seat *seat, uint64_t first_step,
                            struct outbox *out) {
    coordinator->rates_wanted[seat->index] = first_step;
    course_send_rates(coordinator, seat->index, out);
}

static bool on_heartbeat(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    struct message pulse = {.kind = MESSAGE_PULSE};
    uint64_t step = seat->now.counters.step;
    if (!roster_heartbeat(&coordinator->roster, seat, event->message, event->now_us, status))
        return false;
    if (seat->now.counters.step != step)
        coordinator_moved(coordinator, event->now_us);
    outbox_send(out, seat->link, &pulse);
    return true;
}

static bool on_pserver_message(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                               struct outbox *out, struct status *status) {
    const struct message *message = event->message;
    switch (message->kind) {
    case MESSAGE_RATES_WANTED:
        on_rates_wanted(coordinator, seat, message->rates_wanted.first_step, out);
        return true;
    case MESSAGE_TAKEN:
    case MESSAGE_IMAGED:
        on_cut_news(coordinator, seat, event, out);
        return true;
    case MESSAGE_SETTLED:
        return on_settled(coordinator, seat, event, out, status);
    case MESSAGE_KEPT:
        return on_kept(coordinator, seat, event, out);
    case MESSAGE_MOMENTS:
        return on_moments(coordinator, seat, event, out, status);
    case MESSAGE_PROJECTED:
        return on_projected(coordinator, seat, event, out, status);
    case MESSAGE_VALUES:
        return on_values(coordinator, seat, event, out, status);
    default:
        return status_fail(status, STATUS_PROTOCOL, "the coordinator has no use for it");
    }
}

static bool on_member_message(struct coordinator *coordinator, struct seat *seat, const struct event *event,
                              struct outbox *out, struct status *status) {
    const struct message *message = event->message;
    switch (message->kind) {
    case MESSAGE_READY:
        joining_ready(coordinator, seat, event->now_us, out);
        return true;
    case MESSAGE_HEARTBEAT:
        return on_heartbeat(coordinator, seat, event, out, status);
    case MESSAGE_LEAVE:
        joining_leave(coordinator, seat, event, out);
        return true;
    case MESSAGE_FAILED:
        if (coordinator_finds_rate(coordinator) && coordinator->state == TRAINING &&
            message->failed.code == STATUS_BAD_DATA) {
            curve_diverged(coordinator, out);
            return true;
        }
        coordinator_fail(coordinator, out,
                         message->failed.code == STATUS_OK ? STATUS_BUG
                                                           : (enum status_code)message->failed.code,
                         "%s", message->failed.reason);
        return true;
    case MESSAGE_LANE_DONE:
        return from_role(seat, ROLE_WORKER, status) && on_lane_done(coordinator, event, out, status);
    case MESSAGE_VALIDATED:
        return from_role(seat, ROLE_WORKER, status) && on_validated(coordinator, seat, event, out, status);
    default:
        return from_role(seat, ROLE_PSERVER, status) &&
               on_pserver_message(coordinator, seat, event, out, status);
    }
}

/* Somebody who has no seat. One that beats its heart believes that it has one: its connection has broken and come again, or it
 * was given up. Its next HELLO tells which. */
static void on_stranger(struct coordinator *coordinator, const struct event *event, struct outbox *out) {
    struct status status;
    struct message answer = {
        .kind = MESSAGE_REFUSE,
        .refuse = {.code = STATUS_TRY_AGAIN, .reason = "the connection is new: say hello again"}};
    status_fail(&status, STATUS_DENIED, "the sender is no member");
    refuse(coordinator, event, &status, out);
    if (event->message->kind == MESSAGE_HEARTBEAT)
        outbox_send(out, event->link, &answer);
}

static void on_message(struct coordinator *coordinator, const struct event *event, struct outbox *out) {
    struct status status;
    if (event->message->kind == MESSAGE_HELLO) {
        joining_hello(coordinator, event, out);
        return;
    }
    struct seat *seat = roster_find(&coordinator->roster, event->link);
    if (seat == NULL) {
        on_stranger(coordinator, event, out);
        return;
    }
    seat->heard_us = event->now_us;
    if (!on_member_message(coordinator, seat, event, out, &status))
        refuse(coordinator, event, &status, out);
}

static void on_committed(struct coordinator *coordinator, const struct job *job, uint64_t now_us,
                         struct outbox *out) {
    enum cut_stage before = coordinator->cuts.stage;
    cuts_committed(&coordinator->cuts, job);
    course_after_cut(coordinator, before, now_us, out);
}

static void on_job_done(struct coordinator *coordinator, const struct job *job, uint64_t now_us,
                        struct outbox *out) {
    if (job->kind == JOB_COMMIT) {
        on_committed(coordinator, job, now_us, out);
        return;
    }
    if (job->status.code != STATUS_OK) {
        coordinator_stop(coordinator, &job->status, out);
        return;
    }
    if (job->kind == JOB_PROGRESS) {
        coordinator->progress_pending = false;
        return;
    }
    coordinator->job_pending = false;
    coordinator_moved(coordinator, now_us);
    if (job->kind == JOB_EPOCH_END) {
        closing_after_report(coordinator, now_us, out);
    } else if (job->kind == JOB_EPOCH_MODEL) {
        closing_after_model(coordinator, now_us, out);
    } else if (job->kind == JOB_SAVE_ROWS) {
        closing_save_rows(coordinator, now_us, out);
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
        coordinator->born_us = coordinator->start_us = event->now_us;
        coordinator->next_waiting_us = event->now_us + 2000000;
        coordinator->last_tick_us = event->now_us;
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
        if (event->status->code == STATUS_TRY_AGAIN)
            course_stop(coordinator, event->status, event->now_us, out);
        else
            coordinator_stop(coordinator, event->status, out);
        break;
    }
}
