#include "cli/crosstab_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "analysis/evaluation.h"
#include "cli/csv_field.h"
#include "cli/json_text.h"

enum { ID_CELLS = 12, ID_BYTES = 4 * ID_CELLS + 8, TITLE_BYTES = 1024, CELL_BYTES = 24 };

static const char *const PART_NAMES[] = {
    [CROSSTAB_BLANK] = "", [CROSSTAB_TRAIN] = "train", [CROSSTAB_VALID] = "valid"};
static const char *const VIEW_NAMES[] = {"actual", "predicted", "error"};

static const char *user_id(const struct crosstab *table, uint32_t user, size_t *length) {
    return string_table_get(&table->set->user_ids, table->users[user].set_row, length);
}

static const char *movie_id(const struct crosstab *table, uint32_t movie, size_t *length) {
    return string_table_get(&table->set->movie_ids, table->movies[movie].set_row, length);
}

static size_t title_of(const struct crosstab *table, uint32_t movie, char *title, size_t capacity) {
    struct titles titles = {&table->set->movie_titles, &table->set->movie_ids};
    return titles_fit_movie(&titles, table->movies[movie].set_row, SIZE_MAX, title, capacity);
}

static bool is_shown(enum crosstab_view asked, enum crosstab_view view) {
    return asked == VIEW_ALL || asked == view;
}

/* False where the view has nothing to say of the cell. */
static bool value_of(const struct crosstab_cell *cell, enum crosstab_view view, double *value) {
    *value = view == VIEW_ACTUAL      ? (double)cell->actual
             : view == VIEW_PREDICTED ? cell->predicted
                                      : cell->error;
    return view == VIEW_PREDICTED || cell->part != CROSSTAB_BLANK;
}

/* For people: "4.0", with a star "4.0*" for one that validates; "(3.87)" for a prediction of what was not rated. */
static void cell_text(const struct crosstab_cell *cell, enum crosstab_view view, char text[CELL_BYTES]) {
    double value;
    if (!value_of(cell, view, &value))
        text[0] = '\0';
    else if (cell->part == CROSSTAB_BLANK)
        snprintf(text, CELL_BYTES, "(%.2f)", value);
    else
        snprintf(text, CELL_BYTES,
                 view == VIEW_ACTUAL  ? "%.1f%s"
                 : view == VIEW_ERROR ? "%+.2f%s"
                                      : "%.2f%s",
                 value, cell->part == CROSSTAB_VALID ? "*" : " ");
}

static void print_right(const char *text, size_t characters, size_t width) {
    for (; characters < width; characters++)
        putchar(' ');
    fputs(text, stdout);
}

static void print_id(const char *id, size_t length, size_t width) {
    char text[ID_BYTES];
    size_t characters = titles_fit(id, length, ID_CELLS, text, sizeof text);
    print_right(text, characters, width);
}

/* Wide enough for every id, up to ID_CELLS. */
static size_t widest(const struct crosstab *table,
                     const char *(*id_of)(const struct crosstab *, uint32_t, size_t *), uint32_t count,
                     size_t least) {
    size_t width = least;
    for (uint32_t i = 0; i < count; i++) {
        char text[ID_BYTES];
        size_t length;
        const char *id = id_of(table, i, &length);
        size_t characters = titles_fit(id, length, ID_CELLS, text, sizeof text);
        width = characters > width ? characters : width;
    }
    return width;
}

static void print_table(const struct crosstab *table, enum crosstab_view view) {
    size_t user_width = widest(table, user_id, table->user_count, 4), length;
    size_t width = widest(table, movie_id, table->movie_count, 6) + 1;
    print_right("user", 4, user_width);
    for (uint32_t movie = 0; movie < table->movie_count; movie++) {
        const char *id = movie_id(table, movie, &length);
        print_id(id, length, width - 1);
        putchar(' ');
    }
    putchar('\n');
    for (uint32_t user = 0; user < table->user_count; user++) {
        const char *id = user_id(table, user, &length);
        print_id(id, length, user_width);
        for (uint32_t movie = 0; movie < table->movie_count; movie++) {
            char text[CELL_BYTES];
            cell_text(crosstab_cell(table, user, movie), view, text);
            print_right(text, strlen(text), width);
        }
        putchar('\n');
    }
}

