#include "core/rating.h"

const char *role_name(enum role role) {
    static const char *const NAMES[ROLE_COUNT] = {"coordinator", "pserver", "worker"};
    return (unsigned)role < ROLE_COUNT ? NAMES[role] : "unknown role";
}

const char *wire_name(enum wire_format format) {
    static const char *const NAMES[WIRE_FORMATS] = {"float32", "bfloat16", "float16"};
    return (unsigned)format < WIRE_FORMATS ? NAMES[format] : "unknown format";
}

const char *table_name(enum table_id table) {
    static const char *const NAMES[TABLE_COUNT] = {"user", "movie"};
    return (unsigned)table < TABLE_COUNT ? NAMES[table] : "unknown table";
}
