#include "analysis/export_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"

struct export_table export_table_of(const struct model_file *model, enum table_id table) {
    if (table == TABLE_USERS)
        return (struct export_table){.table = table,
                                     .rows = model->users,
                                     .factors = model->spec.factors,
                                     .values = model->user_rows,
                                     .counts = model->user_counts,
                                     .ids = &model->user_ids};
    return (struct export_table){.table = table,
                                 .rows = model->movies,
                                 .factors = model->spec.factors,
                                 .values = model->movie_rows,
                                 .counts = model->movie_counts,
                                 .ids = &model->movie_ids,
                                 .titles = &model->movie_titles,
                                 .genres = &model->movie_genres};
}

enum table_id export_only_table(const struct export_spec *spec) {
    REQUIRE(spec->has[TABLE_USERS] != spec->has[TABLE_MOVIES], "the format has one table");
    return spec->has[TABLE_USERS] ? TABLE_USERS : TABLE_MOVIES;
}

bool export_has_titles(const struct model_file *model) {
    const struct string_table *titles = &model->movie_titles;
    return titles->count > 0 && titles->offsets[titles->count] > 0;
}

struct atomic_file *export_begin(struct export_job *job, const char *name, struct status *status) {
    REQUIRE(job->result->count < EXPORT_FILES_MAX, "an export has few files");
    job->result->names[job->result->count++] = job->folder != NULL ? name : NULL;
    return job->folder != NULL ? atomic_folder_file(job->folder, name, status)
                               : atomic_file_create(job->spec->out, status);
}

bool export_end(struct atomic_file *file, bool well, struct status *status) {
    if (well)
        return atomic_file_commit(file, status);
    atomic_file_abandon(file);
    return false;
}

bool export_put(struct atomic_file *file, const char *text, struct status *status) {
    return atomic_file_write(file, text, strlen(text), status);
}

bool export_put_floats(struct atomic_file *file, char separator, const float *values, uint32_t count,
                       struct status *status) {
    char text[32];
    bool done = true;
    for (uint32_t i = 0; done && i < count; i++) {
        int length = snprintf(text, sizeof text, "%c%.9g", separator, (double)values[i]);
        done = atomic_file_write(file, text, (size_t)length, status);
    }
    return done;
}

bool export_put_count(struct atomic_file *file, uint32_t count, struct status *status) {
    char text[16];
    snprintf(text, sizeof text, "%" PRIu32, count);
    return export_put(file, text, status);
}

bool export_put_string(struct atomic_file *file, const struct string_table *strings, uint32_t row,
                       struct status *status) {
    size_t length;
    if (strings == NULL || row >= strings->count)
        return true;
    const char *bytes = string_table_get(strings, row, &length);
    return atomic_file_write(file, bytes, length, status);
}

bool export_put_label(struct atomic_file *file, const struct string_table *strings, uint32_t row,
                      struct status *status) {
    size_t length = 0;
    const char *bytes =
        strings != NULL && row < strings->count ? string_table_get(strings, row, &length) : "";
    bool done = true;
    for (size_t i = 0; done && i < length; i++) {
        bool is_control = (unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f;
        done = atomic_file_write(file, is_control ? " " : bytes + i, 1, status);
    }
    return done;
}