static void print_heading(enum crosstab_view view) {
    static const char *const HEADINGS[] = {
        "actual ratings (* validates, blank: not rated)",
        "predicted ratings (* validates, in brackets: not rated)",
        "error: predicted - actual (* validates, blank: not rated)",
    };
    printf("%s\n\n", HEADINGS[view]);
}

static void print_titles(const struct crosstab *table) {
    size_t width = widest(table, movie_id, table->movie_count, 6), length;
    puts("movies");
    for (uint32_t movie = 0; movie < table->movie_count; movie++) {
        char title[TITLE_BYTES];
        const char *id = movie_id(table, movie, &length);
        title_of(table, movie, title, sizeof title);
        print_id(id, length, width);
        printf("  %s  (%u ratings)\n", title, table->movies[movie].count);
    }
}

static void print_loss(const char *name, const struct loss_sum *sum) {
    struct metrics metrics;
    if (evaluation_metrics(sum, &metrics))
        printf("  %-10s %5llu rated cells  rmse %.5f  mae %.5f\n", name, (unsigned long long)sum->count,
               metrics.rmse, metrics.mae);
    else
        printf("  %-10s     no rated cell\n", name);
}

void crosstab_print_text(const struct crosstab *table, enum crosstab_view view) {
    for (enum crosstab_view each = VIEW_ACTUAL; each < VIEW_ALL; each++)
        if (is_shown(view, each)) {
            print_heading(each);
            print_table(table, each);
            putchar('\n');
        }
    print_titles(table);
    uint64_t rated = crosstab_rated(table), cells = (uint64_t)table->user_count * table->movie_count;
    printf("\n%llu of %llu cells are rated", (unsigned long long)rated, (unsigned long long)cells);
    if (rated > 0)
        printf(", %.4f on average", table->actual_sum / (double)rated);
    putchar('\n');
    print_loss("training", &table->train);
    print_loss("validation", &table->valid);
}

static void print_number(const struct crosstab_cell *cell, enum crosstab_view view) {
    double value;
    putchar(',');
    if (value_of(cell, view, &value))
        printf("%.9g", value);
}

static void print_csv_row(const struct crosstab *table, uint32_t user, uint32_t movie) {
    const struct crosstab_cell *cell = crosstab_cell(table, user, movie);
    char title[TITLE_BYTES];
    size_t user_length, movie_length;
    const char *user_bytes = user_id(table, user, &user_length),
               *movie_bytes = movie_id(table, movie, &movie_length);
    title_of(table, movie, title, sizeof title);
    csv_field(user_bytes, user_length);
    putchar(',');
    csv_field(movie_bytes, movie_length);
    putchar(',');
    csv_field(title, strlen(title));
    printf(",%s", PART_NAMES[cell->part]);
    for (enum crosstab_view view = VIEW_ACTUAL; view < VIEW_ALL; view++)
        print_number(cell, view);
    putchar('\n');
}

static void print_csv_list(const struct crosstab *table) {
    puts("user,movie,title,part,actual,predicted,error");
    for (uint32_t user = 0; user < table->user_count; user++)
        for (uint32_t movie = 0; movie < table->movie_count; movie++)
            print_csv_row(table, user, movie);
}

static void print_csv_table(const struct crosstab *table, enum crosstab_view view) {
    size_t length;
    fputs("user", stdout);
    for (uint32_t movie = 0; movie < table->movie_count; movie++) {
        const char *id = movie_id(table, movie, &length);
        putchar(',');
        csv_field(id, length);
    }
    putchar('\n');
    for (uint32_t user = 0; user < table->user_count; user++) {
        const char *id = user_id(table, user, &length);
        csv_field(id, length);
        for (uint32_t movie = 0; movie < table->movie_count; movie++)
            print_number(crosstab_cell(table, user, movie), view);
        putchar('\n');
    }
}

