/* Tables of a run's records as files: a head, and rows that are added, read back, and thinned. For monitor/records.h alone.
 *
 * Errors: STATUS_CANT_CREATE, STATUS_IO, STATUS_NO_MEMORY, naming the file. */
#ifndef MONITOR_CSV_TABLE_H
#define MONITOR_CSV_TABLE_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"
#include "data/fields.h"

struct csv_table {
    char path[PATH_MAX];
    const char *head; /* without its newline */
    FILE *file;       /* for adding rows; NULL: not open */
    uint64_t rows;
};

/* folder/name with that head, which must live as long as the table. */
bool csv_table_at(struct csv_table *table, const char *folder, const char *name, const char *head,
                  struct status *status);

/* Takes off what a crash has torn: the last line, where it does not end; all of a file with another head. For whoever goes on
 * with it, before csv_table_read. */
void csv_table_mend(const struct csv_table *table);

/* Hands every row over, cut into as many fields as the head has, and counts it. Rows that are none are passed over; a missing
 * file, or one with another head, has none. */
bool csv_table_read(struct csv_table *table, void (*row)(void *context, const struct fields *fields),
                    void *context, struct status *status);

/* A field as a number; NaN when it is empty or none. */
double csv_table_number(const struct field *field);

/* Opens the table for adding rows, after the other two; an empty one begins with its head. */
bool csv_table_open(struct csv_table *table, struct status *status);

/* After rows were printed to table->file: hands them to the kernel. */
bool csv_table_flush(struct csv_table *table, struct status *status);

/* Keeps the rows of which the first field, a whole number from 1 on, is one of every `keep_every`; all when that is 1; and of
 * those not the first `skip`. The file is replaced as a whole. */
bool csv_table_thin(struct csv_table *table, uint64_t keep_every, uint64_t skip, struct status *status);

void csv_table_close(struct csv_table *table);

#endif
