/* From raw ids (strings of any bytes) to dense row numbers, given by first appearance. Ids that are short whole numbers, as most
 * are, are found in a table of numbers, all others by their hash. */
#ifndef DATA_ID_MAP_H
#define DATA_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/string_list.h"

/* Row numbers stay below 2^31. */
#define ID_MAP_ROWS_MAX (UINT32_C(1) << 31)

struct id_slot {
    uint32_t row_plus_one; /* 0: free */
    uint32_t tag;          /* upper half of the hash, to spare most comparisons */
};

/* The ids in the table of numbers: whole numbers of at most so many digits, without a zero before them. */
enum { ID_NUMBER_DIGITS = 7 };

struct id_map {
    struct string_list ids; /* row -> id; its count is the number of rows */
    struct id_slot
        *slots; /* of ids that are no short numbers: open addressing, linear probing, at most half full */
    size_t slot_count; /* a power of two, or 0 */
    size_t slots_used;
    uint32_t *numbered; /* row plus one of the id that is this number; 0: not known yet */
    size_t numbered_capacity;
};

/* The row of an id, giving it the next free one if it is new. Fails with STATUS_NO_MEMORY, or with
 * STATUS_BAD_DATA above ID_MAP_ROWS_MAX; the map then is as it was. */
bool id_map_add(struct id_map *map, const char *id, size_t length, uint32_t *row, struct status *status);

/* id_map_add of the id that is this number, of at most ID_NUMBER_DIGITS digits. Takes 4 bytes per number up to the largest. */
bool id_map_learn_number(struct id_map *map, uint32_t number, uint32_t *row, struct status *status);

static inline bool id_map_add_number(struct id_map *map, uint32_t number, uint32_t *row,
                                     struct status *status) {
    uint32_t known = number < map->numbered_capacity ? map->numbered[number] : 0;
    *row = known - 1;
    return known != 0 || id_map_learn_number(map, number, row, status);
}

/* The row of an id that is known, false for others. */
bool id_map_find(const struct id_map *map, const char *id, size_t length, uint32_t *row);

/* Gives the memory back; the map is empty then and can be used again. */
void id_map_clear(struct id_map *map);

#endif
