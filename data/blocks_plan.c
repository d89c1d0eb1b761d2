#include "data/blocks_plan.h"

#include <math.h>

#include "core/memory.h"

/* A row's way to a worker and back, in ratings; the share of an epoch that may go into it; ratings of a block. */
static const double ROW_TRIP = 10, TRIPS_SHARE = 1.0 / 20, BLOCK_RATINGS = 1 << 24;

enum { SIDES_LEAST = 4, SIDES_MOST = 32 };

static uint32_t divide_up(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0);
}

/* The nearest power of two within the bounds. */
static uint32_t sides_wanted(double wanted) {
    uint32_t sides = SIDES_LEAST;
    while (sides < SIDES_MOST && 1.5 * sides <= wanted)
        sides *= 2;
    return sides;
}

static uint32_t sides_for(uint32_t rows, uint32_t wanted) {
    uint32_t least = divide_up(rows, BLOCKS_SIDE_ROWS_MAX);
    uint32_t sides = wanted > least ? wanted : least;
    sides = sides < rows ? sides : rows;
    return sides < 1 ? 1 : sides;
}

struct blocks_shape blocks_shape_for(uint32_t users, uint32_t movies, uint64_t ratings) {
    double trips = (double)ratings * TRIPS_SHARE / (ROW_TRIP * fmax(movies, 1));
    uint32_t wanted = sides_wanted(fmax(trips, sqrt((double)ratings / BLOCK_RATINGS)));
    uint32_t strata = sides_for(movies, wanted), parts = sides_for(users, wanted < strata ? wanted : strata);
    return (struct blocks_shape){parts, parts > strata ? sides_for(movies, parts) : strata};
}

/* A side ends where its share of the ratings is reached, unless it would get too many rows, or leave too few or too many to
 * those after it. */
static uint32_t end_of_side(const struct blocks_side *side, const uint32_t *counts, uint32_t number,
                            uint64_t *passed, uint64_t all) {
    uint32_t start = side->starts[number], after = side->sides - number - 1, end = start + 1;
    uint32_t last = side->rows - after;
    uint64_t room = (uint64_t)after * BLOCKS_SIDE_ROWS_MAX;
    uint32_t first = side->rows > room && side->rows - room > end ? (uint32_t)(side->rows - room) : end;
    last = last - start > BLOCKS_SIDE_ROWS_MAX ? start + BLOCKS_SIDE_ROWS_MAX : last;
    *passed += counts[start];
    while (end < last && (end < first || (*passed + counts[end] / 2) * side->sides < all * (number + 1)))
        *passed += counts[end++];
    return end;
}

static void cut(struct blocks_side *side, const uint32_t *counts) {
    uint64_t all = 0, passed = 0;
    for (uint32_t row = 0; row < side->rows; row++)
        all += counts[row];
    for (uint32_t number = 0; number + 1 < side->sides; number++)
        side->starts[number + 1] = end_of_side(side, counts, number, &passed, all);
    side->starts[side->sides] = side->rows;
    for (uint32_t number = 0; number < side->sides; number++)
        for (uint32_t row = side->starts[number]; row < side->starts[number + 1]; row++) {
            side->row_at[row] = row;
            side->side_place[row] = number << 16 | (row - side->starts[number]);
        }
}

static bool take_side(struct blocks_side *side, struct status *status) {
    side->starts = memory_take_array(side->sides + 1, sizeof *side->starts, "sides of blocks", status);
    if (side->starts != NULL)
        side->row_at = memory_take_array(side->rows, sizeof *side->row_at, "places of rows", status);
    if (side->row_at != NULL)
        side->side_place = memory_take_array(side->rows, sizeof *side->side_place, "places of rows", status);
    return side->side_place != NULL;
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
    if (!take_side(side, status)) {
        blocks_side_clear(side);
        return false;
    }
    cut(side, counts);
    return true;
}

void blocks_side_clear(struct blocks_side *side) {
    memory_release(side->starts);
    memory_release(side->row_at);
    memory_release(side->side_place);
    *side = (struct blocks_side){0};
}
