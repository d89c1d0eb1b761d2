#include "coordinator/lanes.h"

#include <string.h>

#include "core/memory.h"

bool lanes_init(struct lane_books *books, uint32_t count, struct status *status) {
    *books = (struct lane_books){.count = count, .home = true};
    books->owners = memory_take_array(count, sizeof *books->owners, "lanes", status);
    books->incarnations = memory_take_array(count, sizeof *books->incarnations, "lanes", status);
    books->granted = memory_take_array(count, sizeof *books->granted, "lanes", status);
    books->ends = memory_take_array(count, sizeof *books->ends, "lanes", status);
    books->done = memory_take(count, "lanes", status);
    if (books->owners == NULL || books->incarnations == NULL || books->granted == NULL ||
        books->ends == NULL || books->done == NULL)
        return false;
    for (uint32_t lane = 0; lane < count; lane++) {
        books->owners[lane] = LANE_UNOWNED;
        books->granted[lane].lane = lane;
    }
    return true;
}

void lanes_free(struct lane_books *books) {
    memory_release(books->owners);
    memory_release(books->incarnations);
    memory_release(books->granted);
    memory_release(books->ends);
    memory_release(books->done);
    *books = (struct lane_books){0};
}

void lanes_begin_epoch(struct lane_books *books, const double *squared, const uint64_t *counts) {
    for (uint32_t lane = 0; lane < books->count; lane++) {
        books->ends[lane].squared = squared == NULL ? 0 : squared[lane];
        books->ends[lane].count = counts == NULL ? 0 : counts[lane];
    }
}

/* The n-th worker that is ready, or NULL. */
static const struct seat *nth_ready(const struct roster *roster, uint32_t n) {
    for (uint32_t i = 0; i < roster->spec.workers; i++) {
        const struct seat *seat = roster_worker(roster, i);
        if (seat->ready && n-- == 0)
            return seat;
    }
    return NULL;
}

/* The same process keeps its lease; any other one gets a new one. */
static void give(struct lane_books *books, uint32_t lane, const struct seat *worker) {
    if (books->owners[lane] == worker->index && books->incarnations[lane] == worker->hello.incarnation)
        return;
    books->owners[lane] = worker->index;
    books->incarnations[lane] = worker->hello.incarnation;
    books->granted[lane].lease++;
}

void lanes_begin(struct lane_books *books, const struct roster *roster, uint64_t first_step,
                 uint64_t end_step, bool deal) {
    uint32_t workers = deal ? roster_ready_workers(roster) : 0;
    books->first_step = first_step;
    books->end_step = end_step;
    books->left = books->count;
    books->serial++;
    memset(books->done, 0, books->count);
    for (uint32_t lane = 0; lane < books->count; lane++) {
        books->granted[lane].squared = books->ends[lane].squared;
        books->granted[lane].count = books->ends[lane].count;
        if (workers > 0)
            give(books, lane, nth_ready(roster, lane % workers));
    }
}

void lanes_stretch(struct lane_books *books, uint64_t end_step) {
    books->end_step = end_step;
    books->left = books->count;
    books->serial++;
    memset(books->done, 0, books->count);
}

void lanes_disown(struct lane_books *books, uint32_t worker) {
    for (uint32_t lane = 0; lane < books->count; lane++)
        if (books->owners[lane] == worker)
            books->owners[lane] = LANE_UNOWNED;
}

bool lanes_adopt(struct lane_books *books, const struct roster *roster) {
    uint32_t workers = roster_ready_workers(roster), adopted = 0;
    if (workers == 0)
        return false;
    for (uint32_t lane = 0; lane < books->count; lane++)
        if (books->owners[lane] == LANE_UNOWNED && !books->done[lane])
            give(books, lane, nth_ready(roster, adopted++ % workers));
    books->serial += adopted != 0;
    return adopted != 0;
}

bool lanes_are_home(const struct lane_books *books, uint32_t worker) {
    for (uint32_t lane = 0; lane < books->count; lane++)
        if (books->owners[lane] == worker && !(books->done[lane] && books->home))
            return false;
    return true;
}

void lanes_send(const struct lane_books *books, const struct seat *worker, uint32_t epoch,
                const struct step_rate *rates, struct outbox *out) {
    uint32_t count = 0, rate_count = rates == NULL ? 0 : (uint32_t)(books->end_step - books->first_step);
    for (uint32_t lane = 0; lane < books->count; lane++)
        count += books->owners[lane] == worker->index;
    struct grant_lane *body = outbox_body(out, count * sizeof *body + rate_count * sizeof *rates);
    for (uint32_t lane = 0, at = 0; lane < books->count; lane++)
        if (books->owners[lane] == worker->index)
            body[at++] = books->granted[lane];
    if (rate_count != 0)
        memcpy(body + count, rates, rate_count * sizeof *rates);
    struct message message = {.kind = MESSAGE_GRANT};
    message.grant = (struct grant_message){.serial = books->serial,
                                           .epoch = epoch,
                                           .first_step = books->first_step,
                                           .end_step = books->end_step,
                                           .lanes = count,
                                           .rates = rate_count,
                                           .home = rates != NULL && books->home};
    outbox_send(out, worker->link, &message);
}

bool lanes_waits_for(const struct lane_books *books, uint32_t worker) {
    for (uint32_t lane = 0; lane < books->count; lane++)
        if (books->owners[lane] == worker && !books->done[lane])
            return true;
    return false;
}

bool lanes_done(struct lane_books *books, const struct lane_done_message *done, bool *repeated,
                struct status *status) {
    *repeated = false;
    if (done->lane >= books->count)
        return status_fail(status, STATUS_PROTOCOL, "there is no lane %u", done->lane);
    if (done->lease > books->granted[done->lane].lease || done->end_step > books->end_step)
        return status_fail(status, STATUS_PROTOCOL, "lane %u was not granted so far", done->lane);
    if (books->done[done->lane] || done->lease != books->granted[done->lane].lease ||
        done->end_step != books->end_step) {
        *repeated = true;
        return true;
    }
    books->done[done->lane] = 1;
    books->ends[done->lane] = *done;
    books->left--;
    return true;
}

void lanes_sum(const struct lane_books *books, double *squared, uint64_t *count) {
    *squared = 0;
    *count = 0;
    for (uint32_t lane = 0; lane < books->count; lane++) {
        *squared += books->ends[lane].squared;
        *count += books->ends[lane].count;
    }
}
