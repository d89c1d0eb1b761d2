/* The formats that are text: word2vec, csv and TensorBoard's projector. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/export_parts.h"
#include "data/csv_writer.h"

static bool word2vec_rows(struct atomic_file *file, const struct export_table *table, struct status *status) {
    char head[48];
    snprintf(head, sizeof head, "%" PRIu32 " %" PRIu32 "\n", table->rows, table->factors);
    bool done = export_put(file, head, status);
    for (uint32_t row = 0; done && row < table->rows; row++)
        done = export_put_string(file, table->ids, row, status) &&
               export_put_floats(file, ' ', export_row(table, row), table->factors, status) &&
               export_put(file, "\n", status);
    return done;
}

bool export_word2vec(struct export_job *job, struct status *status) {
    struct export_table table = export_table_of(job->model, export_only_table(job->spec));
    struct atomic_file *file = export_begin(job, NULL, status);
    return file != NULL && export_end(file, word2vec_rows(file, &table, status), status);
}

static bool csv_head(struct atomic_file *file, const struct export_table *table, struct status *status) {
    char name[16];
    bool done =
        export_put(file, table->titles != NULL ? "id,title,genres,ratings,bias" : "id,ratings,bias", status);
    for (uint32_t k = 0; done && k < table->factors; k++) {
        snprintf(name, sizeof name, ",f%" PRIu32, k);
        done = export_put(file, name, status);
    }
    return done && export_put(file, "\n", status);
}

static bool csv_string(struct atomic_file *file, const struct string_table *strings, uint32_t row,
                       struct status *status) {
    size_t length = 0;
    const char *bytes = row < strings->count ? string_table_get(strings, row, &length) : "";
    return csv_write_text(file, bytes, length, status);
}

static bool csv_row(struct atomic_file *file, const struct export_table *table, uint32_t row,
                    struct status *status) {
    const float *values = export_row(table, row);
    bool done = csv_string(file, table->ids, row, status) && export_put(file, ",", status);
    if (done && table->titles != NULL)
        done = csv_string(file, table->titles, row, status) && export_put(file, ",", status) &&
               csv_string(file, table->genres, row, status) && export_put(file, ",", status);
    return done && export_put_count(file, table->counts[row], status) &&
           export_put_floats(file, ',', values + table->factors, 1, status) &&
           export_put_floats(file, ',', values, table->factors, status) && export_put(file, "\n", status);
}

static bool csv_table(struct export_job *job, enum table_id id, struct status *status) {
    struct export_table table = export_table_of(job->model, id);
    struct atomic_file *file = export_begin(job, id == TABLE_USERS ? "users.csv" : "movies.csv", status);
    bool done = file != NULL && csv_head(file, &table, status);
    for (uint32_t row = 0; done && row < table.rows; row++)
        done = csv_row(file, &table, row, status);
    return file != NULL && export_end(file, done, status);
}

bool export_csv(struct export_job *job, struct status *status) {
    return (!job->spec->has[TABLE_USERS] || csv_table(job, TABLE_USERS, status)) &&
           (!job->spec->has[TABLE_MOVIES] || csv_table(job, TABLE_MOVIES, status));
}

static bool projector_tensors(struct export_job *job, const struct export_table *table,
                              struct status *status) {
    struct atomic_file *file = export_begin(job, "tensors.tsv", status);
    bool done = file != NULL;
    for (uint32_t row = 0; done && row < table->rows; row++) {
        const float *values = export_row(table, row);
        char first[32];
        snprintf(first, sizeof first, "%.9g", (double)values[0]);
        done = export_put(file, first, status) &&
               export_put_floats(file, '\t', values + 1, table->factors - 1, status) &&
               export_put(file, "\n", status);
    }
    return file != NULL && export_end(file, done, status);
}

/* The title or, without one, the id. */
static bool projector_name(struct atomic_file *file, const struct export_table *table, uint32_t row,
                           struct status *status) {
    size_t length;
    string_table_get(table->titles, row, &length);
    return export_put_label(file, length > 0 ? table->titles : table->ids, row, status);
}

static bool projector_line(struct atomic_file *file, const struct export_table *table, uint32_t row,
                           struct status *status) {
    bool done = true;
    if (table->titles != NULL)
        done = projector_name(file, table, row, status) && export_put(file, "\t", status) &&
               export_put_label(file, table->genres, row, status) && export_put(file, "\t", status);
    return done && export_put_string(file, table->ids, row, status) && export_put(file, "\t", status) &&
           export_put_count(file, table->counts[row], status) && export_put(file, "\n", status);
}

/* The projector labels points by the first column. */
static bool projector_metadata(struct export_job *job, const struct export_table *table,
                               struct status *status) {
    struct export_table shown = *table;
    if (!export_has_titles(job->model))
        shown.titles = NULL;
    struct atomic_file *file = export_begin(job, "metadata.tsv", status);
    bool done =
        file != NULL &&
        export_put(file, shown.titles != NULL ? "title\tgenres\tid\tratings\n" : "id\tratings\n", status);
    for (uint32_t row = 0; done && row < shown.rows; row++)
        done = projector_line(file, &shown, row, status);
    return file != NULL && export_end(file, done, status);
}

static bool projector_config(struct export_job *job, const struct export_table *table,
                             struct status *status) {
    char text[256];
    snprintf(text, sizeof text,
             "embeddings {\n  tensor_name: \"%ss\"\n  tensor_shape: %" PRIu32 "\n  tensor_shape: %" PRIu32
             "\n  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n}\n",
             table_name(table->table), table->rows, table->factors);
    struct atomic_file *file = export_begin(job, "projector_config.pbtxt", status);
    return file != NULL && export_end(file, export_put(file, text, status), status);
}

bool export_projector(struct export_job *job, struct status *status) {
    struct export_table table = export_table_of(job->model, export_only_table(job->spec));
    return projector_tensors(job, &table, status) && projector_metadata(job, &table, status) &&
           projector_config(job, &table, status);
}
