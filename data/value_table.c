#include "data/value_table.h"

_Static_assert(VALUE_TABLE_SLOTS == 1 << (32 - 22), "a hash of ten bits names a slot");

static uint16_t *find_slot(struct value_table *table, float value) {
    for (uint32_t i = value_table_slot(value);; i = (i + 1) % VALUE_TABLE_SLOTS) {
        uint16_t *slot = &table->code_plus_one[i];
        if (*slot == 0 || table->values[*slot - 1] == value)
            return slot;
    }
}

bool value_table_learn(struct value_table *table, float value, uint32_t *code) {
    value += 0.0f; /* minus zero is zero */
    uint16_t *slot = find_slot(table, value);
    if (*slot == 0) {
        if (table->count == VALUE_TABLE_MAX)
            return false;
        table->values[table->count] = value;
        *slot = (uint16_t)++table->count;
    }
    *code = *slot - UINT32_C(1);
    return true;
}

void value_table_sort(struct value_table *table) {
    struct value_table sorted = {0};
    for (uint32_t done = 0; done < table->count; done++) {
        uint32_t least = UINT32_MAX, code = done;
        for (uint32_t i = 0; i < table->count; i++)
            if ((done == 0 || table->values[i] > sorted.values[done - 1]) &&
                (least == UINT32_MAX || table->values[i] < table->values[least]))
                least = i;
        value_table_learn(&sorted, table->values[least], &code);
        sorted.ratings[code] = table->ratings[least];
    }
    *table = sorted;
}
