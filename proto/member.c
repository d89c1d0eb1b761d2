#include "proto/member.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void member_init(struct member *member, const struct member_spec *spec) {
    *member = (struct member){.spec = *spec};
}

enum { WAITING_US = 5000000 }; /* between two words about it */

void member_hello(const struct member *member, struct outbox *out, link_id link) {
    const struct member_spec *spec = &member->spec;
    struct message message = {.kind = MESSAGE_HELLO};
    message.hello = (struct hello_message){
        .protocol = PROTOCOL_VERSION,
        .role = spec->role,
        .index = spec->index,
        .wire = spec->wire,
        .config_digest = spec->config_digest,
        .data_digest = spec->data_digest,
        .incarnation = spec->incarnation,
        .pid = spec->pid,
        .replaces = spec->replaces,
    };
    snprintf(message.hello.host, sizeof message.hello.host, "%s", spec->host);
    snprintf(message.hello.endpoint, sizeof message.hello.endpoint, "%s", spec->endpoint);
    snprintf(message.hello.page, sizeof message.hello.page, "%s", spec->page);
    outbox_send(out, link, &message);
}

static enum member_verdict end(struct member *member, struct outbox *out, const struct status *status) {
    member->ended = true;
    outbox_exit(out, status);
    return MEMBER_ENDED;
}

void member_fail(struct member *member, struct outbox *out, enum status_code code, const char *format, ...) {
    struct status status = {.code = code};
    struct message message = {.kind = MESSAGE_FAILED};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.text, sizeof status.text, format, arguments);
    va_end(arguments);
    message.failed.code = code;
    snprintf(message.failed.reason, sizeof message.failed.reason, "%.*s",
             (int)sizeof message.failed.reason - 1, status.text);
    outbox_send(out, LINK_COORDINATOR, &message);
    end(member, out, &status);
}

static enum member_verdict told_to_end(struct member *member, struct outbox *out, uint32_t code,
                                       const char *reason) {
    struct status status = {.code = (enum status_code)code};
    snprintf(status.text, sizeof status.text, "%s", reason);
    return end(member, out, &status);
}

void member_refuse(const struct member *member, const struct event *event, const struct status *status,
                   struct heartbeat_message *counters, struct outbox *out) {
    char line[STATUS_TEXT_BYTES + 128];
    counters->refused++;
    snprintf(line, sizeof line, "event=refused role=%s index=%u link=%u message=%s reason=\"%s\"",
             role_name(member->spec.role), member->spec.index, event->link,
             message_name(event->message->kind), status->text);
    outbox_log(out, line);
}

enum status_code member_refusal(const struct refuse_message *refuse) {
    return refuse->code == STATUS_OK ? STATUS_PROTOCOL : (enum status_code)refuse->code;
}

/* A wrong address or key looks like a coordinator that has not been started yet; so whoever looks is told, and nobody gives up. */
static void say_waiting(struct member *member, uint64_t now_us, struct outbox *out) {
    char line[160];
    if (member->first_hello_us == 0)
        member->first_hello_us = member->waiting_said_us = now_us;
    if (now_us - member->waiting_said_us < WAITING_US)
        return;
    member->waiting_said_us = now_us;
    snprintf(line, sizeof line,
             "event=waiting role=%s index=%u seconds=%.0f for=\"the coordinator, which does not answer\"",
             role_name(member->spec.role), member->spec.index,
             (double)(now_us - member->first_hello_us) / 1e6);
    outbox_log(out, line);
}

static enum member_verdict on_timer(struct member *member, uint64_t now_us, struct outbox *out) {
    const struct member_spec *spec = &member->spec;
    if (now_us < member->next_beat_us) {
        outbox_wake(out, member->next_beat_us);
        return MEMBER_NOT_MINE;
    }
    if (member->seated && now_us - member->last_heard_us > spec->silence_us) {
        struct status status;
        status_fail(&status, STATUS_UNAVAILABLE, "%s %u: the coordinator has been silent for %.1f s",
                    role_name(spec->role), spec->index, (double)(now_us - member->last_heard_us) / 1e6);
        return end(member, out, &status);
    }
    if (member->welcomed)
        return MEMBER_BEAT;
    say_waiting(member, now_us, out);
    member_hello(member, out, LINK_COORDINATOR);
    member->next_beat_us = now_us + spec->heartbeat_us;
    outbox_wake(out, member->next_beat_us);
    return MEMBER_HANDLED;
}

