#include "data/id_map.h"

#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/memory.h"

enum { SLOTS_AT_FIRST = 1024 };

/* The slot that holds the id, or the free slot where it belongs. */
static struct id_slot *find_slot(const struct id_map *map, const char *id, size_t length, uint64_t hash) {
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t i = hash & (map->slot_count - 1);; i = (i + 1) & (map->slot_count - 1)) {
        struct id_slot *slot = &map->slots[i];
        if (slot->row_plus_one == 0)
            return slot;
        size_t other_length;
        if (slot->tag != tag)
            continue;
        const char *other = string_list_get(&map->ids, slot->row_plus_one - 1, &other_length);
        if (other_length == length && memcmp(other, id, length) == 0)
            return slot;
    }
}

/* The lower half of a hash is not kept, so ids are hashed again when the table doubles. */
static bool make_room(struct id_map *map, struct status *status) {
    if (map->slots_used < map->slot_count / 2)
        return true;
    struct id_map larger = *map;
    larger.slot_count = map->slot_count == 0 ? SLOTS_AT_FIRST : 2 * map->slot_count;
    larger.slots = memory_take_array(larger.slot_count, sizeof *larger.slots, "the table of ids", status);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < map->slot_count; i++) {
        size_t length;
        if (map->slots[i].row_plus_one == 0)
            continue;
        const char *id = string_list_get(&map->ids, map->slots[i].row_plus_one - 1, &length);
        *find_slot(&larger, id, length, hash_bytes(id, length, 0)) = map->slots[i];
    }
    memory_release(map->slots);
    *map = larger;
    return true;
}

/* Gives an id that is new the next row. */
static bool give_row(struct id_map *map, const char *id, size_t length, uint32_t *row,
                     struct status *status) {
    size_t next = map->ids.count;
    *row = (uint32_t)next;
    if (next >= ID_MAP_ROWS_MAX)
        return status_fail(status, STATUS_BAD_DATA, "more than %u different ids", ID_MAP_ROWS_MAX);
    return string_list_set(&map->ids, next, id, length, status);
}

/* Whether the id is for the table of numbers, and which one. */
static bool is_number(const char *id, size_t length, uint32_t *number) {
    *number = 0;
    if (length == 0 || length > ID_NUMBER_DIGITS || (id[0] == '0' && length > 1))
        return false;
    for (size_t i = 0; i < length; i++) {
        uint32_t digit = (uint32_t)(unsigned char)id[i] - '0';
        if (digit > 9)
            return false;
        *number = 10 * *number + digit;
    }
    return true;
}

bool id_map_add(struct id_map *map, const char *id, size_t length, uint32_t *row, struct status *status) {
    uint32_t number;
    if (is_number(id, length, &number))
        return id_map_add_number(map, number, row, status);
    uint64_t hash = hash_bytes(id, length, 0);
    if (!make_room(map, status))
        return false;
    struct id_slot *slot = find_slot(map, id, length, hash);
    if (slot->row_plus_one == 0) {
        if (!give_row(map, id, length, row, status))
            return false;
        *slot = (struct id_slot){*row + 1, (uint32_t)(hash >> 32)};
        map->slots_used++;
    }
    *row = slot->row_plus_one - 1;
    return true;
}

bool id_map_learn_number(struct id_map *map, uint32_t number, uint32_t *row, struct status *status) {
    char text[ID_NUMBER_DIGITS], *begin = text + sizeof text;
    void *numbered = map->numbered;
    bool grown = memory_grow(&numbered, &map->numbered_capacity, (size_t)number + 1, sizeof *map->numbered,
                             "the table of ids", status);
    map->numbered = numbered;
    uint32_t rest = number;
    do {
        REQUIRE(begin > text, "a number of the table is short");
        *--begin = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (!grown || !give_row(map, begin, (size_t)(text + sizeof text - begin), row, status))
        return false;
    map->numbered[number] = *row + 1;
    return true;
}

bool id_map_find(const struct id_map *map, const char *id, size_t length, uint32_t *row) {
    uint32_t number, found = 0;
    if (is_number(id, length, &number))
        found = number < map->numbered_capacity ? map->numbered[number] : 0;
    else if (map->slot_count > 0)
        found = find_slot(map, id, length, hash_bytes(id, length, 0))->row_plus_one;
    *row = found - 1;
    return found != 0;
}

void id_map_clear(struct id_map *map) {
    string_list_clear(&map->ids);
    memory_release(map->slots);
    memory_release(map->numbered);
    *map = (struct id_map){0};
}
