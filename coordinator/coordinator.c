#include "coordinator/coordinator.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/epoch.h"
#include "coordinator/finale.h"
#include "core/contract.h"
#include "core/memory.h"
#include "model/order.h"

enum state { JOINING, TRAINING, SETTLING, VALIDATING, MOMENTS, SCORES, SAVING, FINISHING, DONE, STATE_COUNT };

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

struct coordinator {
    struct coordinator_spec spec;
    enum state state;
    struct roster roster;
    struct epoch_books books;
    struct finale finale;
    struct plateau_state plateau;
    uint64_t *rates_wanted; /* [pservers] first step, or UINT64_MAX */
    uint32_t epoch, epochs;
    uint64_t start_us, epoch_us, trained_us, validated_us, train_us_total, next_progress_us, next_waiting_us;
    uint64_t refused;
    double last_valid_rmse, last_loss, cold_mae;
    struct heartbeat_message seen; /* sums of the workers' counters at the last progress */
    struct shard_progress *shards;
    struct worker_progress *workers;
    struct progress_report progress;
    struct epoch_report report;
    struct final_report final;
    struct job progress_job, epoch_job, finish_job;
    bool progress_pending;
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

static void move(struct coordinator *coordinator, enum state to) {
    REQUIRE(LEGAL[coordinator->state][to], "the coordinator moves along its table of states");
    coordinator->state = to;
}

/* Tells everybody that the run is over, and how. */
static void stop(struct coordinator *coordinator, const struct status *status, struct outbox *out) {
    struct message message = {.kind = MESSAGE_STOP, .stop = {.code = status->code}};
    snprintf(message.stop.reason, sizeof message.stop.reason, "%.*s", (int)sizeof message.stop.reason - 1,
             status->text);
    roster_tell(&coordinator->roster, &message, out);
    move(coordinator, DONE);
    outbox_exit(out, status);
}

__attribute__((format(printf, 4, 5))) static void fail(struct coordinator *coordinator, struct outbox *out,
                                                       enum status_code code, const char *format, ...) {
    struct status status = {.code = code};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.text, sizeof status.text, format, arguments);
    va_end(arguments);
    stop(coordinator, &status, out);
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

/* ---- training ---- */

static void send_rates(struct coordinator *coordinator, uint32_t pserver, struct outbox *out) {
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
    message.grant = (struct grant_message){coordinator->epoch, coordinator->epoch * steps,
                                           (coordinator->epoch + 1) * steps, count};
    outbox_send(out, roster_worker(&coordinator->roster, worker)->link, &message);
}

static void begin_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    move(coordinator, TRAINING);
    epoch_begin(&coordinator->books);
    coordinator->epoch_us = now_us;
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        send_rates(coordinator, i, out);
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
        grant(coordinator, i, out);
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
    begin_epoch(coordinator, now_us, out);
}

/* ---- the end of an epoch ---- */

static void settle(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    move(coordinator, SETTLING);
    coordinator->trained_us = now_us;
    coordinator->train_us_total += now_us - coordinator->epoch_us;
    struct message message = {.kind = MESSAGE_SETTLE};
    message.settle.step = (coordinator->epoch + 1) * coordinator_clock_steps(&coordinator->spec);
    for (uint32_t i = 0; i < coordinator->spec.roster.pservers; i++)
        outbox_send(out, roster_pserver(&coordinator->roster, i)->link, &message);
}

/* Gives a worker one more slice, if any is left. */
static void deal_slice(struct coordinator *coordinator, const struct seat *worker, struct outbox *out) {
    struct message message = {.kind = MESSAGE_VALIDATE};
    if (epoch_next_slice(&coordinator->books, &message.validate))
        outbox_send(out, worker->link, &message);
}

static void save_rows(struct coordinator *coordinator, struct outbox *out) {
    if (coordinator->state != SAVING)
        move(coordinator, SAVING);
    if (finale_ask_rows(&coordinator->finale, &coordinator->roster, out))
        return;
    const struct coordinator_spec *spec = &coordinator->spec;
    const struct epoch_report *last = &coordinator->report;
    move(coordinator, FINISHING);
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
    outbox_job(out, &coordinator->epoch_job);
}

