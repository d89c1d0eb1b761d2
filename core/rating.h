/* The plain values that every room speaks of: a rating, a table, a role, the format of rows that travel. */
#ifndef CORE_RATING_H
#define CORE_RATING_H

#include <stdint.h>

/* One rating with dense row numbers (given by first appearance in the ratings file). 12 bytes, also on disk.
 */
struct rating {
    uint32_t user;
    uint32_t movie;
    float value;
};

enum table_id { TABLE_USERS = 0, TABLE_MOVIES = 1, TABLE_COUNT = 2 };

enum role { ROLE_COORDINATOR = 0, ROLE_PSERVER = 1, ROLE_WORKER = 2, ROLE_COUNT = 3 };

/* What rows and their changes are on the way between workers and pservers (proto/rows.h). */
enum wire_format { WIRE_FLOAT32, WIRE_BFLOAT16, WIRE_FLOAT16, WIRE_FORMATS };

/* "float32", "bfloat16", "float16". */
const char *wire_name(enum wire_format format);

/* "coordinator", "pserver", "worker". */
const char *role_name(enum role role);

/* "user", "movie". */
const char *table_name(enum table_id table);

#endif
