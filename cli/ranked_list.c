#include "cli/ranked_list.h"

#include <string.h>

#include "analysis/titles.h"
#include "cli/json_text.h"

enum { TITLE_BYTES = 1024, LINE_BYTES = 4096 };

static const struct string_table *ids_of(const struct ranked_list *list, enum table_id table) {
    return table == TABLE_USERS ? &list->model->user_ids : &list->model->movie_ids;
}

static void title_of(const struct ranked_list *list, uint32_t movie, char title[TITLE_BYTES]) {
    struct titles titles = {&list->model->movie_titles, &list->model->movie_ids};
    titles_fit_movie(&titles, movie, SIZE_MAX, title, TITLE_BYTES);
}

bool ranked_list_begin(const struct ranked_list *list, struct status *status) {
    char line[128];
    if (list->json)
        return true;
    int length = snprintf(line, sizeof line, "%srank\t%s\t%s\n", list->names_user ? "user\t" : "",
                          list->table == TABLE_MOVIES ? "movie\ttitle" : "user", list->value);
    return output_file_write(list->out, line, (size_t)length, status);
}

static bool write_table_row(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                            double value, struct status *status) {
    char line[LINE_BYTES], title[TITLE_BYTES] = "";
    size_t user_length = 0, length;
    const char *id = string_table_get(ids_of(list, list->table), row, &length), *name = "";
    if (list->names_user)
        name = string_table_get(&list->model->user_ids, user, &user_length);
    if (list->table == TABLE_MOVIES)
        title_of(list, row, title);
    int size = snprintf(line, sizeof line, "%.*s%s%u\t%.*s\t%s%s%.6g\n", (int)user_length, name,
                        list->names_user ? "\t" : "", rank, (int)length, id, title,
                        list->table == TABLE_MOVIES ? "\t" : "", value);
    if (size >= LINE_BYTES)
        return status_fail(status, STATUS_BAD_DATA, "an id is too long for a table's line; use --json");
    return output_file_write(list->out, line, (size_t)size, status);
}

static json_t *json_id(const struct string_table *ids, uint32_t row) {
    size_t length;
    const char *id = string_table_get(ids, row, &length);
    return json_text(id, length);
}

json_t *ranked_list_object(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                           double value) {
    json_t *object = json_object();
    char title[TITLE_BYTES];
    if (list->names_user)
        json_object_set_new(object, "user", json_id(&list->model->user_ids, user));
    json_object_set_new(object, "rank", json_integer(rank));
    json_object_set_new(object, list->table == TABLE_MOVIES ? "movie" : "user",
                        json_id(ids_of(list, list->table), row));
    if (list->table == TABLE_MOVIES) {
        title_of(list, row, title);
        json_t *text = json_string(title);
        json_object_set_new(object, "title", text != NULL ? text : json_null());
    }
    json_object_set_new(object, list->value, json_real(value));
    return object;
}

static bool write_json_row(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                           double value, struct status *status) {
    char line[LINE_BYTES];
    json_t *object = ranked_list_object(list, user, rank, row, value);
    size_t length = json_dumpb(object, line, sizeof line - 1, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(object);
    if (length == 0 || length > sizeof line - 1)
        return status_fail(status, STATUS_NO_MEMORY, "cannot make a line of JSON");
    line[length] = '\n';
    return output_file_write(list->out, line, length + 1, status);
}

bool ranked_list_write(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                       double value, struct status *status) {
    return list->json ? write_json_row(list, user, rank, row, value, status)
                      : write_table_row(list, user, rank, row, value, status);
}
