#include "analysis/id_index.h"

#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/memory.h"

/* The slot that holds the id, or the empty one where it would go. */
static uint64_t slot_of(const struct id_index *index, const char *id, size_t length) {
    uint64_t slot = hash_bytes(id, length, 0) & index->mask;
    for (; index->slots[slot] != ID_UNKNOWN; slot = (slot + 1) & index->mask) {
        size_t other_length;
        const char *other = string_table_get(index->ids, index->slots[slot], &other_length);
        if (other_length == length && memcmp(other, id, length) == 0)
            break;
    }
    return slot;
}

bool id_index_build(struct id_index *index, const struct string_table *ids, struct status *status) {
    REQUIRE(ids->count < UINT64_C(1) << 31, "rows are 32-bit numbers");
    uint64_t slots = 16;
    while (slots < 2 * ids->count)
        slots *= 2;
    index->ids = ids;
    index->mask = slots - 1;
    index->slots = memory_take_array(slots, sizeof *index->slots, "the index of ids", status);
    if (index->slots == NULL)
        return false;
    memset(index->slots, 0xff, slots * sizeof *index->slots);
    for (uint64_t row = 0; row < ids->count; row++) {
        size_t length;
        const char *id = string_table_get(ids, row, &length);
        uint64_t slot = slot_of(index, id, length);
        if (index->slots[slot] == ID_UNKNOWN)
            index->slots[slot] = (uint32_t)row;
    }
    return true;
}

void id_index_free(struct id_index *index) {
    memory_release(index->slots);
    index->slots = NULL;
}

uint32_t id_index_find(const struct id_index *index, const char *id, size_t length) {
    return index->slots[slot_of(index, id, length)];
}

uint32_t *id_index_map(const struct id_index *index, const struct string_table *strings,
                       struct status *status) {
    uint32_t *map = memory_take_array(strings->count, sizeof *map, "the map of ids", status);
    for (uint64_t i = 0; map != NULL && i < strings->count; i++) {
        size_t length;
        const char *id = string_table_get(strings, i, &length);
        map[i] = id_index_find(index, id, length);
    }
    return map;
}