static void end_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    coordinator->validated_us = now_us;
    report_epoch(coordinator, now_us, out);
    schedule_epoch_end(&coordinator->spec.schedule, &coordinator->plateau, coordinator->report.valid_mse);
    if (!isfinite(coordinator->report.train_loss)) {
        fail(coordinator, out, STATUS_BAD_DATA,
             "training diverged in epoch %u: the training loss is not finite", coordinator->epoch + 1);
        return;
    }
    if (++coordinator->epoch < coordinator->epochs) {
        begin_epoch(coordinator, now_us, out);
    } else if (coordinator->spec.components == 0) {
        save_rows(coordinator, out);
    } else {
        move(coordinator, MOMENTS);
        finale_ask_moments(&coordinator->finale, &coordinator->roster, out);
    }
}

static void validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { SLICES_AHEAD = 2 };
    move(coordinator, VALIDATING);
    if (coordinator->books.slices == 0) {
        end_epoch(coordinator, now_us, out);
        return;
    }
    for (int round = 0; round < SLICES_AHEAD; round++)
        for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++)
            deal_slice(coordinator, roster_worker(&coordinator->roster, i), out);
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
        settle(coordinator, event->now_us, out);
    return true;
}

static bool on_settled(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                       struct outbox *out, struct status *status) {
    if (!in_state(coordinator, SETTLING, status) ||
        !epoch_settled(&coordinator->books, seat->index, event->message->settled.digest, status))
        return false;
    if (coordinator->books.pservers_left == 0)
        validate(coordinator, event->now_us, out);
    return true;
}

static bool on_validated(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    if (!in_state(coordinator, VALIDATING, status) ||
        !epoch_validated(&coordinator->books, &event->message->validated, status))
        return false;
    deal_slice(coordinator, seat, out);
    if (coordinator->books.slices_left == 0)
        end_epoch(coordinator, event->now_us, out);
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
    move(coordinator, SCORES);
    if (!finale_ask_scores(&coordinator->finale, &coordinator->roster, out, status))
        stop(coordinator, status, out);
    return true;
}

static bool on_projected(struct coordinator *coordinator, const struct seat *seat, const struct event *event,
                         struct outbox *out, struct status *status) {
    bool complete = false;
    if (!in_state(coordinator, SCORES, status) ||
        !finale_scores(&coordinator->finale, seat->index, event->message, &complete, status))
        return false;
    if (complete)
        save_rows(coordinator, out);
    return true;
}

static void on_rates_wanted(struct coordinator *coordinator, const struct seat *seat, uint64_t first_step,
                            struct outbox *out) {
    coordinator->rates_wanted[seat->index] = first_step;
    send_rates(coordinator, seat->index, out);
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
        fail(coordinator, out,
             message->failed.code == STATUS_OK ? STATUS_BUG : (enum status_code)message->failed.code, "%s",
             message->failed.reason);
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
}

/* ---- time ---- */

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
        fail(coordinator, out, STATUS_UNAVAILABLE,
             "the cluster was not complete after %.0f s: waiting for %s", (double)waited_us / 1e6, missing);
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

static void on_timer(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    enum { TICK_US = 100000 };
    const struct seat *lost = roster_lost(&coordinator->roster, now_us);
    if (lost != NULL) {
        char name[512];
        roster_name(lost, name, sizeof name);
        fail(coordinator, out, STATUS_UNAVAILABLE, "%s has been silent for %.1f s", name,
             (double)(now_us - lost->heard_us) / 1e6);
        return;
    }
    if (!wait_for_members(coordinator, now_us, out))
        return;
    show_progress(coordinator, now_us, out);
    outbox_wake(out, now_us + TICK_US);
}

static void on_job_done(struct coordinator *coordinator, const struct job *job, struct outbox *out) {
    if (job->status.code != STATUS_OK) {
        stop(coordinator, &job->status, out);
    } else if (job->kind == JOB_PROGRESS) {
        coordinator->progress_pending = false;
    } else if (job->kind == JOB_SAVE_ROWS) {
        save_rows(coordinator, out);
    } else if (job->kind == JOB_FINISH) {
        struct status good = {.code = STATUS_OK};
        stop(coordinator, &good, out);
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
        on_timer(coordinator, event->now_us, out);
        break;
    case EVENT_TIMER:
        on_timer(coordinator, event->now_us, out);
        break;
    case EVENT_MESSAGE:
        on_message(coordinator, event, out);
        break;
    case EVENT_JOB_DONE:
        on_job_done(coordinator, event->job, out);
        break;
    case EVENT_STOP:
        stop(coordinator, event->status, out);
        break;
    }
}
