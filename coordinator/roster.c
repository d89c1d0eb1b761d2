#include "coordinator/roster.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

bool roster_init(struct roster *roster, const struct roster_spec *spec, struct status *status) {
    *roster = (struct roster){.spec = *spec, .count = spec->pservers + spec->workers};
    roster->seats = memory_take_array(roster->count, sizeof *roster->seats, "members", status);
    if (roster->seats == NULL)
        return false;
    for (uint32_t i = 0; i < roster->count; i++) {
        bool is_pserver = i < spec->pservers;
        roster->seats[i].role = is_pserver ? ROLE_PSERVER : ROLE_WORKER;
        roster->seats[i].index = is_pserver ? i : i - spec->pservers;
    }
    return true;
}

void roster_free(struct roster *roster) {
    memory_release(roster->seats);
    roster->seats = NULL;
}

struct seat *roster_pserver(const struct roster *roster, uint32_t index) {
    return &roster->seats[index];
}

struct seat *roster_worker(const struct roster *roster, uint32_t index) {
    return &roster->seats[roster->spec.pservers + index];
}

struct seat *roster_find(const struct roster *roster, link_id link) {
    for (uint32_t i = 0; i < roster->count; i++)
        if (roster->seats[i].joined && roster->seats[i].link == link)
            return &roster->seats[i];
    return NULL;
}

static bool check_hello(const struct roster *roster, const struct hello_message *hello,
                        struct status *status) {
    uint32_t seats = hello->role == ROLE_PSERVER ? roster->spec.pservers : roster->spec.workers;
    const char *role = role_name((enum role)hello->role);
    if (hello->protocol != PROTOCOL_VERSION)
        return status_fail(status, STATUS_PROTOCOL, "%s %u speaks protocol %u, the coordinator %d", role,
                           hello->index, hello->protocol, PROTOCOL_VERSION);
    if (hello->role != ROLE_PSERVER && hello->role != ROLE_WORKER)
        return status_fail(status, STATUS_PROTOCOL, "a %s cannot join", role);
    if (hello->wire != roster->spec.wire)
        return status_fail(status, STATUS_PROTOCOL,
                           "%s %u on %s sends rows as %s, the coordinator was told %s: train.wire differs",
                           role, hello->index, hello->host, wire_name((enum wire_format)hello->wire),
                           wire_name(roster->spec.wire));
    if (hello->config_digest != roster->spec.config_digest)
        return status_fail(
            status, STATUS_PROTOCOL,
            "%s %u on %s has another configuration than the coordinator (digest %016llx, not %016llx)", role,
            hello->index, hello->host, (unsigned long long)hello->config_digest,
            (unsigned long long)roster->spec.config_digest);
    if (hello->index >= seats)
        return status_fail(status, STATUS_CONFIG, "there is no %s %u: the configuration has %u", role,
                           hello->index, seats);
    if (hello->role == ROLE_WORKER && hello->data_digest != roster->spec.data_digest)
        return status_fail(status, STATUS_PROTOCOL,
                           "worker %u on %s reads another ratings set than the coordinator", hello->index,
                           hello->host);
    if (hello->role == ROLE_PSERVER && hello->endpoint[0] == '\0')
        return status_fail(status, STATUS_PROTOCOL, "pserver %u does not say where it listens", hello->index);
    return true;
}

static bool same_process(const struct hello_message *a, const struct hello_message *b) {
    return a->incarnation == b->incarnation;
}

/* Two processes want one seat. */
static enum admission judge_rival(const struct roster *roster, struct seat *seat,
                                  const struct hello_message *hello, uint64_t now_us, struct status *status) {
    enum { BEATS_OF_SILENCE = 3 };
    char name[512];
    if (hello->replaces != 0 && hello->replaces == seat->hello.pid &&
        strcmp(hello->host, seat->hello.host) == 0)
        return ADMISSION_REPLACES;
    if (now_us - seat->heard_us > BEATS_OF_SILENCE * roster->spec.beat_us)
        return ADMISSION_REPLACES;
    if (seat->rival != hello->incarnation) {
        seat->rival = hello->incarnation;
        seat->rival_us = now_us;
    }
    if (seat->heard_us <= seat->rival_us + roster->spec.beat_us / 4)
        return ADMISSION_WAITS;
    roster_name(seat, name, sizeof name);
    status_fail(status, STATUS_DENIED, "%s is already there, a second one with its index cannot join", name);
    return ADMISSION_REFUSED;
}

/* One who says that it takes its own place is a member, or was one. */
static enum admission judge_return(const struct seat *seat, const struct hello_message *hello,
                                   struct status *status) {
    if (seat->joined && same_process(&seat->hello, hello))
        return ADMISSION_REPEATED;
    status_fail(status, STATUS_UNAVAILABLE,
                "the coordinator has heard nothing for too long and has given this process up");
    return ADMISSION_REFUSED;
}

