/* What the formats of analysis/export.h share: a table as a view of the model, files that come and go with the whole,
 * numbers and texts. Used by analysis/export*.c alone. */
#ifndef ANALYSIS_EXPORT_PARTS_H
#define ANALYSIS_EXPORT_PARTS_H

#include "analysis/export.h"
#include "data/atomic_folder.h"

/* An export under way. */
struct export_job {
    const struct export_spec *spec;
    const struct model_file *model;
    struct atomic_folder *folder; /* NULL for a format of one file */
    struct export_result *result;
};

/* A table of the model; borrows it. */
struct export_table {
    enum table_id table;
    uint32_t rows, factors;
    const float *values;                              /* [rows][factors + 1], the bias last */
    const uint32_t *counts;                           /* [rows] */
    const struct string_table *ids, *titles, *genres; /* the latter two NULL for users */
};
struct export_table export_table_of(const struct model_file *model, enum table_id table);

/* Embedding and bias of a row. */
static inline const float *export_row(const struct export_table *table, uint32_t row) {
    return table->values + (size_t)row * (table->factors + 1);
}

/* The one table of a format of one table. */
enum table_id export_only_table(const struct export_spec *spec);

/* Whether any movie has a title. */
bool export_has_titles(const struct model_file *model);

/* Begins a file of the export: `name` in its folder, or the one file. Noted in the result. */
struct atomic_file *export_begin(struct export_job *job, const char *name, struct status *status);

/* Commits it if all went well, else abandons it; true when it is there. */
bool export_end(struct atomic_file *file, bool well, struct status *status);

bool export_put(struct atomic_file *file, const char *text, struct status *status);

/* Writes values[count], each behind a separator, so that they read back to the same bits. */
bool export_put_floats(struct atomic_file *file, char separator, const float *values, uint32_t count,
                       struct status *status);

bool export_put_count(struct atomic_file *file, uint32_t count, struct status *status);

/* String `row` as it is; nothing for a NULL table. */
bool export_put_string(struct atomic_file *file, const struct string_table *strings, uint32_t row,
                       struct status *status);

/* The same for people: control bytes become spaces. */
bool export_put_label(struct atomic_file *file, const struct string_table *strings, uint32_t row,
                      struct status *status);

/* The formats. Each writes its files by the spec. */
bool export_npy(struct export_job *job, struct status *status);
bool export_safetensors(struct export_job *job, struct status *status);
bool export_word2vec(struct export_job *job, struct status *status);
bool export_csv(struct export_job *job, struct status *status);
bool export_projector(struct export_job *job, struct status *status);

#endif
