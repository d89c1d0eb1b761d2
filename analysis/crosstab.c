#include "analysis/crosstab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static bool is_number(const char *id, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (id[i] < '0' || id[i] > '9')
            return false;
    return length > 0;
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length) {
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Numbers of any length: without leading zeros the longer one is larger. */
static int compare_numbers(const char *a, size_t a_length, const char *b, size_t b_length) {
    for (; a_length > 1 && *a == '0'; a_length--)
        a++;
    for (; b_length > 1 && *b == '0'; b_length--)
        b++;
    return a_length != b_length ? (a_length > b_length) - (a_length < b_length) : memcmp(a, b, a_length);
}

static int by_id(const void *left, const void *right, void *context) {
    const struct string_table *ids = context;
    size_t a_length, b_length;
    const char *a = string_table_get(ids, ((const struct crosstab_line *)left)->set_row, &a_length);
    const char *b = string_table_get(ids, ((const struct crosstab_line *)right)->set_row, &b_length);
    bool a_number = is_number(a, a_length), b_number = is_number(b, b_length);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    int order = a_number ? compare_numbers(a, a_length, b, b_length) : 0;
    return order != 0 ? order : compare_bytes(a, a_length, b, b_length);
}

static int by_count(const void *left, const void *right, void *context) {
    uint32_t a = ((const struct crosstab_line *)left)->count,
             b = ((const struct crosstab_line *)right)->count;
    return a != b ? (a > b ? -1 : 1) : by_id(left, right, context);
}

/* Counts the set's ratings of each row. */
static void count_lines(struct crosstab_line *lines, enum table_id table, const struct rating *ratings,
                        uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        lines[table == TABLE_USERS ? ratings[i].user : ratings[i].movie].count++;
}

/* The lines of the `most` rows with the largest counts, by id; *line_count gets their number. */
static struct crosstab_line *choose(const struct packed_set *set, enum table_id table, uint32_t most,
                                    const struct predictor *predictor, uint32_t *line_count,
                                    struct status *status) {
    uint32_t rows = table == TABLE_USERS ? set->users : set->movies, kept = 0;
    void *ids = (void *)(uintptr_t)(table == TABLE_USERS ? &set->user_ids : &set->movie_ids);
    struct crosstab_line *lines = memory_take_array(rows, sizeof *lines, "the lines of a table", status);
    if (lines == NULL)
        return NULL;
    for (uint32_t row = 0; row < rows; row++)
        lines[row].set_row = row;
    count_lines(lines, table, set->train, set->train_count);
    count_lines(lines, table, set->valid, set->valid_count);
    qsort_r(lines, rows, sizeof *lines, by_count, ids);
    for (; kept < most && kept < rows && lines[kept].count > 0; kept++) {
        size_t length;
        const char *id = string_table_get(ids, lines[kept].set_row, &length);
        lines[kept].model_row = id_index_find(&predictor->indexes[table], id, length);
    }
    qsort_r(lines, kept, sizeof *lines, by_id, ids);
    *line_count = kept;
    return lines;
}

static struct crosstab_cell *cell_at(const struct crosstab *table, uint32_t user, uint32_t movie) {
    return &table->cells[(size_t)user * table->movie_count + movie];
}

static bool predict_cells(struct crosstab *table, struct predictor *predictor, struct status *status) {
    for (uint32_t user = 0; user < table->user_count; user++)
        for (uint32_t movie = 0; movie < table->movie_count; movie++) {
            size_t user_length, movie_length;
            const char *user_id =
                string_table_get(&table->set->user_ids, table->users[user].set_row, &user_length);
            const char *movie_id =
                string_table_get(&table->set->movie_ids, table->movies[movie].set_row, &movie_length);
            double rating = prediction_make(predictor, user_id, user_length, movie_id, movie_length).rating;
            if (!isfinite(rating))
                return status_fail(status, STATUS_BAD_DATA,
                                   "the model predicts ratings that are not finite numbers");
            cell_at(table, user, movie)->predicted = rating;
        }
    return true;
}

/* From the set's row to the table's place; UINT32_MAX where it is not in the table. */
static uint32_t *places_of(const struct crosstab_line *lines, uint32_t line_count, uint32_t rows,
                           struct status *status) {
    uint32_t *places = memory_take_array(rows, sizeof *places, "places in a table", status);
    if (places == NULL)
        return NULL;
    memset(places, 0xff, rows * sizeof *places);
    for (uint32_t i = 0; i < line_count; i++)
        places[lines[i].set_row] = i;
    return places;
}

static void fill_part(struct crosstab *table, enum crosstab_part part, const struct rating *ratings,
                      uint64_t count, const uint32_t *user_places, const uint32_t *movie_places) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t user = user_places[ratings[i].user], movie = movie_places[ratings[i].movie];
        if (user == UINT32_MAX || movie == UINT32_MAX)
            continue;
        struct crosstab_cell *cell = cell_at(table, user, movie);
        cell->part = part;
        cell->actual = ratings[i].value;
        cell->error = cell->predicted - (double)cell->actual;
    }
}

