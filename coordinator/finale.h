/* The end of an epoch, or of the run: the principal components of the movies, and the rows on their way to the model file, a
 * chunk at a time. The shards are asked for their moments one after another, so that the sums are added in
 * their order. */
#ifndef COORDINATOR_FINALE_H
#define COORDINATOR_FINALE_H

#include "coordinator/roster.h"
#include "model/factors.h"
#include "model/partition.h"
#include "proto/event.h"

enum { FINALE_CHUNK_ROWS = 8192 };

_Static_assert((int)FINALE_CHUNK_ROWS <= (int)READ_ROWS_MAX, "one shard may hold a whole chunk");

struct finale_spec {
    uint32_t users, movies, factors, components; /* components: 0 for no PCA */
    uint32_t pservers;
    uint32_t strata;               /* movies live by strata (model/partition.h); 0: dealt like cards */
    const uint32_t *stratum_first; /* [strata + 1], outlives us */
};

struct finale {
    struct finale_spec spec;
    struct partition tables[TABLE_COUNT];
    uint32_t epochs; /* that have been trained */
    struct factor_moments moments;
    double *axes;        /* [1 + components][factors]: mean, then axes */
    double *share;       /* [components] */
    double *scores;      /* [movies][components] */
    double *biases;      /* [movies] */
    uint32_t next_shard; /* moments: the one being asked */
    uint32_t movies_projected;
    uint32_t *projected; /* [pservers] movies of each shard whose scores are here */
    enum table_id table; /* saving: the chunk under way */
    uint32_t chunk_first, chunk_rows;
    uint32_t shards_missing;
    uint8_t *answered; /* [pservers] */
    float *chunk;      /* [FINALE_CHUNK_ROWS][stride] */
    struct job job;
};

bool finale_init(struct finale *finale, const struct finale_spec *spec, struct status *status);
void finale_free(struct finale *finale);

/* The moments and scores after so many epochs are to be had; answers that belong to fewer are ignored from here on. */
void finale_begin(struct finale *finale, uint32_t epochs);

/* Asks the shard whose turn it is for its moments. */
void finale_ask_moments(struct finale *finale, const struct roster *roster, struct outbox *out);

/* The shards that owe an answer are asked again. */
void finale_repeat_scores(const struct finale *finale, const struct roster *roster, struct outbox *out);
void finale_repeat_rows(const struct finale *finale, const struct roster *roster, struct outbox *out);

/* MOMENTS of a shard: asks the next one; *complete when it was the last. */
bool finale_moments(struct finale *finale, const struct roster *roster, uint32_t shard,
                    const struct message *message, struct outbox *out, bool *complete, struct status *status);

/* Decomposes the moments; then all shards may be asked to project their movies (finale_repeat_scores). */
bool finale_decompose(struct finale *finale, struct status *status);

/* PROJECTED of a shard; *complete when every movie has its scores, signs fixed. */
bool finale_scores(struct finale *finale, uint32_t shard, const struct message *message, bool *complete,
                   struct status *status);

/* Movies of a shard. */
uint32_t finale_movies(const struct finale *finale, uint32_t shard);

/* Asks for the next chunk of rows; false when both tables are through. */
bool finale_ask_rows(struct finale *finale, const struct roster *roster, struct outbox *out);

/* VALUES of a shard; the last one of a chunk puts out JOB_SAVE_ROWS. */
bool finale_rows(struct finale *finale, uint32_t shard, const struct message *message, struct outbox *out,
                 struct status *status);

#endif
