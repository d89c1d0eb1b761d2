/* The different values of ratings: at most 256, each with a code of one byte and how often it occurs. Half
 * stars are ten. */
#ifndef DATA_VALUE_TABLE_H
#define DATA_VALUE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { VALUE_TABLE_MAX = 256, VALUE_TABLE_SLOTS = 1024 };

struct value_table {
    uint32_t count;
    float values[VALUE_TABLE_MAX];             /* by code: in the order of their first appearance */
    uint64_t ratings[VALUE_TABLE_MAX];         /* how often each was counted */
    uint16_t code_plus_one[VALUE_TABLE_SLOTS]; /* open addressing; 0: free */
};

/* The code of a value, given if it is new; false when it would be the 257th. */
bool value_table_learn(struct value_table *table, float value, uint32_t *code);

static inline uint32_t value_table_slot(float value) {
    union {
        float value;
        uint32_t bits;
    } both = {value};
    return both.bits * UINT32_C(2654435761) >> 22;
}

static inline bool value_table_code(struct value_table *table, float value, uint32_t *code) {
    *code = table->code_plus_one[value_table_slot(value)] - UINT32_C(1);
    if (*code < VALUE_TABLE_MAX && table->values[*code] == value)
        return true;
    return value_table_learn(table, value, code);
}

/* Gives the codes anew, so that values rise with them. */
void value_table_sort(struct value_table *table);

#endif