static bool fill_actual(struct crosstab *table, struct status *status) {
    const struct packed_set *set = table->set;
    uint32_t *users = places_of(table->users, table->user_count, set->users, status);
    uint32_t *movies =
        users != NULL ? places_of(table->movies, table->movie_count, set->movies, status) : NULL;
    bool well = users != NULL && movies != NULL;
    if (well) {
        fill_part(table, CROSSTAB_TRAIN, set->train, set->train_count, users, movies);
        fill_part(table, CROSSTAB_VALID, set->valid, set->valid_count, users, movies);
    }
    memory_release(users);
    memory_release(movies);
    return well;
}

static void add_up(struct crosstab *table) {
    for (size_t i = 0; i < (size_t)table->user_count * table->movie_count; i++) {
        const struct crosstab_cell *cell = &table->cells[i];
        if (cell->part == CROSSTAB_BLANK)
            continue;
        struct loss_sum *sum = cell->part == CROSSTAB_TRAIN ? &table->train : &table->valid;
        sum->squared += cell->error * cell->error;
        sum->absolute += fabs(cell->error);
        sum->count++;
        table->actual_sum += (double)cell->actual;
    }
}

static bool fill(struct crosstab *table, struct predictor *predictor, uint32_t users, uint32_t movies,
                 struct status *status) {
    table->users = choose(table->set, TABLE_USERS, users, predictor, &table->user_count, status);
    if (table->users == NULL)
        return false;
    table->movies = choose(table->set, TABLE_MOVIES, movies, predictor, &table->movie_count, status);
    if (table->movies == NULL)
        return false;
    table->cells = memory_take_array((size_t)table->user_count * table->movie_count, sizeof *table->cells,
                                     "the cells of a table", status);
    return table->cells != NULL && predict_cells(table, predictor, status) && fill_actual(table, status);
}

bool crosstab_make(struct crosstab *table, const struct packed_set *set, struct predictor *predictor,
                   uint32_t users, uint32_t movies, struct status *status) {
    *table = (struct crosstab){.set = set};
    uint32_t rows = users < set->users ? users : set->users;
    uint32_t columns = movies < set->movies ? movies : set->movies;
    if ((uint64_t)rows * columns > CROSSTAB_CELLS_MAX)
        return status_fail(status, STATUS_USAGE, "a table of %u x %u cells is too large: at most %d cells",
                           rows, columns, CROSSTAB_CELLS_MAX);
    if (!fill(table, predictor, users, movies, status)) {
        crosstab_free(table);
        return false;
    }
    add_up(table);
    return true;
}

void crosstab_free(struct crosstab *table) {
    memory_release(table->users);
    memory_release(table->movies);
    memory_release(table->cells);
    *table = (struct crosstab){0};
}

const struct crosstab_cell *crosstab_cell(const struct crosstab *table, uint32_t user, uint32_t movie) {
    return cell_at(table, user, movie);
}

uint64_t crosstab_rated(const struct crosstab *table) {
    return table->train.count + table->valid.count;
}