enum admission roster_judge(struct roster *roster, const struct event *event, struct seat **seat,
                            struct status *status) {
    const struct hello_message *hello = &event->message->hello;
    if (!check_hello(roster, hello, status))
        return ADMISSION_REFUSED;
    *seat = hello->role == ROLE_PSERVER ? roster_pserver(roster, hello->index)
                                        : roster_worker(roster, hello->index);
    const struct seat *other = roster_find(roster, event->link);
    if (other != NULL && other != *seat) {
        status_fail(status, STATUS_DENIED, "%s %u cannot also be %s %u", role_name(other->role), other->index,
                    role_name((*seat)->role), (*seat)->index);
        return ADMISSION_REFUSED;
    }
    if (hello->replaces != 0 && hello->replaces == hello->pid)
        return judge_return(*seat, hello, status);
    if (!(*seat)->joined)
        return ADMISSION_NEW;
    return same_process(&(*seat)->hello, hello) ? ADMISSION_REPEATED
                                                : judge_rival(roster, *seat, hello, event->now_us, status);
}

void roster_seat(struct roster *roster, struct seat *seat, const struct event *event) {
    roster->joined++;
    seat->joined = true;
    seat->joinings++;
    seat->link = event->link;
    seat->hello = event->message->hello;
    seat->heard_us = event->now_us;
    seat->now_us = seat->mark_us =
        event->now_us; /* nothing is counted yet: rates can be measured from here */
}

void roster_clear(struct roster *roster, struct seat *seat) {
    roster->joined -= seat->joined;
    *seat = (struct seat){.role = seat->role,
                          .index = seat->index,
                          .joinings = seat->joinings,
                          .hello = seat->hello,
                          .heard_us = seat->heard_us};
}

bool roster_pservers_ready(const struct roster *roster) {
    for (uint32_t i = 0; i < roster->spec.pservers; i++)
        if (!roster->seats[i].ready)
            return false;
    return true;
}

uint32_t roster_ready_workers(const struct roster *roster) {
    uint32_t ready = 0;
    for (uint32_t i = 0; i < roster->spec.workers; i++)
        ready += roster_worker(roster, i)->ready;
    return ready;
}

bool roster_heartbeat(const struct roster *roster, struct seat *seat, const struct message *message,
                      uint64_t now_us, struct status *status) {
    if (message->body_bytes != sizeof seat->now.tallies)
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes for tallies of %zu",
                           message->body_bytes, sizeof seat->now.tallies);
    seat->now.counters = message->heartbeat;
    memcpy(&seat->now.tallies, message->body, sizeof seat->now.tallies);
    seat->now_us = now_us;
    if (now_us - seat->mark_us >= roster->spec.beat_us / 2) {
        seat->before = seat->mark;
        seat->before_us = seat->mark_us;
        seat->mark = seat->now;
        seat->mark_us = now_us;
    }
    return true;
}

void roster_forgive(struct roster *roster, uint64_t now_us) {
    for (uint32_t i = 0; i < roster->count; i++)
        roster->seats[i].heard_us = now_us;
}

struct seat *roster_lost(const struct roster *roster, uint64_t now_us) {
    for (uint32_t i = 0; i < roster->count; i++)
        if (roster->seats[i].joined && now_us - roster->seats[i].heard_us > roster->spec.silence_us)
            return &roster->seats[i];
    return NULL;
}

void roster_name(const struct seat *seat, char *text, size_t capacity) {
    snprintf(text, capacity, "%s %u (pid %llu on %s)", role_name(seat->role), seat->index,
             (unsigned long long)seat->hello.pid, seat->hello.host);
}

__attribute__((format(printf, 4, 5))) static void append(char *text, size_t capacity, size_t *length,
                                                         const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int added = *length < capacity ? vsnprintf(text + *length, capacity - *length, format, arguments) : 0;
    va_end(arguments);
    *length += added > 0 ? (size_t)added : 0;
}

static void missing_of_role(const struct roster *roster, enum role role, uint32_t seats, char *text,
                            size_t capacity, size_t *length) {
    uint32_t missing = 0;
    const struct seat *first = role == ROLE_PSERVER ? roster->seats : roster->seats + roster->spec.pservers;
    for (uint32_t i = 0; i < seats; i++)
        missing += !first[i].ready;
    if (missing == 0)
        return;
    append(text, capacity, length, "%s%u of %u %ss:", *length == 0 ? "" : "; ", missing, seats,
           role_name(role));
    for (uint32_t i = 0; i < seats; i++)
        if (!first[i].ready)
            append(text, capacity, length, " index %u %s%s", i, first[i].joined ? "not ready" : "not seen",
                   --missing == 0 ? "" : ",");
}

void roster_missing(const struct roster *roster, char *text, size_t capacity) {
    size_t length = 0;
    text[0] = '\0';
    missing_of_role(roster, ROLE_PSERVER, roster->spec.pservers, text, capacity, &length);
    missing_of_role(roster, ROLE_WORKER, roster->spec.workers, text, capacity, &length);
}

void roster_tell(const struct roster *roster, const struct message *message, struct outbox *out) {
    for (uint32_t i = 0; i < roster->count; i++)
        if (roster->seats[i].joined)
            outbox_send(out, roster->seats[i].link, message);
}
