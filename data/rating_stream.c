#include "data/rating_stream.h"

#include <string.h>

#include "core/memory.h"
#include "data/ordered_work.h"
#include "data/text_source.h"

enum { BLOCK_BYTES = 128 * 1024, BLOCK_ROWS = BLOCK_BYTES / PLAIN_LINE_BYTES_MIN + 1 };
_Static_assert((int)BLOCK_BYTES <= (int)TEXT_BLOCK_BYTES_MAX, "a block is one of data/text_source.h");

/* A block of lines and what was read from it. */
struct slot {
    size_t length;
    struct plain_rows rows;
    struct plain_gap gaps[BLOCK_ROWS];
    struct rating ratings[BLOCK_ROWS];
    struct plain_places places[BLOCK_ROWS];
    uint8_t is_valid[BLOCK_ROWS];
    char text[BLOCK_BYTES + PLAIN_SLACK];
};

/* Block n lies in slot n % slot_count: filled by the caller's thread in the order of the file, parsed by any
 * thread, handed out by the caller's thread in order again. */
struct rating_stream {
    struct ratings_reader *reader;
    struct plain_layout layout;
    const struct split_spec *split; /* NULL: nothing is marked */
    bool is_plain;
    enum plain_path path;
    struct slot *slots[ORDERED_WINDOW_MAX];
    int64_t *times; /* of all slots */
    uint32_t slot_count;
    uint64_t filled, used; /* blocks */
    uint32_t row, gap;     /* of block `used`: what comes next */
    size_t gap_at;
    bool inside; /* block `used` is parsed and has not been handed out to its end */
    bool works;
    struct ordered_work work;
};

static struct slot *slot_of(const struct rating_stream *stream, uint64_t block) {
    return stream->slots[block % stream->slot_count];
}

static void parse_block(void *context, uint64_t block) {
    struct rating_stream *stream = context;
    struct slot *slot = slot_of(stream, block);
    slot->rows.places = stream->split == NULL ? NULL : slot->places;
    plain_rows_parse(&slot->rows, &stream->layout, stream->path, slot->text, slot->length);
    if (stream->split != NULL)
        split_hash_mark(stream->split, slot->text, &slot->rows, slot->is_valid);
}

/* Reads ahead as far as there are slots. */
static void fill_slots(struct rating_stream *stream) {
    while (stream->filled - stream->used < stream->slot_count) {
        struct slot *slot = slot_of(stream, stream->filled);
        if (!ratings_reader_block(stream->reader, slot->text, BLOCK_BYTES, &slot->length))
            return;
        stream->filled++;
        ordered_work_offer(&stream->work);
    }
}

/* Makes block `used` ready to be handed out; false where there is none. */
static bool enter_block(struct rating_stream *stream) {
    fill_slots(stream);
    if (stream->filled == stream->used)
        return false;
    struct slot *slot = slot_of(stream, stream->used);
    ordered_work_await(&stream->work, stream->used);
    stream->row = stream->gap = 0;
    stream->gap_at = slot->rows.gap_count == 0 ? 0 : slot->gaps[0].begin;
    stream->inside = true;
    return true;
}

/* The next line of a gap. */
static enum ratings_outcome take_line(struct rating_stream *stream, struct slot *slot,
                                      struct ratings_row *row) {
    char *begin = slot->text + stream->gap_at;
    char *newline = memchr(begin, '\n', slot->gaps[stream->gap].end - stream->gap_at);
    stream->gap_at = (size_t)(newline - slot->text) + 1;
    return ratings_reader_line(stream->reader, begin, (size_t)(newline - begin),
                               ratings_reader_count(stream->reader, 1), row);
}

/* The rows up to the next gap. */
static void take_run(struct rating_stream *stream, struct slot *slot, struct rating_run *run) {
    uint32_t until = stream->gap < slot->rows.gap_count ? slot->gaps[stream->gap].row : slot->rows.count;
    run->count = until - stream->row;
    run->line = ratings_reader_count(stream->reader, run->count);
    run->ratings = slot->ratings + stream->row;
    run->is_valid = stream->split == NULL ? NULL : slot->is_valid + stream->row;
    run->times = slot->rows.times == NULL ? NULL : slot->rows.times + stream->row;
    stream->row = until;
}