void crosstab_print_csv(const struct crosstab *table, enum crosstab_view view) {
    if (view == VIEW_ALL)
        print_csv_list(table);
    else
        print_csv_table(table, view);
}

static json_t *json_line(const struct crosstab_line *line, const char *id, size_t length) {
    json_t *object = json_object();
    json_object_set_new(object, "id", json_text(id, length));
    json_object_set_new(object, "ratings", json_integer(line->count));
    json_object_set_new(object, "known", json_boolean(line->model_row != ID_UNKNOWN));
    return object;
}

static json_t *json_users(const struct crosstab *table) {
    json_t *users = json_array();
    for (uint32_t user = 0; user < table->user_count; user++) {
        size_t length;
        const char *id = user_id(table, user, &length);
        json_array_append_new(users, json_line(&table->users[user], id, length));
    }
    return users;
}

static json_t *json_movies(const struct crosstab *table) {
    json_t *movies = json_array();
    for (uint32_t movie = 0; movie < table->movie_count; movie++) {
        char title[TITLE_BYTES];
        size_t length;
        const char *id = movie_id(table, movie, &length);
        json_t *object = json_line(&table->movies[movie], id, length);
        title_of(table, movie, title, sizeof title);
        json_object_set_new(object, "title", json_text(title, strlen(title)));
        json_array_append_new(movies, object);
    }
    return movies;
}

static json_t *json_part(const struct crosstab_cell *cell) {
    return cell->part != CROSSTAB_BLANK ? json_string(PART_NAMES[cell->part]) : json_null();
}

static json_t *json_value(const struct crosstab_cell *cell, enum crosstab_view view) {
    double value;
    return value_of(cell, view, &value) ? json_real(value) : json_null();
}

/* One view, or the parts for VIEW_ALL. */
static json_t *json_matrix(const struct crosstab *table, enum crosstab_view view) {
    json_t *rows = json_array();
    for (uint32_t user = 0; user < table->user_count; user++) {
        json_t *row = json_array();
        for (uint32_t movie = 0; movie < table->movie_count; movie++) {
            const struct crosstab_cell *cell = crosstab_cell(table, user, movie);
            json_array_append_new(row, view == VIEW_ALL ? json_part(cell) : json_value(cell, view));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *json_loss(const struct loss_sum *sum) {
    struct metrics metrics;
    json_t *object = json_pack("{s:I}", "ratings", (json_int_t)sum->count);
    bool any = evaluation_metrics(sum, &metrics);
    json_object_set_new(object, "rmse", any ? json_real(metrics.rmse) : json_null());
    json_object_set_new(object, "mae", any ? json_real(metrics.mae) : json_null());
    return object;
}

void crosstab_print_json(const struct crosstab *table, enum crosstab_view view) {
    json_t *object = json_object();
    uint64_t rated = crosstab_rated(table);
    json_object_set_new(object, "users", json_users(table));
    json_object_set_new(object, "movies", json_movies(table));
    json_object_set_new(object, "part", json_matrix(table, VIEW_ALL));
    for (enum crosstab_view each = VIEW_ACTUAL; each < VIEW_ALL; each++)
        if (is_shown(view, each))
            json_object_set_new(object, VIEW_NAMES[each], json_matrix(table, each));
    json_object_set_new(object, "rated_cells", json_integer((json_int_t)rated));
    json_object_set_new(object, "actual_mean",
                        rated > 0 ? json_real(table->actual_sum / (double)rated) : json_null());
    json_object_set_new(object, "train", json_loss(&table->train));
    json_object_set_new(object, "valid", json_loss(&table->valid));
    json_dumpf(object, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}

void crosstab_print_shortage(const struct crosstab *table, uint32_t users, uint32_t movies) {
    if (table->user_count < users)
        fprintf(stderr, "only %u users have ratings\n", table->user_count);
    if (table->movie_count < movies)
        fprintf(stderr, "only %u movies have ratings\n", table->movie_count);
}
