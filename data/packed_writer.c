#include "data/packed_writer.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/histogram.h"
#include "data/sections.h"

struct row_counts {
    uint32_t *items;
    size_t capacity;
};

struct packed_writer {
    struct container_writer *file;
    enum packed_part part;
    struct row_counts users, movies; /* training ratings per row */
    struct packed_totals totals;
    double train_sum, valid_sum, valid_squares;
    struct value_table values;
    bool has_many_values;                     /* then they are not counted any more */
    double step;                              /* all values in the table are multiples of this power of two */
    const struct packed_in_blocks *in_blocks; /* NULL: the set holds its training ratings */
};

static struct packed_writer *begin(const char *folder, enum packed_part part, struct status *status) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" PACKED_SET_FILE, folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", folder);
        return NULL;
    }
    struct packed_writer *writer = memory_take(sizeof *writer, "a packed set's writer", status);
    if (writer == NULL)
        return NULL;
    writer->totals.smallest = INFINITY;
    writer->totals.largest = -INFINITY;
    writer->file = container_create(path, CONTAINER_RATINGS, status);
    writer->part = part;
    if (writer->file != NULL &&
        container_section(writer->file, part == PACKED_TRAIN ? "train" : "valid", status))
        return writer;
    packed_writer_abandon(writer);
    return NULL;
}

struct packed_writer *packed_writer_begin(const char *folder, struct status *status) {
    return begin(folder, PACKED_TRAIN, status);
}

struct packed_writer *packed_writer_begin_in_blocks(const char *folder, struct status *status) {
    return begin(folder, PACKED_VALID, status);
}

bool packed_writer_valid_in_blocks(struct packed_writer *writer, const struct rating *ratings, size_t count,
                                   struct status *status) {
    return container_write(writer->file, ratings, count * sizeof *ratings, status);
}

static bool grow_counts(struct row_counts *counts, uint32_t row, struct status *status) {
    void *items = counts->items;
    bool done =
        memory_grow(&items, &counts->capacity, (size_t)row + 1, sizeof *counts->items, "row counts", status);
    counts->items = items;
    return done;
}

static uint32_t count_of(const struct row_counts *counts, uint32_t row) {
    return row < counts->capacity ? counts->items[row] : 0;
}

static bool count_rows(struct row_counts *counts, uint32_t row, uint32_t more, struct status *status) {
    if (row >= counts->capacity && !grow_counts(counts, row, status))
        return false;
    counts->items[row] += more;
    return true;
}

/* A user's ratings often lie together, and are counted together. */
static bool note_train(struct packed_writer *writer, const struct rating *ratings, size_t count,
                       struct status *status) {
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && ratings[end].user == ratings[i].user; end++)
            if (!count_rows(&writer->movies, ratings[end].movie, 1, status))
                return false;
        if (!count_rows(&writer->users, ratings[i].user, (uint32_t)(end - i), status))
            return false;
    }
    writer->totals.train += count;
    return true;
}

static void widen(struct packed_totals *totals, float value) {
    totals->smallest = value < totals->smallest ? value : totals->smallest;
    totals->largest = value > totals->largest ? value : totals->largest;
}

/* The largest power of two that a value is a multiple of. */
static double step_of(float value) {
    enum { FLOAT_BITS = 24 };
    int exponent;
    float fraction = frexpf(value, &exponent);
    int32_t digits = (int32_t)ldexpf(fraction, FLOAT_BITS);
    return digits == 0 ? INFINITY : ldexp(1, exponent - FLOAT_BITS + __builtin_ctz((unsigned)digits));
}

static void learn_values(struct packed_writer *writer) {
    writer->step = INFINITY;
    for (uint32_t code = 0; code < writer->values.count; code++) {
        float value = writer->values.values[code];
        widen(&writer->totals, value);
        writer->step = fmin(writer->step, step_of(value));
    }
}

/* Values are counted while they are few. */
static void note_values(struct packed_writer *writer, const struct rating *ratings, size_t count) {
    uint32_t known = writer->values.count;
    if (!writer->has_many_values)
        writer->has_many_values = !histogram_count(&writer->values, ratings, count);
    if (writer->values.count != known)
        learn_values(writer);
    for (size_t i = 0; i < count && writer->has_many_values; i++)
        widen(&writer->totals, ratings[i].value + 0.0f);
}

/* The sum of the values by their counts; false when it may differ from that of adding one after another. Sums of multiples of a
 * step are multiples, which are not rounded below 2^53 of them. */
static bool sum_by_counts(const struct packed_writer *writer, double *sum) {
    double size = 0;
    *sum = 0;
    for (uint32_t code = 0; code < writer->values.count; code++) {
        double all = (double)writer->values.values[code] * (double)writer->values.ratings[code];
        *sum += all;
        size += fabs(all);
    }
    return !writer->has_many_values && size < 0x1p52 * writer->step;
}

/* The sum of all training ratings, added one after another. An addition waits for the one before, so where counts give the same
 * it is taken from them: those of training ratings, as long as there are no others. */
static void sum_train(struct packed_writer *writer, const struct rating *ratings, size_t count) {
    enum { MANY = 256 };
    double sum;
    if (count < MANY || !sum_by_counts(writer, &sum)) {
        sum = writer->train_sum;
        for (size_t i = 0; i < count; i++)
            sum += (double)ratings[i].value;
    }
    writer->train_sum = sum;
}

