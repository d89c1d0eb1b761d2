#include "coordinator/cuts.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"

bool cuts_init(struct cuts *cuts, const struct cuts_spec *spec, struct status *status) {
    *cuts = (struct cuts){.spec = *spec, .next_number = spec->first_number};
    cuts->taken = memory_take(spec->pservers, "checkpoints", status);
    cuts->imaged = memory_take(spec->pservers, "checkpoints", status);
    cuts->position.lane_squared =
        memory_take_array(spec->lanes, sizeof *cuts->position.lane_squared, "checkpoints", status);
    cuts->position.lane_counts =
        memory_take_array(spec->lanes, sizeof *cuts->position.lane_counts, "checkpoints", status);
    return cuts->taken != NULL && cuts->imaged != NULL && cuts->position.lane_squared != NULL &&
           cuts->position.lane_counts != NULL;
}

void cuts_free(struct cuts *cuts) {
    memory_release(cuts->taken);
    memory_release(cuts->imaged);
    memory_release(cuts->position.lane_squared);
    memory_release(cuts->position.lane_counts);
    *cuts = (struct cuts){0};
}

void cuts_start(struct cuts *cuts, uint64_t now_us) {
    cuts->last_us = now_us;
}

bool cuts_due(const struct cuts *cuts, uint64_t lane_step, uint64_t now_us) {
    const struct cuts_spec *spec = &cuts->spec;
    if (!spec->possible || cuts->stage != CUT_IDLE)
        return false;
    return (spec->interval_us != 0 && now_us - cuts->last_us >= spec->interval_us) ||
           (spec->steps != 0 && lane_step % spec->steps == 0);
}

uint64_t cuts_next_step(const struct cuts *cuts, uint64_t lane_step) {
    uint64_t steps = cuts->spec.possible ? cuts->spec.steps : 0;
    return steps == 0 ? UINT64_MAX : (lane_step / steps + 1) * steps;
}

static void send_cut(const struct cuts *cuts, const struct roster *roster, uint32_t pserver,
                     struct outbox *out) {
    struct message message = {.kind = MESSAGE_CUT};
    message.cut =
        (struct cut_message){cuts->position.number, cuts->position.lane_step, cuts->position.clock_step};
    outbox_send(out, roster_pserver(roster, pserver)->link, &message);
}

void cuts_begin(struct cuts *cuts, const struct roster *roster, uint64_t now_us, struct outbox *out) {
    cuts->stage = CUT_TAKING;
    cuts->begun_us = cuts->last_us = now_us;
    cuts->position.number = cuts->next_number++;
    cuts->failure.code = STATUS_OK;
    memset(cuts->taken, 0, cuts->spec.pservers);
    memset(cuts->imaged, 0, cuts->spec.pservers);
    for (uint32_t i = 0; i < cuts->spec.pservers; i++)
        send_cut(cuts, roster, i, out);
}

void cuts_repeat(const struct cuts *cuts, const struct roster *roster, struct outbox *out) {
    for (uint32_t i = 0; i < cuts->spec.pservers; i++)
        if ((cuts->stage == CUT_TAKING && !cuts->taken[i]) ||
            (cuts->stage == CUT_WRITING && !cuts->imaged[i]))
            send_cut(cuts, roster, i, out);
}

static bool all(const uint8_t *flags, uint32_t count) {
    return memchr(flags, 0, count) == NULL;
}

/* Every shard has written, or failed to. */
static void finish_writing(struct cuts *cuts, struct outbox *out) {
    if (cuts->failure.code != STATUS_OK) {
        cuts->stage = CUT_IDLE;
        return;
    }
    cuts->stage = CUT_COMMITTING;
    cuts->job.kind = JOB_COMMIT;
    cuts->job.position = &cuts->position;
    outbox_job(out, &cuts->job);
}

static void advance(struct cuts *cuts, uint64_t now_us, struct outbox *out) {
    if (cuts->stage == CUT_TAKING && all(cuts->taken, cuts->spec.pservers)) {
        cuts->stage = CUT_WRITING;
        cuts->pause_us += now_us - cuts->begun_us;
    }
    if (cuts->stage == CUT_WRITING && all(cuts->imaged, cuts->spec.pservers))
        finish_writing(cuts, out);
}

static bool is_of_now(const struct cuts *cuts, uint64_t number) {
    return (cuts->stage == CUT_TAKING || cuts->stage == CUT_WRITING) && number == cuts->position.number;
}

void cuts_taken(struct cuts *cuts, uint32_t pserver, uint64_t number, uint64_t now_us, struct outbox *out) {
    if (!is_of_now(cuts, number))
        return;
    cuts->taken[pserver] = 1;
    advance(cuts, now_us, out);
}

void cuts_imaged(struct cuts *cuts, uint32_t pserver, const struct imaged_message *imaged, uint64_t now_us,
                 struct outbox *out) {
    if (!is_of_now(cuts, imaged->number))
        return;
    if (imaged->code != STATUS_OK && cuts->failure.code == STATUS_OK) {
        cuts->failure.code = (enum status_code)imaged->code;
        snprintf(cuts->failure.text, sizeof cuts->failure.text, "pserver %u: %s", pserver, imaged->reason);
    }
    cuts->taken[pserver] = cuts->imaged[pserver] = 1;
    advance(cuts, now_us, out);
}

bool cuts_committed(struct cuts *cuts, const struct job *job) {
    cuts->stage = CUT_IDLE;
    cuts->failure = job->status;
    if (job->status.code != STATUS_OK)
        return false;
    cuts->count++;
    cuts->saved = cuts->position.number;
    cuts->saved_us = cuts->begun_us;
    return true;
}
