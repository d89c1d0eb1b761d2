#include "coordinator/finale.h"

#include <string.h>

#include "core/memory.h"
#include "model/spec.h"

static bool cut_tables(struct finale *finale, struct status *status) {
    const struct finale_spec *spec = &finale->spec;
    struct partition_spec movies = {spec->movies, spec->pservers, spec->strata, spec->stratum_first};
    return partition_both(finale->tables, spec->users, &movies, status);
}

bool finale_init(struct finale *finale, const struct finale_spec *spec, struct status *status) {
    size_t factors = spec->factors;
    *finale = (struct finale){.spec = *spec};
    finale->moments.sum = memory_take_array(factors, sizeof(double), "moments", status);
    finale->moments.scatter = memory_take_array(factors * factors, sizeof(double), "moments", status);
    finale->axes = memory_take_array((spec->components + 1) * factors, sizeof(double), "axes", status);
    finale->share = memory_take_array(spec->components, sizeof(double), "axes", status);
    finale->scores =
        memory_take_array((size_t)spec->movies * spec->components, sizeof(double), "scores", status);
    finale->biases = memory_take_array(spec->movies, sizeof(double), "biases", status);
    finale->projected = memory_take_array(spec->pservers, sizeof *finale->projected, "shards", status);
    finale->answered = memory_take(spec->pservers, "shards", status);
    finale->chunk =
        memory_take_array(FINALE_CHUNK_ROWS, row_stride(spec->factors) * sizeof(float), "rows", status);
    return cut_tables(finale, status) && finale->moments.sum != NULL && finale->moments.scatter != NULL &&
           finale->axes != NULL && finale->share != NULL && finale->scores != NULL &&
           finale->biases != NULL && finale->projected != NULL && finale->answered != NULL &&
           finale->chunk != NULL;
}

void finale_free(struct finale *finale) {
    partition_free_both(finale->tables);
    memory_release(finale->moments.sum);
    memory_release(finale->moments.scatter);
    memory_release(finale->axes);
    memory_release(finale->share);
    memory_release(finale->scores);
    memory_release(finale->biases);
    memory_release(finale->projected);
    memory_release(finale->answered);
    memory_release(finale->chunk);
    *finale = (struct finale){0};
}

void finale_begin(struct finale *finale, uint32_t epochs) {
    size_t factors = finale->spec.factors;
    finale->epochs = epochs;
    finale->next_shard = finale->movies_projected = 0;
    finale->moments.count = 0;
    memset(finale->moments.sum, 0, factors * sizeof(double));
    memset(finale->moments.scatter, 0, factors * factors * sizeof(double));
    memset(finale->projected, 0, finale->spec.pservers * sizeof *finale->projected);
}

void finale_ask_moments(struct finale *finale, const struct roster *roster, struct outbox *out) {
    struct message wanted = {.kind = MESSAGE_MOMENTS_WANTED, .moments_wanted = {finale->epochs}};
    outbox_send(out, roster_pserver(roster, finale->next_shard)->link, &wanted);
}

bool finale_moments(struct finale *finale, const struct roster *roster, uint32_t shard,
                    const struct message *message, struct outbox *out, bool *complete,
                    struct status *status) {
    size_t factors = finale->spec.factors;
    const double *sums = message->body;
    *complete = false;
    if (shard < finale->next_shard || message->moments.epochs < finale->epochs)
        return true;
    if (shard != finale->next_shard || message->moments.epochs != finale->epochs ||
        message->body_bytes != (factors + factors * factors) * sizeof(double))
        return status_fail(status, STATUS_PROTOCOL,
                           "moments of %zu bytes from pserver %u, expected from pserver %u",
                           message->body_bytes, shard, finale->next_shard);
    finale->moments.count += message->moments.count;
    for (size_t i = 0; i < factors; i++)
        finale->moments.sum[i] += sums[i];
    for (size_t i = 0; i < factors * factors; i++)
        finale->moments.scatter[i] += sums[factors + i];
    *complete = ++finale->next_shard == finale->spec.pservers;
    if (!*complete)
        finale_ask_moments(finale, roster, out);
    return true;
}

uint32_t finale_movies(const struct finale *finale, uint32_t shard) {
    return partition_rows(&finale->tables[TABLE_MOVIES].spec, shard);
}

void finale_repeat_scores(const struct finale *finale, const struct roster *roster, struct outbox *out) {
    uint32_t components = finale->spec.components, shards = finale->spec.pservers;
    size_t bytes = (size_t)(components + 1) * finale->spec.factors * sizeof(double);
    struct message project = {.kind = MESSAGE_PROJECT, .project = {finale->epochs, components}};
    for (uint32_t shard = 0; shard < shards; shard++) {
        uint32_t held = finale_movies(finale, shard);
        if (held != 0 && finale->projected[shard] == held)
            continue;
        memcpy(outbox_body(out, bytes), finale->axes, bytes);
        outbox_send(out, roster_pserver(roster, shard)->link, &project);
    }
}

bool finale_decompose(struct finale *finale, struct status *status) {
    uint32_t factors = finale->spec.factors, components = finale->spec.components;
    double *variance = memory_take_array(components, sizeof *variance, "variances", status);
    bool decomposed =
        variance != NULL && factors_decompose(&finale->moments, factors, components, finale->axes,
                                              finale->axes + factors, variance, finale->share, status);
    memory_release(variance);
    return decomposed;
}

