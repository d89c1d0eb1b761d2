/* What the coordinator tells about a run: plain values that its engine fills in and that monitor shows and
 * records. Pointers are borrowed: they live as long as the job that carries the report (proto/event.h).
 *
 * Losses are means of squared errors in rating units, train and validation alike, as in the lesson's table.
 * Numbers that are not known (no validation rating, nothing measured yet) are NaN or have a count of 0;
 * whoever shows them writes "-". Epochs are counted from 1, as people read them. */
#ifndef CORE_REPORTS_H
#define CORE_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/tally.h"

struct lr_find; /* model/lr_find.h */

/* One finished epoch: a row of the lesson's table and of history.csv. */
struct epoch_report {
    uint32_t epoch, epochs; /* this one, counted from 1, and how many the run has */
    double train_loss;      /* mean squared error of the epoch's ratings, each before its step */
    double valid_mse, valid_rmse, valid_mae; /* over all validation ratings, cold ones too */
    uint64_t valid_count;                    /* 0: there was nothing to validate on */
    uint64_t cold_count;                     /* of which have a user or a movie without a training rating */
    double cold_mse;                         /* of the cold ones alone */
    double learning_rate, momentum;          /* of the epoch's last step */
    double seconds;                          /* training and validation of this epoch */
    double ratings_per_second;               /* training alone */
};

/* Who a member is, for people. Empty texts and zeros before it has joined. */
struct member_report {
    const char *host, *page; /* page: host:port of its own /metrics, or empty */
    uint64_t pid;
    bool up;               /* joined, and its heartbeats arrive */
    bool lost;             /* it was there once */
    uint32_t joined;       /* how often a process has taken this place */
    double silent_seconds; /* since something came from it; NaN before the first */
};

/* One pserver at a moment. Totals are since the start of its process; rates, shares and quantiles are those between its last
 * two heartbeats. */
struct shard_progress {
    struct member_report member;
    uint32_t index;
    bool up; /* as in member */
    uint32_t user_rows, movie_rows;
    uint64_t bytes;                             /* rows and optimiser state */
    uint64_t resident;                          /* of its process; 0: not known */
    double pulls_per_second, pushes_per_second; /* rows */
    double bytes_in_per_second, bytes_out_per_second;
    uint64_t step; /* steps of the whole run that it has applied */
    uint64_t pulls, pushes, reads, bytes_in, bytes_out, refused, repeats;
    uint64_t queue, queue_most; /* requests that wait for a step */
    double busy;                /* share of the time, 0 to 1 */
    double hot_share;           /* of pulls that went to the hottest hundredth of its movies */
    double pull_p50_us, pull_p99_us, apply_p50_us, apply_p99_us, staleness_p50;
    uint64_t staleness_most;
    struct tally pull_us, apply_us, staleness;
};

/* One worker at a moment; likewise. */
struct worker_progress {
    struct member_report member;
    uint32_t index;
    bool up; /* as in member */
    double ratings_per_second;
    uint32_t lanes; /* it computes now */
    uint64_t step;  /* steps of the whole run that it has computed its lanes of */
    uint64_t lag;   /* steps behind the worker that is furthest */
    uint64_t resident;
    uint64_t ratings, pulls, pushes, reads, bytes_in, bytes_out, refused, repeats;
    uint64_t queue, queue_most;          /* requests without an answer */
    double compute, wait, gate, data;    /* shares of the time: proto/messages.def, HEARTBEAT */
    double answer_p50_us, answer_p99_us; /* from a request to its answer */
    uint64_t compute_us, wait_us, gate_us, data_us, busy_us;
    struct tally answer_us, compute_one_us;
};

/* What the run is doing. */
enum run_stage {
    RUN_WAITING, /* for members */
    RUN_TRAINING,
    RUN_CUTTING, /* a checkpoint: shards are copied */
    RUN_SETTLING,
    RUN_VALIDATING,
    RUN_FINISHING, /* components, and the model's rows */
    RUN_OVER
};

/* The run at a moment: a redraw of the terminal view, one line, or the next state of the page. */
struct progress_report {
    enum run_stage stage;
    double seconds;           /* since this coordinator's start */
    uint32_t epoch, epochs;   /* the one under way, counted from 1 */
    double fraction;          /* of this epoch, 0 to 1 */
    uint64_t step;            /* of the whole run, applied by every shard */
    uint64_t steps_per_epoch; /* turns a member's step into its share of this epoch; 0 when not known */
    uint64_t train_ratings;   /* training ratings of the set */
    double loss;              /* recent training loss; NaN before the first */
    double last_valid_rmse;   /* NaN before the first validation */
    double learning_rate, momentum;
    double ratings_per_second;
    double eta_seconds;                   /* to the end of the run; NaN when not known */
    uint64_t checkpoint;                  /* number of the last one that counts; 0: none */
    double checkpoint_seconds;            /* since it was cut; NaN when there is none */
    uint32_t pserver_count, worker_count; /* lengths of shards and workers */
    uint32_t pservers_up, workers_up;
    const struct shard_progress *shards;
    const struct worker_progress *workers;
};

/* What the movies' factors say after an epoch: for looking at a run while it goes on. Shapes as in final_report. */
struct model_report {
    uint32_t epoch; /* counted from 1 */
    uint32_t movies, components;
    const double *scores, *share, *biases;
};

/* The end of a run: what summary.json records, and the principal components of the movie factors. */
struct final_report {
    uint64_t digest;                 /* of the model: the same bits give the same digest */
    uint32_t epochs, epochs_planned; /* made; fewer than planned when the run was stopped early */
    uint32_t best_epoch;             /* counted from 1: the one whose rows the model has; 0: the last one */
    double valid_mse, valid_rmse, valid_mae; /* of the finished model; as in epoch_report */
    uint64_t valid_count, cold_count;
    double cold_mse, cold_mae;
    double train_seconds; /* from the first step to the last validation, without start-up */
    double ratings_per_second;
    uint64_t resumed_from; /* step of a lane at which this process took the run up; 0: its beginning */
    uint32_t checkpoints;  /* taken by this process */
    double pause_seconds;  /* that lanes stood still for them */
    uint32_t workers_lost; /* whose lanes went to others */
    uint32_t pservers, workers;
    const char *transport; /* "inproc", "ipc", "tcp" */
    uint32_t movies;
    uint32_t components;  /* 0: none were asked for */
    const double *scores; /* [movies][components], signs fixed */
    const double *share;  /* [components] of the total variance */
    const double *biases; /* [movies]; NULL for a model without biases */
    const struct lr_find
        *curve; /* of a run that looked for a learning rate, and has nothing else to tell; else NULL */
    const struct progress_report
        *members; /* what every member has counted at the end of training; NULL: not known */
};

#endif
