#include "monitor/board.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "monitor/board_judge.h"

/* Of an interval: a report that comes a little early, since clocks and loops are no metronomes, is not late by a whole one. */
static const double ON_TIME = 0.9;

bool board_init(struct board *board, const struct board_run *run, struct status *status) {
    *board = (struct board){.run = *run, .sampled_at = NAN};
    board->events = memory_take_array(BOARD_EVENTS, sizeof *board->events, "the run's events", status);
    return board->events != NULL;
}

static void free_model(struct model_report *model) {
    memory_release((void *)model->scores);
    memory_release((void *)model->share);
    memory_release((void *)model->biases);
    *model = (struct model_report){.epoch = 0};
}

void board_free(struct board *board) {
    free_model(&board->model);
    memory_release(board->shards);
    memory_release(board->workers);
    memory_release(board->epochs);
    memory_release(board->events);
    *board = (struct board){.shards = NULL};
}

/* ---- events ---- */

/* The place of a member; NULL when there is none. */
static struct board_place *find_place(struct board *board, const char *role, int64_t index,
                                      enum member_state **state, const struct member_report **member) {
    if (index >= 0 && index < board->shard_count && strcmp(role, "pserver") == 0) {
        *state = &board->shards[index].state;
        *member = &board->shards[index].at.member;
        return &board->shards[index].place;
    }
    if (index >= 0 && index < board->worker_count && strcmp(role, "worker") == 0) {
        *state = &board->workers[index].state;
        *member = &board->workers[index].at.member;
        return &board->workers[index].place;
    }
    return NULL;
}

/* False for a loss that is known already. */
static bool note_loss(struct board *board, const struct board_event *event) {
    enum member_state *state;
    const struct member_report *member;
    struct board_place *place = find_place(board, event->role, event->index, &state, &member);
    if (strcmp(event->event, "lost") != 0 || place == NULL)
        return true;
    return board_judge_loss(place, state, member, event->seconds);
}

static const struct board_event *keep(struct board *board, const struct board_event *event) {
    struct board_event *kept = &board->events[board->event_count % BOARD_EVENTS];
    *kept = *event;
    kept->serial = ++board->event_count;
    return kept;
}

const struct board_event *board_file(struct board *board, const struct board_event *event) {
    return note_loss(board, event) ? keep(board, event) : NULL;
}

const struct board_event *board_event(struct board *board, const char *line, double seconds) {
    struct board_event event;
    if (!board_event_read(&event, line))
        return NULL;
    event.seconds = seconds;
    return board_file(board, &event);
}

const struct board_event *board_event_at(const struct board *board, uint64_t serial) {
    if (serial == 0 || serial > board->event_count || serial + BOARD_EVENTS <= board->event_count)
        return NULL;
    return &board->events[(serial - 1) % BOARD_EVENTS];
}

/* ---- progress ---- */

/* Losses and returns that an earlier coordinator has recorded: of each place the last one counts. */
static void recall_losses(struct board *board) {
    uint64_t first = board->event_count > BOARD_EVENTS ? board->event_count - BOARD_EVENTS : 0;
    for (uint64_t serial = first + 1; serial <= board->event_count; serial++) {
        const struct board_event *event = board_event_at(board, serial);
        enum member_state *state;
        const struct member_report *member;
        struct board_place *place = find_place(board, event->role, event->index, &state, &member);
        if (place == NULL)
            continue;
        if (strcmp(event->event, "recovered") == 0)
            place->back_at = event->seconds;
        else
            note_loss(board, event);
    }
}

static void copy_member(struct member_report *member, struct board_place *place) {
    snprintf(place->host, sizeof place->host, "%s", member->host == NULL ? "" : member->host);
    snprintf(place->page, sizeof place->page, "%s", member->page == NULL ? "" : member->page);
    member->host = place->host;
    member->page = place->page;
}

bool board_expect(struct board *board, uint32_t shards, uint32_t workers, struct status *status) {
    static const struct board_place NEW = {.lost_at = NAN, .back_at = NAN};
    if (board->shards != NULL) {
        REQUIRE(board->shard_count == shards && board->worker_count == workers,
                "a run keeps its shape as long as its coordinator lives");
        return true;
    }
    struct board_shard *new_shards =
        memory_take_array(shards, sizeof *new_shards, "the status of pservers", status);
    struct board_worker *new_workers =
        memory_take_array(workers, sizeof *new_workers, "the status of workers", status);
    if (new_shards == NULL || new_workers == NULL) {
        memory_release(new_shards);
        memory_release(new_workers);
        return false;
    }
    for (uint32_t i = 0; i < shards; i++) {
        new_shards[i] = (struct board_shard){.at = {.index = i}, .load = NAN, .place = NEW};
        copy_member(&new_shards[i].at.member, &new_shards[i].place);
    }
    for (uint32_t i = 0; i < workers; i++) {
        new_workers[i] = (struct board_worker){.at = {.index = i}, .of_median = NAN, .place = NEW};
        copy_member(&new_workers[i].at.member, &new_workers[i].place);
    }
    board->shards = new_shards;
    board->workers = new_workers;
    board->shard_count = shards;
    board->worker_count = workers;
    recall_losses(board);
    return true;
}