/* Our connection broke and ZeroMQ has made another, which the coordinator does not know for ours. */
static enum member_verdict hello_again(const struct member *member, struct outbox *out) {
    struct member again = *member;
    again.spec.replaces = again.spec.pid;
    member_hello(&again, out, LINK_COORDINATOR);
    return MEMBER_HANDLED;
}

static enum member_verdict on_message(struct member *member, const struct event *event, struct outbox *out) {
    const struct message *message = event->message;
    if (event->link != LINK_COORDINATOR)
        return MEMBER_NOT_MINE;
    member->last_heard_us = event->now_us;
    member->seated = true;
    switch (message->kind) {
    case MESSAGE_WELCOME:
        if (member->welcomed)
            return MEMBER_HANDLED;
        member->welcomed = true;
        return MEMBER_WELCOMED;
    case MESSAGE_PULSE:
        return MEMBER_HANDLED;
    case MESSAGE_REFUSE:
        if (message->refuse.code == STATUS_TRY_AGAIN && member->welcomed)
            return hello_again(member, out);
        return told_to_end(member, out, member_refusal(&message->refuse), message->refuse.reason);
    case MESSAGE_STOP:
        return told_to_end(member, out, message->stop.code, message->stop.reason);
    default:
        return MEMBER_NOT_MINE;
    }
}

/* An orderly end is the coordinator's to arrange. Before we have heard of it, nothing is ours to hand over, but our place
 * may be taken already. */
static enum member_verdict on_stop(struct member *member, const struct status *status, struct outbox *out) {
    struct message message = {.kind = MESSAGE_LEAVE};
    if (status->code != STATUS_TRY_AGAIN) {
        member_fail(member, out, status->code, "%s %u was asked to stop: %s", role_name(member->spec.role),
                    member->spec.index, status->text);
        return MEMBER_ENDED;
    }
    snprintf(message.leave.reason, sizeof message.leave.reason, "%.*s", (int)sizeof message.leave.reason - 1,
             status->text);
    outbox_send(out, LINK_COORDINATOR, &message);
    return member->seated ? MEMBER_HANDLED : end(member, out, status);
}

enum member_verdict member_step(struct member *member, const struct event *event, struct outbox *out) {
    if (member->ended)
        return MEMBER_ENDED;
    switch (event->kind) {
    case EVENT_START:
        member->last_heard_us = event->now_us;
        return on_timer(member, event->now_us, out);
    case EVENT_TIMER:
        return on_timer(member, event->now_us, out);
    case EVENT_MESSAGE:
        return on_message(member, event, out);
    case EVENT_STOP:
        return on_stop(member, event->status, out);
    default:
        return MEMBER_NOT_MINE;
    }
}

void member_beat(struct member *member, uint64_t now_us, const struct heartbeat_message *counters,
                 const union beat_tallies *tallies, struct outbox *out) {
    struct figures figures = {*counters, *tallies};
    struct driver_figures driver = outbox_measure(out);
    figures.counters.busy_us = driver.busy_us;
    figures.counters.resident = driver.resident_bytes;
    struct message message = {.kind = MESSAGE_HEARTBEAT, .heartbeat = figures.counters};
    memcpy(outbox_body(out, sizeof figures.tallies), &figures.tallies, sizeof figures.tallies);
    outbox_send(out, LINK_COORDINATOR, &message);
    outbox_show(out, &figures);
    member->next_beat_us = now_us + member->spec.heartbeat_us;
    outbox_wake(out, member->next_beat_us);
}