bool finale_scores(struct finale *finale, uint32_t shard, const struct message *message, bool *complete,
                   struct status *status) {
    uint32_t components = finale->spec.components, held = finale_movies(finale, shard);
    uint64_t end = (uint64_t)message->projected.first + message->projected.movies;
    const double *lines = message->body;
    *complete = false;
    if (message->projected.epochs < finale->epochs ||
        (message->projected.first != finale->projected[shard] && end <= held))
        return true; /* heard before, or after one that was lost: PROJECT will be sent again */
    if (message->projected.epochs != finale->epochs || end > held ||
        message->body_bytes != message->projected.movies * (components + 1) * sizeof(double))
        return status_fail(status, STATUS_PROTOCOL, "scores of %u movies in %zu bytes",
                           message->projected.movies, message->body_bytes);
    for (uint32_t i = 0; i < message->projected.movies; i++) {
        uint32_t movie = partition_row(&finale->tables[TABLE_MOVIES], message->projected.first + i, shard);
        const double *line = lines + (size_t)i * (components + 1);
        memcpy(finale->scores + (size_t)movie * components, line, components * sizeof(double));
        finale->biases[movie] = line[components];
    }
    finale->projected[shard] += message->projected.movies;
    finale->movies_projected += message->projected.movies;
    *complete = finale->movies_projected >= finale->spec.movies;
    if (*complete)
        factors_fix_sign(finale->scores, finale->spec.movies, components, NULL, finale->spec.factors);
    return true;
}

static uint32_t table_rows(const struct finale *finale) {
    return finale->table == TABLE_USERS ? finale->spec.users : finale->spec.movies;
}

/* The shard's first row of the chunk from `row` on; at or behind the chunk's end when there is none. */
static uint32_t row_of_shard(const struct finale *finale, uint32_t row, uint32_t shard) {
    return partition_next(&finale->tables[finale->table].spec, row, shard);
}

static uint32_t rows_of_shard(const struct finale *finale, uint32_t shard) {
    uint32_t end = finale->chunk_first + finale->chunk_rows, count = 0;
    for (uint32_t row = row_of_shard(finale, finale->chunk_first, shard); row < end;
         row = row_of_shard(finale, row + 1, shard))
        count++;
    return count;
}

/* Names the chunk under way in READ and VALUES. */
static uint64_t chunk_number(const struct finale *finale) {
    return (uint64_t)finale->table << 32 | finale->chunk_first;
}

static void ask_shard(const struct finale *finale, const struct roster *roster, uint32_t shard,
                      struct outbox *out) {
    uint32_t rows = rows_of_shard(finale, shard), row = finale->chunk_first;
    uint32_t *ids = outbox_body(out, rows * sizeof *ids);
    struct message read = {.kind = MESSAGE_READ, .read = {.request = chunk_number(finale)}};
    for (uint32_t i = 0; i < rows; i++, row++)
        ids[i] = row = row_of_shard(finale, row, shard);
    read.read.users = finale->table == TABLE_USERS ? rows : 0;
    read.read.movies = finale->table == TABLE_USERS ? 0 : rows;
    outbox_send(out, roster_pserver(roster, shard)->link, &read);
}

void finale_repeat_rows(const struct finale *finale, const struct roster *roster, struct outbox *out) {
    for (uint32_t shard = 0; shard < finale->spec.pservers; shard++)
        if (!finale->answered[shard])
            ask_shard(finale, roster, shard, out);
}

bool finale_ask_rows(struct finale *finale, const struct roster *roster, struct outbox *out) {
    finale->chunk_first += finale->chunk_rows;
    while (finale->chunk_first >= table_rows(finale)) {
        if (finale->table == TABLE_MOVIES)
            return false;
        finale->table = TABLE_MOVIES;
        finale->chunk_first = 0;
    }
    uint32_t left = table_rows(finale) - finale->chunk_first;
    finale->chunk_rows = left < FINALE_CHUNK_ROWS ? left : FINALE_CHUNK_ROWS;
    finale->shards_missing = finale->spec.pservers;
    memset(finale->answered, 0, finale->spec.pservers);
    finale_repeat_rows(finale, roster, out);
    return true;
}

bool finale_rows(struct finale *finale, uint32_t shard, const struct message *message, struct outbox *out,
                 struct status *status) {
    size_t stride = row_stride(finale->spec.factors);
    uint32_t rows = rows_of_shard(finale, shard), row = finale->chunk_first;
    const float *values = message->body;
    if (finale->answered[shard] || message->values.request != chunk_number(finale))
        return true; /* heard before */
    if (message->body_bytes != rows * stride * sizeof(float))
        return status_fail(status, STATUS_PROTOCOL, "%zu bytes of rows that nobody asked for",
                           message->body_bytes);
    for (uint32_t i = 0; i < rows; i++, row++) {
        row = row_of_shard(finale, row, shard);
        memcpy(finale->chunk + (row - finale->chunk_first) * stride, values + i * stride,
               stride * sizeof(float));
    }
    finale->answered[shard] = 1;
    if (--finale->shards_missing != 0)
        return true;
    finale->job.kind = JOB_SAVE_ROWS;
    finale->job.save.table = finale->table;
    finale->job.save.first_row = finale->chunk_first;
    finale->job.save.row_count = finale->chunk_rows;
    finale->job.save.rows = finale->chunk;
    outbox_job(out, &finale->job);
    return true;
}