static void say_recovered(struct board *board, const char *role, uint32_t index,
                          const struct board_place *place) {
    char line[192];
    int length = snprintf(line, sizeof line, "event=recovered role=%s index=%u seconds=%.1f", role, index,
                          place->back_at - place->lost_at);
    if (board->run.checkpoint != 0 && place->lost_at <= board->run.before)
        snprintf(line + length, sizeof line - (size_t)length, " checkpoint=%llu",
                 (unsigned long long)board->run.checkpoint);
    board_event(board, line, place->back_at);
}

static void copy_members(struct board *board, const struct progress_report *report) {
    for (uint32_t i = 0; i < board->shard_count; i++) {
        struct board_shard *shard = &board->shards[i];
        shard->at = report->shards[i];
        copy_member(&shard->at.member, &shard->place);
        if (board_judge_place(&shard->place, &shard->state, &shard->at.member, shard->at.up,
                              board->at.seconds))
            say_recovered(board, "pserver", i, &shard->place);
    }
    for (uint32_t i = 0; i < board->worker_count; i++) {
        struct board_worker *worker = &board->workers[i];
        worker->at = report->workers[i];
        copy_member(&worker->at.member, &worker->place);
        if (board_judge_place(&worker->place, &worker->state, &worker->at.member, worker->at.up,
                              board->at.seconds))
            say_recovered(board, "worker", i, &worker->place);
    }
}

bool board_progress(struct board *board, const struct progress_report *report, struct status *status) {
    uint32_t most =
        report->pserver_count > report->worker_count ? report->pserver_count : report->worker_count;
    double *scratch = memory_take_array(most, sizeof *scratch, "the status of members", status);
    if (scratch == NULL || !board_expect(board, report->pserver_count, report->worker_count, status)) {
        memory_release(scratch);
        return false;
    }
    board->at = *report;
    board->at.shards = NULL;
    board->at.workers = NULL;
    board->at.seconds = board->run.before + report->seconds;
    copy_members(board, report);
    if (!(board->at.seconds < board->sampled_at + ON_TIME * board->run.interval)) {
        board->sampled_at = board->at.seconds;
        board_judge(board, scratch);
    }
    memory_release(scratch);
    return true;
}

/* ---- epochs, the model, the end ---- */

bool board_epoch(struct board *board, const struct epoch_report *report, double seconds_at,
                 struct status *status) {
    size_t count = board->epoch_count;
    while (count > 0 && board->epochs[count - 1].at.epoch >= report->epoch)
        count--;
    if (!memory_grow((void **)&board->epochs, &board->epoch_capacity, count + 1, sizeof *board->epochs,
                     "the run's epochs", status))
        return false;
    board->epochs[count] = (struct board_epoch){*report, seconds_at};
    board->epoch_count = count + 1;
    return true;
}

/* A copy of numbers, NULL where there are none. */
static bool copy_numbers(const double **to, const double *from, size_t count, struct status *status) {
    double *copy = NULL;
    if (from != NULL) {
        copy = memory_take_array(count, sizeof *copy, "the model's components", status);
        if (copy == NULL)
            return false;
        memcpy(copy, from, count * sizeof *copy);
    }
    *to = copy;
    return true;
}

bool board_model(struct board *board, const struct model_report *report, struct status *status) {
    struct model_report copy = *report;
    size_t scores = (size_t)report->movies * report->components;
    copy.scores = copy.share = copy.biases = NULL;
    if (!copy_numbers(&copy.scores, report->scores, scores, status) ||
        !copy_numbers(&copy.share, report->share, report->components, status) ||
        !copy_numbers(&copy.biases, report->biases, report->movies, status)) {
        free_model(&copy);
        return false;
    }
    free_model(&board->model);
    board->model = copy;
    return true;
}

void board_over(struct board *board, const struct status *outcome, double seconds) {
    char line[STATUS_TEXT_BYTES + 64];
    const char *how = outcome->code == STATUS_OK          ? "finished"
                      : outcome->code == STATUS_TRY_AGAIN ? "stopped"
                                                          : "failed";
    board->over = true;
    board->exit_code = (int)outcome->code;
    snprintf(board->reason, sizeof board->reason, "%s", outcome->text);
    board->at.stage = RUN_OVER;
    snprintf(line, sizeof line, "event=%s code=%d reason=\"%s\"", how, (int)outcome->code,
             outcome->code == STATUS_OK ? "all epochs are done" : outcome->text);
    board_event(board, line, seconds);
}

/* ---- words ---- */

const char *board_stage_name(enum run_stage stage) {
    static const char *const NAMES[] = {"waiting",    "training",  "cutting", "settling",
                                        "validating", "finishing", "over"};
    return NAMES[stage];
}

const char *board_state_name(enum member_state state) {
    static const char *const NAMES[] = {"absent", "up", "recovered", "lost"};
    return NAMES[state];
}

const char *board_flag_name(unsigned flag) {
    return flag == FLAG_SKEW        ? "skew"
           : flag == FLAG_QUEUE     ? "queue"
           : flag == FLAG_STRAGGLER ? "straggler"
                                    : "lagging";
}
