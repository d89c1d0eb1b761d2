/* The run's status, kept: the one model from which the page, the API, /metrics and the report are made.
 *
 * It is filled with the coordinator's reports (core/reports.h), in their order, and owns deep copies of all it was given. One
 * owner, one thread (the monitor's). Sizes are fixed by board_expect or the first progress report; times are seconds of the run's life since
 * its first start, also when a coordinator took the run up again. docs/MONITORING.md says what flags and states mean. */
#ifndef MONITOR_BOARD_H
#define MONITOR_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/reports.h"
#include "core/status.h"

enum {
    BOARD_EVENTS = 200,      /* newest events kept */
    BOARD_EVENT_BYTES = 512, /* of a sentence, with its end */
    BOARD_TEXT_BYTES = 256,
    BOARD_FLAG_SAMPLES = 3, /* samples in a row that make a flag */
    BOARD_QUEUE = 8,        /* requests that wait, from which on a queue counts as long */
    BOARD_RECOVERED_S = 60  /* that a member's place is shown as recovered */
};

/* What never changes during a run. */
struct board_run {
    char name[BOARD_TEXT_BYTES], folder[4096], version[32];
    char mode[16], transport[16];
    double started_unix; /* of the first start */
    double before;       /* seconds of the run before this coordinator's start; 0: it begins here */
    double
        interval; /* seconds between two samples, the reports that count for a flag; 0: every report is one */
    uint64_t checkpoint; /* from which this coordinator took the run up; 0: none */
    uint64_t pid;
};

/* A line that an engine or the supervisor has said, taken apart. */
struct board_event {
    uint64_t serial; /* counted from 1 */
    double seconds;
    char event[32]; /* "joined", "lost", "restarted", "recovered", "checkpoint", "epoch", "finished", ... */
    char role[16];  /* "pserver", "worker", "coordinator" or empty */
    int64_t index;  /* -1: none */
    char text[BOARD_EVENT_BYTES]; /* its reason; without one, the other keys as they were */
};

enum { FLAG_SKEW = 1, FLAG_QUEUE = 2, FLAG_STRAGGLER = 4, FLAG_LAGGING = 8 };

enum member_state { MEMBER_ABSENT, MEMBER_UP, MEMBER_RECOVERED, MEMBER_LOST };

/* What has happened to a member's place. Times are NaN where it never did. */
struct board_place {
    double lost_at, back_at; /* back_at above lost_at: another process has taken the place */
    uint32_t lost_joined;    /* member.joined when it was lost: more of them is a new process */
    bool seen_down;          /* since it was lost */
    char host[BOARD_TEXT_BYTES], page[BOARD_TEXT_BYTES];
};

struct board_shard {
    struct shard_progress at; /* texts of its member are in `place` */
    enum member_state state;
    double load; /* its pulls and pushes against the mean of all; NaN when not known */
    unsigned flags;
    unsigned queue_long; /* samples in a row */
    struct board_place place;
};

struct board_worker {
    struct worker_progress at;
    enum member_state state;
    double of_median; /* how fast it is against the median: docs/MONITORING.md; NaN when not known */
    unsigned flags;
    unsigned slow, lag_grown; /* samples in a row */
    uint64_t lag_before;
    struct board_place place;
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
    } * epochs;            /* [epoch_count], rising */
    size_t epoch_count, epoch_capacity;
    struct board_event *events; /* a ring of BOARD_EVENTS */
    uint64_t event_count;       /* ever; the newest is at (event_count - 1) % BOARD_EVENTS */
    struct model_report model;  /* arrays owned, NULL where the report had none; epoch 0: none yet */
    double
        sampled_at; /* of the last report that was a sample: equal to at.seconds when that was one; NaN: none yet */
    bool over;
    int exit_code;
    char reason[STATUS_TEXT_BYTES];
};

bool board_init(struct board *board, const struct board_run *run, struct status *status);
void board_free(struct board *board);

/* So many members are to come: all are absent until a report says otherwise, but for those whose loss has been filed already.
 * STATUS_NO_MEMORY. */
bool board_expect(struct board *board, uint32_t shards, uint32_t workers, struct status *status);

/* Each copies; STATUS_NO_MEMORY leaves the board as it was. A member that is back after a loss makes an event
 * "recovered". An epoch that comes again, after a restart, replaces itself and all later ones. */
bool board_progress(struct board *board, const struct progress_report *report, struct status *status);
bool board_epoch(struct board *board, const struct epoch_report *report, double seconds_at,
                 struct status *status);
bool board_model(struct board *board, const struct model_report *report, struct status *status);

/* Takes a line "event=NAME key=value key=\"value\"..." apart: its name, `role` (or `what`, where that is a role), `index`
 * and text; serial and seconds stay 0. False when it is none. */
bool board_event_read(struct board_event *event, const char *line);

/* Files such a line, or an event that is whole but for its serial (from an earlier coordinator's records). Returns the event
 * as it is kept, or NULL: the line is no event, or names a loss that is known already. */
const struct board_event *board_event(struct board *board, const char *line, double seconds);
const struct board_event *board_file(struct board *board, const struct board_event *event);

/* The event with a serial, NULL when it is too old or not yet there. */
const struct board_event *board_event_at(const struct board *board, uint64_t serial);

/* The run has ended: an event "finished", or "stopped" or "failed" with the outcome's sentence. */
void board_over(struct board *board, const struct status *outcome, double seconds);

/* "training", "up": the words of docs/MONITORING.md. */
const char *board_stage_name(enum run_stage stage);
const char *board_state_name(enum member_state state);
const char *board_flag_name(unsigned flag);

#endif
