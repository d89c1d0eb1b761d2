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

/* One pserver at a moment. */
struct shard_progress {
    uint32_t index;
    bool up; /* joined, and its heartbeats arrive */
    uint32_t user_rows, movie_rows;
    uint64_t bytes;                             /* rows and optimiser state */
    double pulls_per_second, pushes_per_second; /* rows */
    uint64_t step;                              /* steps of the whole run that it has applied */
};

/* One worker at a moment. */
struct worker_progress {
    uint32_t index;
    bool up;
    double ratings_per_second;
    uint32_t lanes; /* it computes now */
    uint64_t step;  /* steps of the whole run that it has computed its lanes of */
};

/* The run at a moment: a redraw of the terminal view, or one line. */
struct progress_report {
    uint32_t epoch, epochs;   /* the one under way, counted from 1 */
    double fraction;          /* of this epoch, 0 to 1 */
    uint64_t steps_per_epoch; /* turns a member's step into its share of this epoch; 0 when not known */
    double loss;              /* recent training loss; NaN before the first */
    double last_valid_rmse;   /* NaN before the first validation */
    double learning_rate;
    double ratings_per_second;
    double eta_seconds;                   /* to the end of the run; NaN when not known */
    uint32_t pserver_count, worker_count; /* lengths of shards and workers */
    uint32_t pservers_up, workers_up;
    const struct shard_progress *shards;
    const struct worker_progress *workers;
};

/* The end of a run: what summary.json records, and the principal components of the movie factors. */
struct final_report {
    uint64_t digest; /* of the model: the same bits give the same digest */
    uint32_t epochs;
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
};

#endif
