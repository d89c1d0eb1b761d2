/* The run's status, kept: the one model from which the page, the API, /metrics and the report are made.
 *
 * It is filled with the coordinator's reports (core/reports.h), in their order, and owns deep copies of all it was given. One
 * owner, one thread (the monitor's). Sizes are fixed by the first progress report; times are seconds since the run's first
 * start, also when a coordinator took the run up again. docs/MONITORING.md says what flags and states mean. */
#ifndef MONITOR_BOARD_H
#define MONITOR_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reports.h"
#include "core/status.h"

enum {
    BOARD_EVENTS = 200,      /* newest events kept */
    BOARD_EVENT_BYTES = 512, /* of a sentence, with its end */
    BOARD_TEXT_BYTES = 256,
    BOARD_FLAG_SAMPLES = 3 /* samples in a row that make a flag */
};

/* What never changes during a run. */
struct board_run {
    char name[BOARD_TEXT_BYTES], folder[4096], version[32];
    char mode[16], transport[16];
    double started_unix; /* of the first start */
    double before;       /* seconds of the run before this coordinator's start; 0: it begins here */
    uint64_t pid;
};

/* A line that an engine or the supervisor has said, taken apart. */
struct board_event {
    uint64_t serial; /* counted from 1 */
    double seconds;
    char event
        [32]; /* "joined", "lost", "restarted", "recovered", "checkpoint", "epoch", "stopping", "finished", ... */
    char role[16]; /* "pserver", "worker", "coordinator" or empty */
    int64_t index; /* -1: none */
    char text[BOARD_EVENT_BYTES];
};

enum { FLAG_SKEW = 1, FLAG_QUEUE = 2, FLAG_STRAGGLER = 4, FLAG_LAGGING = 8 };

enum member_state { MEMBER_ABSENT, MEMBER_UP, MEMBER_RECOVERED, MEMBER_LOST };

struct board_shard {
    struct shard_progress at; /* texts of its member are owned by the board */
    enum member_state state;
    double load;
    unsigned flags, in_a_row[2];
};

struct board_worker {
    struct worker_progress at;
    enum member_state state;
    double of_median;
    unsigned flags, in_a_row[2];
};

struct board {
    struct board_run run;
    struct progress_report at; /* its shards and workers are NULL: they are below */
    uint32_t shard_count, worker_count;
    struct board_shard *shards;
    struct board_worker *workers;
    struct board_epoch {
        struct epoch_report at;
        double seconds_at; /* when it ended */
    } * epochs;            /* [epoch_count] */
    uint32_t epoch_count, epoch_capacity;
    struct board_event *events; /* a ring of BOARD_EVENTS */
    uint64_t event_count;       /* ever; the newest is at (event_count - 1) % BOARD_EVENTS */
    struct model_report model;  /* arrays owned; epoch 0: none yet */
    bool over;
    int exit_code;
    char reason[STATUS_TEXT_BYTES];
};

bool board_init(struct board *board, const struct board_run *run, struct status *status);
void board_free(struct board *board);

/* Each copies; STATUS_NO_MEMORY leaves the board as it was. */
bool board_progress(struct board *board, const struct progress_report *report, struct status *status);
bool board_epoch(struct board *board, const struct epoch_report *report, double seconds_at,
                 struct status *status);
bool board_model(struct board *board, const struct model_report *report, struct status *status);

/* Files a line "event=NAME key=value key=\"value\"...". Returns the event as it is kept, or NULL when the line is none. */
const struct board_event *board_event(struct board *board, const char *line, double seconds);

/* The event with a serial, NULL when it is too old or not yet there. */
const struct board_event *board_event_at(const struct board *board, uint64_t serial);

void board_over(struct board *board, const struct status *outcome);

/* "training", "up": the words of docs/MONITORING.md. */
const char *board_stage_name(enum run_stage stage);
const char *board_state_name(enum member_state state);

#endif
