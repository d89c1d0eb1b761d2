#include "data/at_once.h"

#include "core/memory.h"
#include "data/divide.h"

/* More than the buffer of an atomic file, so that a batch is written from where it lies. */
enum { BATCH = 24 * 1024, PIECE = 4096 };

/* Training ratings on their way to the writer. */
struct train_batch {
    size_t count;
    bool is_last; /* the validation ratings go behind it */
    struct rating ratings[BATCH + DIVIDE_SLACK];
};

static bool give_up(struct at_once *at_once) {
    at_once->gave_up = true;
    return false;
}

static bool write_valid(struct at_once *at_once, struct status *status) {
    const struct rating_list *valid = &at_once->valid;
    for (uint64_t i = 0, run; i < valid->count; i += run) {
        run = rating_list_run(valid, i);
        if (!packed_writer_ratings(at_once->writer, PACKED_VALID, rating_list_at(valid, i), run, status))
            return false;
    }
    return true;
}

/* The histogram of many values takes a second look at all ratings. */
static bool write_batch(void *context, unsigned place, struct status *status) {
    struct at_once *at_once = context;
    const struct train_batch *batch = &at_once->batches[place];
    if (!packed_writer_ratings(at_once->writer, PACKED_TRAIN, batch->ratings, batch->count, status) ||
        (batch->is_last && !write_valid(at_once, status)))
        return false;
    at_once->has_many_values = packed_writer_values(at_once->writer) == NULL;
    return !at_once->has_many_values;
}

/* An errand has failed: only then this is for us to read. */
static bool fail(struct at_once *at_once) {
    at_once->gave_up = at_once->has_many_values;
    return false;
}

static bool give(struct at_once *at_once, struct status *status) {
    return errands_give(&at_once->errands, status) || fail(at_once);
}

static void take_place(struct at_once *at_once) {
    at_once->place = errands_place(&at_once->errands);
    at_once->batches[at_once->place].count = 0;
    at_once->batches[at_once->place].is_last = false;
}

static bool begin(struct at_once *at_once, struct status *status) {
    if (at_once->batches == NULL)
        at_once->batches =
            memory_take_raw(ERRAND_PLACES * sizeof *at_once->batches, "training ratings", status);
    if (at_once->batches == NULL)
        return false;
    at_once->writer = packed_writer_begin(at_once->folder, status);
    if (at_once->writer == NULL)
        return false;
    errands_start(&at_once->errands, at_once->threads > 1, write_batch, at_once);
    take_place(at_once);
    return true;
}

/* Ratings train or validate, each in their order. Returns how many fitted the batch. */
static size_t take_piece(struct at_once *at_once, const struct rating *ratings, const uint8_t *is_valid,
                         size_t count, bool *done, struct status *status) {
    struct train_batch *batch = &at_once->batches[at_once->place];
    struct rating valid[PIECE + DIVIDE_SLACK];
    count = count < BATCH - batch->count ? count : BATCH - batch->count;
    count = count < PIECE ? count : PIECE;
    size_t valid_count = divide(ratings, is_valid, count, batch->ratings + batch->count, valid);
    batch->count += count - valid_count;
    *done =
        rating_list_append(&at_once->valid, valid, NULL, valid_count, at_once->valid.count + 1, 0, status);
    return count;
}

static bool give_batch(struct at_once *at_once, struct status *status) {
    if (!give(at_once, status))
        return false;
    take_place(at_once);
    return true;
}

bool at_once_take(struct at_once *at_once, const struct rating *ratings, const uint8_t *is_valid,
                  size_t count, size_t movies, struct status *status) {
    if ((at_once->writer == NULL && !begin(at_once, status)) ||
        !pair_watch_grow(&at_once->watch, movies, status))
        return false;
    if (count > RATING_LIST_MAX - at_once->count || !pair_watch_sees(&at_once->watch, ratings, count))
        return give_up(at_once);
    at_once->count += count;
    bool done = true;
    for (size_t i = 0; i < count && done;) {
        i += take_piece(at_once, ratings + i, is_valid + i, count - i, &done, status);
        if (done && at_once->batches[at_once->place].count == BATCH)
            done = give_batch(at_once, status);
    }
    return done;
}

bool at_once_end(struct at_once *at_once, struct status *status) {
    if (at_once->valid.count == at_once->count)
        return give_up(at_once);
    at_once->batches[at_once->place].is_last = true;
    return give(at_once, status);
}

/* Leaves the writer to the caller, or abandons it. */
static bool end_errands(struct at_once *at_once, struct status *status) {
    struct packed_writer *writer = at_once->writer;
    bool done = errands_finish(&at_once->errands, status);
    at_once->writer = NULL;
    if (done)
        return true;
    packed_writer_abandon(writer);
    return false;
}

bool at_once_commit(struct at_once *at_once, const struct packed_about *about, struct packed_totals *totals,
                    struct histogram *histogram, struct status *status) {
    struct packed_writer *writer = at_once->writer;
    if (!end_errands(at_once, status))
        return fail(at_once);
    struct value_table values = *packed_writer_values(writer);
    *histogram = histogram_of_values(&values);
    return packed_writer_commit(writer, about, totals, status);
}

void at_once_clear(struct at_once *at_once) {
    struct packed_writer *writer = at_once->writer;
    struct status unheard;
    if (writer != NULL && end_errands(at_once, &unheard))
        packed_writer_abandon(writer);
    memory_release(at_once->batches);
    pair_watch_clear(&at_once->watch);
    rating_list_clear(&at_once->valid);
    *at_once = (struct at_once){.folder = at_once->folder, .threads = at_once->threads};
}
