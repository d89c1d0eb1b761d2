#include "cli/ranking.h"

#include <string.h>

#include "analysis/titles.h"
#include "cli/json_text.h"

enum { TITLE_BYTES = 1024, LINE_BYTES = 4096 };

static const struct string_table *ids_of(const struct ranking *ranking, enum table_id table) {
    return table == TABLE_USERS ? &ranking->model->user_ids : &ranking->model->movie_ids;
}

static void title_of(const struct ranking *ranking, uint32_t movie, char title[TITLE_BYTES]) {
    struct titles titles = {&ranking->model->movie_titles, &ranking->model->movie_ids};
    titles_fit_movie(&titles, movie, SIZE_MAX, title, TITLE_BYTES);
}

bool ranking_begin(const struct ranking *ranking, struct status *status) {
    char line[128];
    if (ranking->json)
        return true;
    int length = snprintf(line, sizeof line, "%srank\t%s\t%s\n", ranking->names_user ? "user\t" : "",
                          ranking->table == TABLE_MOVIES ? "movie\ttitle" : "user", ranking->value);
    return output_file_write(ranking->out, line, (size_t)length, status);
}

static bool write_table_row(const struct ranking *ranking, uint32_t user, uint32_t rank, uint32_t row,
                            double value, struct status *status) {
    char line[LINE_BYTES], title[TITLE_BYTES] = "";
    size_t user_length = 0, length;
    const char *id = string_table_get(ids_of(ranking, ranking->table), row, &length), *name = "";
    if (ranking->names_user)
        name = string_table_get(&ranking->model->user_ids, user, &user_length);
    if (ranking->table == TABLE_MOVIES)
        title_of(ranking, row, title);
    int size = snprintf(line, sizeof line, "%.*s%s%u\t%.*s\t%s%s%.6g\n", (int)user_length, name,
                        ranking->names_user ? "\t" : "", rank, (int)length, id, title,
                        ranking->table == TABLE_MOVIES ? "\t" : "", value);
    if (size >= LINE_BYTES)
        return status_fail(status, STATUS_BAD_DATA, "an id is too long for a table's line; use --json");
    return output_file_write(ranking->out, line, (size_t)size, status);
}

static json_t *json_id(const struct string_table *ids, uint32_t row) {
    size_t length;
    const char *id = string_table_get(ids, row, &length);
    return json_text(id, length);
}

json_t *ranking_object(const struct ranking *ranking, uint32_t user, uint32_t rank, uint32_t row,
                       double value) {
    json_t *object = json_object();
    char title[TITLE_BYTES];
    if (ranking->names_user)
        json_object_set_new(object, "user", json_id(&ranking->model->user_ids, user));
    json_object_set_new(object, "rank", json_integer(rank));
    json_object_set_new(object, ranking->table == TABLE_MOVIES ? "movie" : "user",
                        json_id(ids_of(ranking, ranking->table), row));
    if (ranking->table == TABLE_MOVIES) {
        title_of(ranking, row, title);
        json_t *text = json_string(title);
        json_object_set_new(object, "title", text != NULL ? text : json_null());
    }
    json_object_set_new(object, ranking->value, json_real(value));
    return object;
}

static bool write_json_row(const struct ranking *ranking, uint32_t user, uint32_t rank, uint32_t row,
                           double value, struct status *status) {
    char line[LINE_BYTES];
    json_t *object = ranking_object(ranking, user, rank, row, value);
    size_t length = json_dumpb(object, line, sizeof line - 1, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(object);
    if (length == 0 || length > sizeof line - 1)
        return status_fail(status, STATUS_NO_MEMORY, "cannot make a line of JSON");
    line[length] = '\n';
    return output_file_write(ranking->out, line, length + 1, status);
}

bool ranking_write(const struct ranking *ranking, uint32_t user, uint32_t rank, uint32_t row, double value,
                   struct status *status) {
    return ranking->json ? write_json_row(ranking, user, rank, row, value, status)
                         : write_table_row(ranking, user, rank, row, value, status);
}
