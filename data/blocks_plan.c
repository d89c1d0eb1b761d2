#include "data/blocks_plan.h"

#include <string.h>

#include "core/memory.h"

enum { ROWS_WANTED = 2048, SIDES_WANTED = 64, RADIX_BITS = 16, RADIX = 1 << RADIX_BITS };

static uint32_t divide_up(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0);
}

static uint32_t sides_for(uint32_t rows) {
    uint32_t sides = divide_up(rows, ROWS_WANTED), least = divide_up(rows, BLOCKS_SIDE_ROWS_MAX);
    sides = sides < SIDES_WANTED ? sides : SIDES_WANTED;
    sides = sides > least ? sides : least;
    return sides < 1 ? 1 : sides;
}

struct blocks_shape blocks_shape_for(uint32_t users, uint32_t movies) {
    return (struct blocks_shape){sides_for(users), sides_for(movies)};
}

/* One pass of a radix sort that puts large counts first; rows of equal digits keep their order. */
static void sort_pass(const uint32_t *counts, const uint32_t *from, uint32_t *to, uint32_t rows,
                      uint32_t shift, uint32_t *begins) {
    uint32_t begin = 0;
    memset(begins, 0, RADIX * sizeof *begins);
    for (uint32_t row = 0; row < rows; row++)
        begins[counts[row] >> shift & (RADIX - 1)]++;
    for (uint32_t digit = RADIX; digit-- > 0;) {
        uint32_t count = begins[digit];
        begins[digit] = begin;
        begin += count;
    }
    for (uint32_t i = 0; i < rows; i++)
        to[begins[counts[from[i]] >> shift & (RADIX - 1)]++] = from[i];
}

/* A side while rows are dealt; the heap has the one with the fewest ratings on top, of equals the first. */
struct pile {
    uint64_t ratings;
    uint32_t side, rows;
};

static bool comes_before(const struct pile *a, const struct pile *b) {
    return a->ratings != b->ratings ? a->ratings < b->ratings : a->side < b->side;
}

static void sift_down(struct pile *heap, uint32_t count) {
    struct pile moving = heap[0];
    uint32_t at = 0;
    for (uint32_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && comes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!comes_before(&heap[child], &moving))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

/* `larger` sides may still get `most` rows, the others one less. */
static bool is_full(const struct pile *pile, uint32_t most, uint32_t larger) {
    return pile->rows == most || (pile->rows + 1 == most && larger == 0);
}

/* Notes each row's side and its place there; starts[s + 1] gets the rows of side s. */
static void deal(struct blocks_side *side, const uint32_t *counts, const uint32_t *by_count,
                 struct pile *heap) {
    uint32_t open = side->sides, most = divide_up(side->rows, side->sides);
    uint32_t larger = side->rows - (most - (most > 0)) * side->sides;
    for (uint32_t i = 0; i < side->sides; i++)
        heap[i] = (struct pile){0, i, 0};
    for (uint32_t i = 0; i < side->rows; i++) {
        uint32_t row = by_count[i];
        while (is_full(&heap[0], most, larger)) {
            heap[0] = heap[--open];
            sift_down(heap, open);
        }
        side->side_place[row] = heap[0].side << 16 | heap[0].rows++;
        side->starts[heap[0].side + 1]++;
        heap[0].ratings += counts[row];
        larger -= heap[0].rows == most;
        sift_down(heap, open);
    }
}

static void place_rows(struct blocks_side *side) {
    for (uint32_t i = 0; i < side->sides; i++)
        side->starts[i + 1] += side->starts[i];
    for (uint32_t row = 0; row < side->rows; row++)
        side->row_at[side->starts[side->side_place[row] >> 16] + (side->side_place[row] & 0xffff)] = row;
}

static bool take_side(struct blocks_side *side, struct status *status) {
    side->starts = memory_take_array(side->sides + 1, sizeof *side->starts, "sides of blocks", status);
    if (side->starts != NULL)
        side->row_at = memory_take_array(side->rows, sizeof *side->row_at, "places of rows", status);
    if (side->row_at != NULL)
        side->side_place = memory_take_array(side->rows, sizeof *side->side_place, "places of rows", status);
    return side->side_place != NULL;
}

static bool sort_and_deal(struct blocks_side *side, const uint32_t *counts, struct status *status) {
    uint32_t *by_count = memory_take_array(side->rows, sizeof *by_count, "rows by count", status);
    uint32_t *begins = memory_take_array(RADIX, sizeof *begins, "rows by count", status);
    struct pile *heap = memory_take_array(side->sides, sizeof *heap, "sides of blocks", status);
    bool done = by_count != NULL && begins != NULL && heap != NULL;
    if (done) {
        for (uint32_t row = 0; row < side->rows; row++)
            by_count[row] = row;
        sort_pass(counts, by_count, side->row_at, side->rows, 0, begins);
        sort_pass(counts, side->row_at, by_count, side->rows, RADIX_BITS, begins);
        deal(side, counts, by_count, heap);
        place_rows(side);
    }
    memory_release(by_count);
    memory_release(begins);
    memory_release(heap);
    return done;
}

bool blocks_side_deal(struct blocks_side *side, const char *what, uint32_t sides, const uint32_t *counts,
                      uint32_t rows, struct status *status) {
    *side = (struct blocks_side){.rows = rows, .sides = sides};
    if (sides < 1 || sides > BLOCKS_SIDES_MAX || (sides > rows && sides > 1))
        return status_fail(status, STATUS_BAD_DATA,
                           "%u %s of %u rows: there must be 1 to %d, no more than rows", sides, what, rows,
                           BLOCKS_SIDES_MAX);
    if (divide_up(rows, sides) > BLOCKS_SIDE_ROWS_MAX)
        return status_fail(status, STATUS_BAD_DATA,
                           "%u rows do not fit into %u %s of at most %d; at least %u are needed", rows, sides,
                           what, BLOCKS_SIDE_ROWS_MAX, divide_up(rows, BLOCKS_SIDE_ROWS_MAX));
    if (take_side(side, status) && sort_and_deal(side, counts, status))
        return true;
    blocks_side_clear(side);
    return false;
}

void blocks_side_clear(struct blocks_side *side) {
    memory_release(side->starts);
    memory_release(side->row_at);
    memory_release(side->side_place);
    *side = (struct blocks_side){0};
}
