/* The plain values that every room speaks of: a rating, a table, a role. */
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

/* "coordinator", "pserver", "worker". */
const char *role_name(enum role role);

/* "user", "movie". */
const char *table_name(enum table_id table);

#endif
