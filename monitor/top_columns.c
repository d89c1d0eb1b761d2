#include "monitor/top_columns.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/quantity.h"
#include "monitor/text.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* The first are those that a narrow terminal shows. */
static const struct top_column SHARD_COLUMNS[] = {
    {"state", "state", "state", TOP_STATE, 10},
    {"pulls", "pulls/s", "pulls_per_s", TOP_SHORT, 8},
    {"pushes", "pushes/s", "pushes_per_s", TOP_SHORT, 8},
    {"load", "load", "load", TOP_TIMES, 5},
    {"p99", "pull p99", "pull_p99_us", TOP_DURATION, 9},
    {"apply", "apply p99", "apply_p99_us", TOP_DURATION, 9},
    {"queue", "queue", "queue", TOP_COUNT, 5},
    {"busy", "busy", "busy", TOP_SHARE, 5},
    {"staleness", "stale", "staleness_p50", TOP_SHORT, 5},
    {"hot", "hot", "hot_share", TOP_SHARE, 5},
    {"in", "in/s", "bytes_in_per_s", TOP_MEMORY, 10},
    {"out", "out/s", "bytes_out_per_s", TOP_MEMORY, 10},
    {"movies", "movies", "movie_rows", TOP_COUNT, 9},
    {"users", "users", "user_rows", TOP_COUNT, 9},
    {"memory", "memory", "resident", TOP_MEMORY, 10},
    {"repeats", "repeats", "repeats", TOP_COUNT, 7},
};

static const struct top_column WORKER_COLUMNS[] = {
    {"state", "state", "state", TOP_STATE, 10},
    {"ratings", "rating/s", "ratings_per_s", TOP_SHORT, 8},
    {"median", "median", "of_median", TOP_SHARE, 8},
    {"lanes", "lanes", "lanes", TOP_COUNT, 5},
    {"lag", "lag", "lag", TOP_COUNT, 9},
    {"p99", "reply p99", "answer_p99_us", TOP_DURATION, 9},
    {"queue", "queue", "queue", TOP_COUNT, 5},
    {"compute", "comp.", "compute", TOP_SHARE, 5},
    {"wait", "wait", "wait", TOP_SHARE, 5},
    {"gate", "gate", "gate", TOP_SHARE, 5},
    {"data", "data", "data", TOP_SHARE, 10},
    {"memory", "memory", "resident", TOP_MEMORY, 10},
    {"repeats", "repeats", "repeats", TOP_COUNT, 9},
};

const struct top_table TOP_SHARDS = {"shards", "shard", SHARD_COLUMNS, LENGTH(SHARD_COLUMNS)};
const struct top_table TOP_WORKERS = {"workers", "worker", WORKER_COLUMNS, LENGTH(WORKER_COLUMNS)};

double top_number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *top_string(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* ---- cells ---- */

static void add_state(struct text *text, const json_t *member) {
    const json_t *flags = json_object_get(member, "flags");
    const char *state = top_string(member, "state");
    bool flagged = json_array_size(flags) > 0 && strcmp(state, "lost") != 0;
    for (size_t i = 0; flagged && i < json_array_size(flags); i++) {
        const char *flag = json_string_value(json_array_get(flags, i));
        text_add(text, "%s%s", i > 0 ? "," : "", flag != NULL ? flag : "?");
    }
    if (!flagged)
        text_add(text, "%s", state[0] != '\0' ? state : "-");
}

static void add_share(struct text *text, double share) {
    if (isfinite(share))
        text_add(text, "%.0f%%", share * 100);
    else
        text_add(text, "-");
}

/* A status may hold any number, and a cast must not meet one that does not fit. */
static bool is_whole(double value) {
    return value >= 0 && value < 1e18;
}

void top_cell(char cell[TOP_CELL_BYTES], const struct top_column *column, const json_t *member) {
    struct text text = text_over(cell, TOP_CELL_BYTES);
    double value = top_number(member, column->key);
    quantity number;
    switch (column->kind) {
    case TOP_STATE:
        add_state(&text, member);
        break;
    case TOP_SHORT:
        text_add(&text, "%s", quantity_short(number, value));
        break;
    case TOP_COUNT:
        text_add(&text, "%s", is_whole(value) ? quantity_count(number, (uint64_t)value) : "-");
        break;
    case TOP_SHARE:
        add_share(&text, value);
        break;
    case TOP_TIMES:
        text_add(&text, "%s", quantity_fixed(number, value, 2));
        break;
    case TOP_DURATION:
        text_add(&text, "%s", quantity_micros(number, value));
        break;
    case TOP_MEMORY:
        text_add(&text, "%s", is_whole(value) ? quantity_memory(number, (uint64_t)value) : "-");
        break;
    }
}

/* ---- order ---- */

struct order {
    const struct top_table *table;
    const struct top_column *column; /* NULL: by index */
    bool reversed;
};

/* What is wrong comes first. */
static double badness(const json_t *member) {
    const char *state = top_string(member, "state");
    if (strcmp(state, "lost") == 0)
        return 3;
    if (json_array_size(json_object_get(member, "flags")) > 0)
        return 2;
    return strcmp(state, "up") == 0 ? 0 : 1;
}

static double key_of(const struct order *order, const json_t *member) {
    if (order->column == NULL)
        return -top_number(member, order->table->index);
    return order->column->kind == TOP_STATE ? badness(member) : top_number(member, order->column->key);
}

/* Falling; of equals the lower index. */
static int compare(const void *a, const void *b, void *context) {
    const struct order *order = context;
    const json_t *left = *(const json_t *const *)a, *right = *(const json_t *const *)b;
    double x = key_of(order, left), y = key_of(order, right);
    double i = top_number(left, order->table->index), j = top_number(right, order->table->index);
    if (isnan(x) || isnan(y) || x == y)
        return isnan(x) != isnan(y) ? (isnan(x) ? 1 : -1) : (i > j) - (i < j);
    return ((x < y) - (x > y)) * (order->reversed ? -1 : 1);
}

size_t top_sorted(const struct top_table *table, const json_t *status, const char *sort, int reversed,
                  const json_t *members[TOP_MEMBERS_MAX]) {
    struct order order = {.table = table, .reversed = reversed};
    const json_t *array = json_object_get(status, table->key);
    size_t count = json_array_size(array) < TOP_MEMBERS_MAX ? json_array_size(array) : TOP_MEMBERS_MAX;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, sort) == 0)
            order.column = &table->columns[i];
    for (size_t i = 0; i < count; i++)
        members[i] = json_array_get(array, i);
    qsort_r(members, count, sizeof *members, compare, &order);
    return count;
}
