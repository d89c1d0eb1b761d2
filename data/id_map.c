#include "data/id_map.h"

#include <stdio.h>
#include <string.h>

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
    if (map->ids.count < map->slot_count / 2)
        return true;
    struct id_map larger = *map;
    larger.slot_count = map->slot_count == 0 ? SLOTS_AT_FIRST : 2 * map->slot_count;
    larger.slots = memory_take_array(larger.slot_count, sizeof *larger.slots, "the table of ids", status);
    if (larger.slots == NULL)
        return false;
    for (size_t row = 0; row < map->ids.count; row++) {
        size_t length;
        const char *id = string_list_get(&map->ids, row, &length);
        uint64_t hash = hash_bytes(id, length, 0);
        *find_slot(&larger, id, length, hash) = (struct id_slot){(uint32_t)row + 1, (uint32_t)(hash >> 32)};
    }
    memory_release(map->slots);
    *map = larger;
    return true;
}

bool id_map_add(struct id_map *map, const char *id, size_t length, uint32_t *row, struct status *status) {
    uint64_t hash = hash_bytes(id, length, 0);
    if (!make_room(map, status))
        return false;
    struct id_slot *slot = find_slot(map, id, length, hash);
    if (slot->row_plus_one == 0) {
        size_t next = map->ids.count;
        if (next >= ID_MAP_ROWS_MAX)
            return status_fail(status, STATUS_BAD_DATA, "more than %u different ids", ID_MAP_ROWS_MAX);
        if (!string_list_set(&map->ids, next, id, length, status))
            return false;
        *slot = (struct id_slot){(uint32_t)next + 1, (uint32_t)(hash >> 32)};
    }
    *row = slot->row_plus_one - 1;
    return true;
}

bool id_map_learn_number(struct id_map *map, uint32_t number, uint32_t *row, struct status *status) {
    char text[16];
    void *numbered = map->numbered;
    bool grown = memory_grow(&numbered, &map->numbered_capacity, (size_t)number + 1, sizeof *map->numbered,
                             "the table of ids", status);
    map->numbered = numbered;
    int length = snprintf(text, sizeof text, "%u", number);
    if (!grown || !id_map_add(map, text, (size_t)length, row, status))
        return false;
    map->numbered[number] = *row + 1;
    return true;
}

bool id_map_find(const struct id_map *map, const char *id, size_t length, uint32_t *row) {
    if (map->slot_count == 0)
        return false;
    const struct id_slot *slot = find_slot(map, id, length, hash_bytes(id, length, 0));
    *row = slot->row_plus_one - 1;
    return slot->row_plus_one != 0;
}

void id_map_clear(struct id_map *map) {
    string_list_clear(&map->ids);
    memory_release(map->slots);
    memory_release(map->numbered);
    *map = (struct id_map){0};
}
