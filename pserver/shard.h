/* A shard: the rows of both tables that one pserver holds, with their optimiser state, and the step they have
 * seen.
 *
 * Rows are kept as one run of entries, this shard's users first, then its movies; an entry is a row of
 * row_stride floats. Everything here is the same for one shard or a hundred: a row's history depends on its
 * own gradients and on the global step only. */
#ifndef PSERVER_SHARD_H
#define PSERVER_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"
#include "core/rating.h"
#include "core/status.h"
#include "model/factors.h"
#include "model/spec.h"

struct shard_spec {
    struct model_spec model;
    struct optimiser_spec optimiser;
    uint32_t index, shards; /* this shard among all */
    uint32_t users, movies; /* rows of the whole tables */
    uint32_t strata; /* movies live by strata (model/partition.h); 0: dealt like cards, as users always are */
    const uint32_t *stratum_first; /* [strata + 1], outlives the shard */
    uint32_t lanes;                /* gradients of at most this many lanes are added in one step */
    uint32_t lane_rows;            /* rows of at most this many entries come from one lane */
    bool keeps;                    /* a copy of the rows of the best epoch */
};

/* A lane's share of a step: gradients[count][stride] of count different entries. */
struct lane_gradients {
    const uint32_t *entries;
    uint32_t count;
    const float *gradients;
};

struct shard;

/* Takes all memory of the shard's life and starts every row (model/start.h). NULL and status on failure. */
struct shard *shard_new(const struct shard_spec *spec, struct status *status);
void shard_free(struct shard *shard);

/* A shard as an image says it was; it goes on with the same bits. The image's shape is that of the spec (image_init); what
 * it holds may come from a file: STATUS_BAD_DATA when a row or the history stands where none can. */
struct shard *shard_restore(const struct shard_spec *spec, const struct shard_image *image,
                            struct status *status);

/* Copies rows, optimiser state and history into an image of this shard's shape, held rows aside. Not between
 * shard_begin_step and shard_finish_step. */
void shard_image(const struct shard *shard, struct shard_image *image);

/* Turns row numbers from the wire into entries: users first, then movies. False (status: a sentence) when a
 * row does not exist, is not this shard's, or, with `unique`, is named twice. */
bool shard_find(struct shard *shard, const uint32_t *rows, uint32_t users, uint32_t movies, bool unique,
                uint32_t *entries, struct status *status);

/* One global step begins: opens it with its rates and takes the lanes' gradients, to be added in the order given. Lanes
 * may be empty: the step still counts. Gradients are finite (shard_first_bad), and stay as they are until
 * shard_finish_step. Between the two only shard_pull may be called: it applies what the rows it hands out are owed, so
 * that an answer need not wait for rows that nobody has asked for. */
void shard_begin_step(struct shard *shard, struct step_rate rate, const struct lane_gradients *lanes,
                      uint32_t lane_count);

/* Copies entries, brought up to date, to values[count][stride]. */
void shard_pull(struct shard *shard, const uint32_t *entries, uint32_t count, float *values);

/* Applies what is left of the step. */
void shard_finish_step(struct shard *shard);

/* Copies entries as they are. After shard_settle that is the same. */
void shard_read(const struct shard *shard, const uint32_t *entries, uint32_t count, float *values);

/* A run of places of one table, as mode blocked moves them. Its body is its rows (proto/rows.h), then, where the optimiser
 * keeps one sum per row (adagrad_row), f32 sums[count]. In sixteen bits rows are read rounded, and what is written are not
 * rows but changes, so that what is smaller than the last place of a row is not lost. */
struct shard_run {
    enum table_id table;
    uint32_t first, count;
    enum wire_format wire;
};

size_t shard_run_bytes(const struct shard *shard, struct shard_run run);

/* Copies a run as it is, and the way back. With a momentum (sgd, else 0) the rows do not become what is written, but move by
 * v, which becomes momentum * v + change. No step is opened: these rows have no history of rates. What is written has
 * passed shard_run_check. */
void shard_run_read(const struct shard *shard, struct shard_run run, void *body);
void shard_run_write(struct shard *shard, struct shard_run run, const void *body, double momentum);

/* Whether a body is that of this run; false with a sentence. */
bool shard_run_check(const struct shard *shard, struct shard_run run, const void *body, size_t bytes,
                     struct status *status);

/* The first row of such a body that holds a NaN or an infinity, or a sum that is none, or count. */
uint32_t shard_run_first_bad(const struct shard *shard, struct shard_run run, const void *body);

/* "movie row 296", a place of a run. */
void shard_run_name(const struct shard *shard, struct shard_run run, uint32_t place, char *text,
                    size_t capacity);

/* The number of steps applied. */
uint64_t shard_step(const struct shard *shard);

/* Brings every row up to date. */
void shard_settle(struct shard *shard);

/* Keeps a copy of all rows, which have settled, as those of an epoch (counted from 1), in place of the one before; makes
 * the copy the rows again: from then on no step is applied. For shards that keep. shard_kept_epoch: 0, when there is none. */
void shard_keep(struct shard *shard, uint32_t epoch);
void shard_take_back(struct shard *shard);
uint32_t shard_kept_epoch(const struct shard *shard);

/* The first of count rows that holds a NaN or an infinity, or count. */
uint32_t shard_first_bad(const struct shard *shard, const float *rows, uint32_t count);

/* The first entry whose row is not finite, or the number of entries. */
uint32_t shard_first_bad_entry(const struct shard *shard);

/* table << 32 | row number: what an entry is called outside this shard. shard_entry is the inverse; false when the name is
 * none of this shard's. */
uint64_t shard_name(const struct shard *shard, uint32_t entry);
bool shard_entry(const struct shard *shard, uint64_t name, uint32_t *entry);

/* "movie row 296", for sentences. */
void shard_name_entry(const struct shard *shard, uint32_t entry, char *text, size_t capacity);

/* Sum over rows of the hash of their factors and bias, keyed by table and row, modulo 2^64: adding up the
 * shards' sums gives the digest of the model, whatever the number of shards. */
uint64_t shard_digest(const struct shard *shard);

/* Adds this shard's movies to the moments of a PCA; projects them (movies of the shard [first, first +
 * count)): scores[count][components + 1], the last column the bias. */
void shard_moments(const struct shard *shard, struct factor_moments *moments);
void shard_project(const struct shard *shard, uint32_t first, uint32_t count, uint32_t components,
                   const double *mean, const double *axes, double *scores);

/* Floats from one row to the next, model/spec.h. */
uint32_t shard_stride(const struct shard *shard);

/* Rows held of a table, and bytes of rows and optimiser state. */
uint32_t shard_rows(const struct shard *shard, enum table_id table);
size_t shard_bytes(const struct shard *shard);

/* The rows of a table that shard_new of this spec will hold, and what it will take, in bytes. */
uint32_t shard_rows_planned(const struct shard_spec *spec, enum table_id table);
size_t shard_bytes_planned(const struct shard_spec *spec);

#endif