/* What comes next in block `used`; RATINGS_END at its end, and RATINGS_BLANK where nothing came. */
static enum ratings_outcome take_next(struct rating_stream *stream, struct rating_run *run,
                                      struct ratings_row *row) {
    struct slot *slot = slot_of(stream, stream->used);
    run->count = 0;
    if (stream->gap == slot->rows.gap_count || stream->row < slot->gaps[stream->gap].row) {
        if (stream->row == slot->rows.count)
            return RATINGS_END;
        take_run(stream, slot, run);
        return RATINGS_ROW;
    }
    if (stream->gap_at < slot->gaps[stream->gap].end)
        return take_line(stream, slot, row);
    stream->gap++;
    if (stream->gap < slot->rows.gap_count)
        stream->gap_at = slot->gaps[stream->gap].begin;
    return RATINGS_BLANK;
}

static enum stream_outcome outcome_of(enum ratings_outcome outcome) {
    switch (outcome) {
    case RATINGS_ROW:
        return STREAM_ROW;
    case RATINGS_REJECT:
        return STREAM_REJECT;
    case RATINGS_END:
        return STREAM_END;
    default:
        return STREAM_FAILED;
    }
}

enum stream_outcome rating_stream_next(struct rating_stream *stream, struct rating_run *run,
                                       struct ratings_row *row, struct status *status) {
    for (;;) {
        if (!stream->inside && (!stream->is_plain || !enter_block(stream)))
            return outcome_of(ratings_reader_next(stream->reader, row, status));
        enum ratings_outcome outcome = take_next(stream, run, row);
        if (outcome == RATINGS_END) {
            stream->inside = false;
            stream->used++;
        } else if (outcome != RATINGS_BLANK) {
            return run->count > 0 ? STREAM_RUN : outcome_of(outcome);
        }
    }
}

static bool take_slots(struct rating_stream *stream, uint32_t wanted, struct status *status) {
    if (stream->layout.wants_times) {
        stream->times =
            memory_take_array((size_t)wanted * BLOCK_ROWS, sizeof *stream->times, "timestamps", status);
        if (stream->times == NULL)
            return false;
    }
    for (; stream->slot_count < wanted; stream->slot_count++) {
        struct slot *slot = memory_take_raw(sizeof *slot, "lines of ratings", status);
        if (slot == NULL)
            return false;
        slot->rows = (struct plain_rows){.gaps = slot->gaps, .ratings = slot->ratings};
        slot->rows.times =
            stream->times == NULL ? NULL : stream->times + (size_t)stream->slot_count * BLOCK_ROWS;
        stream->slots[stream->slot_count] = slot;
    }
    return true;
}

static bool start(struct rating_stream *stream, unsigned threads, struct status *status) {
    stream->is_plain = ratings_reader_layout(stream->reader, &stream->layout);
    if (!stream->is_plain)
        return true;
    if (!take_slots(stream, ordered_work_window(threads), status))
        return false;
    stream->path = plain_rows_best_path();
    ordered_work_start(&stream->work, threads, parse_block, stream);
    stream->works = true;
    return true;
}

struct rating_stream *rating_stream_open(const char *path, bool wants_times, unsigned threads,
                                         struct status *status) {
    struct rating_stream *stream = memory_take(sizeof *stream, "a stream of ratings", status);
    if (stream == NULL)
        return NULL;
    stream->reader = ratings_reader_open(path, wants_times, status);
    if (stream->reader != NULL && start(stream, threads, status))
        return stream;
    rating_stream_close(stream);
    return NULL;
}

void rating_stream_mark(struct rating_stream *stream, const struct split_spec *split) {
    stream->split = split;
}

bool rating_stream_has_times(const struct rating_stream *stream) {
    return ratings_reader_has_times(stream->reader);
}

void rating_stream_close(struct rating_stream *stream) {
    if (stream == NULL)
        return;
    if (stream->works)
        ordered_work_stop(&stream->work);
    for (uint32_t i = 0; i < stream->slot_count; i++)
        memory_release(stream->slots[i]);
    memory_release(stream->times);
    ratings_reader_close(stream->reader);
    memory_release(stream);
}