static void note_valid(struct packed_writer *writer, const struct rating *rating) {
    struct packed_totals *totals = &writer->totals;
    bool cold_user = count_of(&writer->users, rating->user) == 0;
    bool cold_movie = count_of(&writer->movies, rating->movie) == 0;
    double error =
        (double)rating->value - writer->train_sum / (double)(totals->train == 0 ? 1 : totals->train);
    totals->cold_users += cold_user;
    totals->cold_movies += cold_movie;
    totals->cold += cold_user || cold_movie;
    totals->valid++;
    writer->valid_sum += (double)rating->value;
    writer->valid_squares += error * error;
}

bool packed_writer_ratings(struct packed_writer *writer, enum packed_part part, const struct rating *ratings,
                           size_t count, struct status *status) {
    REQUIRE(part >= writer->part, "training ratings come before validation ratings");
    if (part != writer->part && !container_section(writer->file, "valid", status))
        return false;
    writer->part = part;
    note_values(writer, ratings, count);
    if (part == PACKED_TRAIN) {
        if (!note_train(writer, ratings, count, status))
            return false;
        sum_train(writer, ratings, count);
    }
    for (size_t i = 0; i < count && part == PACKED_VALID; i++)
        note_valid(writer, &ratings[i]);
    return container_write(writer->file, ratings, count * sizeof *ratings, status);
}

const struct value_table *packed_writer_values(const struct packed_writer *writer) {
    return writer->has_many_values ? NULL : &writer->values;
}

static json_t *describe(const struct packed_writer *writer, const struct packed_about *about) {
    const struct packed_totals *totals = &writer->totals;
    char text[32];
    /* A path may be any bytes; JSON takes UTF-8 only. */
    json_t *source = json_string(about->source);
    snprintf(text, sizeof text, "%llu", (unsigned long long)about->split_seed);
    json_t *meta = json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:s, s:f, s:s, s:o, s:s}", "users",
                             (json_int_t)about->user_ids->count, "movies",
                             (json_int_t)about->movie_ids->count, "train", (json_int_t)totals->train, "valid",
                             (json_int_t)totals->valid, "train_mean", totals->train_mean, "smallest",
                             (double)totals->smallest, "largest", (double)totals->largest, "split",
                             about->split, "valid_fraction", about->valid_fraction, "split_seed", text,
                             "source", source != NULL ? source : json_null(), "program", DOTBIAS_VERSION);
    if (meta != NULL && !isnan(about->truth_rmse))
        json_object_set_new(meta, "truth_rmse", json_real(about->truth_rmse));
    if (meta != NULL && writer->in_blocks != NULL) {
        snprintf(text, sizeof text, "%016llx", (unsigned long long)writer->in_blocks->blocks_hash);
        json_object_set_new(meta, "blocks_hash", json_string(text));
    }
    return meta;
}

static bool write_counts(struct packed_writer *writer, const uint32_t *counts, size_t rows, const char *name,
                         struct status *status) {
    return container_section(writer->file, name, status) &&
           container_write(writer->file, counts, rows * sizeof *counts, status);
}

/* Everything but the ratings. */
static bool complete(struct packed_writer *writer, const struct packed_about *about,
                     const uint32_t *user_counts, const uint32_t *movie_counts, struct status *status) {
    size_t users = about->user_ids->count, movies = about->movie_ids->count;
    return sections_write_meta(writer->file, describe(writer, about), status) &&
           string_list_write(about->user_ids, users, writer->file, "user_ids", status) &&
           string_list_write(about->movie_ids, movies, writer->file, "movie_ids", status) &&
           string_list_write(about->movie_titles, movies, writer->file, "movie_titles", status) &&
           string_list_write(about->movie_genres, movies, writer->file, "movie_genres", status) &&
           write_counts(writer, user_counts, users, "user_counts", status) &&
           write_counts(writer, movie_counts, movies, "movie_counts", status);
}

/* Rows that come without training ratings have counts too. */
static bool complete_counted(struct packed_writer *writer, const struct packed_about *about,
                             struct status *status) {
    size_t users = about->user_ids->count, movies = about->movie_ids->count;
    struct packed_totals *totals = &writer->totals;
    totals->train_mean = totals->train == 0 ? 0 : writer->train_sum / (double)totals->train;
    totals->valid_mean = totals->valid == 0 ? 0 : writer->valid_sum / (double)totals->valid;
    totals->baseline_mse = totals->valid == 0 ? 0 : writer->valid_squares / (double)totals->valid;
    return packed_writer_ratings(writer, PACKED_VALID, NULL, 0, status) &&
           (users == 0 || grow_counts(&writer->users, (uint32_t)(users - 1), status)) &&
           (movies == 0 || grow_counts(&writer->movies, (uint32_t)(movies - 1), status)) &&
           complete(writer, about, writer->users.items, writer->movies.items, status);
}

static void release(struct packed_writer *writer) {
    memory_release(writer->users.items);
    memory_release(writer->movies.items);
    memory_release(writer);
}

bool packed_writer_commit(struct packed_writer *writer, const struct packed_about *about,
                          struct packed_totals *totals, struct status *status) {
    if (!complete_counted(writer, about, status)) {
        packed_writer_abandon(writer);
        return false;
    }
    bool done = container_commit(writer->file, status);
    *totals = writer->totals;
    release(writer);
    return done;
}

bool packed_writer_commit_in_blocks(struct packed_writer *writer, const struct packed_about *about,
                                    const struct packed_in_blocks *in_blocks, struct status *status) {
    writer->in_blocks = in_blocks;
    writer->totals = in_blocks->totals;
    if (!complete(writer, about, in_blocks->user_counts, in_blocks->movie_counts, status)) {
        packed_writer_abandon(writer);
        return false;
    }
    bool done = container_commit(writer->file, status);
    release(writer);
    return done;
}

void packed_writer_abandon(struct packed_writer *writer) {
    if (writer == NULL)
        return;
    container_abandon(writer->file);
    release(writer);
}
