#include "data/string_table.h"

#include "core/contract.h"

bool string_table_view(struct string_table *table, const void *section, size_t length, uint64_t count,
                       struct status *status) {
    const uint64_t *offsets = section;
    if (count >= SIZE_MAX / sizeof *offsets - 1 || length < (count + 1) * sizeof *offsets)
        return status_fail(status, STATUS_BAD_DATA, "a table of %llu strings does not fit its section",
                           (unsigned long long)count);
    if (offsets[0] != 0 || offsets[count] != length - (count + 1) * sizeof *offsets)
        return status_fail(status, STATUS_BAD_DATA, "a table of strings does not fill its section");
    for (uint64_t i = 0; i < count; i++)
        if (offsets[i] > offsets[i + 1])
            return status_fail(status, STATUS_BAD_DATA, "string %llu of a table ends before it starts",
                               (unsigned long long)i);
    table->count = count;
    table->offsets = offsets;
    table->bytes = (const char *)(offsets + count + 1);
    return true;
}

const char *string_table_get(const struct string_table *table, uint64_t i, size_t *length) {
    REQUIRE(i < table->count, "a string's number is below the table's count");
    *length = table->offsets[i + 1] - table->offsets[i];
    return table->bytes + table->offsets[i];
}
