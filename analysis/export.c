#include "analysis/export.h"

#include <dirent.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/export_parts.h"
#include "analysis/titles.h"

static const struct {
    const char *name;
    bool (*write)(struct export_job *job, struct status *status);
    bool is_file, has_one_table;
    const char *forbidden; /* bytes that an id cannot have there, besides zero; NULL: it holds any */
} FORMATS[EXPORT_FORMATS] = {
    [EXPORT_NPY] = {"npy", export_npy, false, false, "\r\n"},
    [EXPORT_SAFETENSORS] = {"safetensors", export_safetensors, true, false, NULL},
    [EXPORT_WORD2VEC] = {"word2vec", export_word2vec, true, true, " \t\r\n\v\f"},
    [EXPORT_CSV] = {"csv", export_csv, false, false, NULL},
    [EXPORT_PROJECTOR] = {"projector", export_projector, false, true, "\t\r\n"},
};

const char *export_format_name(enum export_format format) {
    return FORMATS[format].name;
}

bool export_format_named(const char *name, enum export_format *format) {
    for (int i = 0; i < EXPORT_FORMATS; i++)
        if (strcmp(name, FORMATS[i].name) == 0) {
            *format = (enum export_format)i;
            return true;
        }
    return false;
}

bool export_has_one_table(enum export_format format) {
    return FORMATS[format].has_one_table;
}

bool export_is_file(enum export_format format) {
    return FORMATS[format].is_file;
}

static bool fits(const char *id, size_t length, const char *forbidden) {
    for (size_t i = 0; i < length; i++)
        if (strchr(forbidden, id[i]) != NULL)
            return false;
    return true;
}

/* strchr finds the zero byte in every list. */
static bool check_ids(const struct export_spec *spec, const struct model_file *model, enum table_id id,
                      struct status *status) {
    const char *forbidden = FORMATS[spec->format].forbidden;
    struct export_table table = export_table_of(model, id);
    char shown[128];
    size_t length;
    for (uint32_t row = 0; forbidden != NULL && row < table.rows; row++) {
        const char *bytes = string_table_get(table.ids, row, &length);
        if (fits(bytes, length, forbidden) && (length > 0 || spec->format != EXPORT_WORD2VEC))
            continue;
        titles_fit(bytes, length, 40, shown, sizeof shown);
        return status_fail(status, STATUS_BAD_DATA,
                           "the format %s cannot hold the id '%s' of %s row %u: it %s; safetensors and csv "
                           "hold ids of any kind",
                           FORMATS[spec->format].name, shown, table_name(id), row,
                           length == 0                        ? "is empty"
                           : spec->format == EXPORT_WORD2VEC  ? "has white space or a zero byte"
                           : spec->format == EXPORT_PROJECTOR ? "has a tab, line break or zero byte"
                                                              : "has a line break or zero byte");
    }
    return true;
}

/* The names of all files that an export can leave in a folder. */
static bool is_ours(const char *name) {
    static const char *const NAMES[] = {
        "users.npy",        "user_ratings.npy", "movie_ratings.npy", "user_bias.npy",
        "user_ids.txt",     "movies.npy",       "movie_bias.npy",    "movie_ids.txt",
        "movie_titles.txt", "movie_genres.txt", "model.json",        "users.csv",
        "movies.csv",       "tensors.tsv",      "metadata.tsv",      "projector_config.pbtxt",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    return false;
}

/* Nothing but an export is ever replaced. */
static bool check_folder(const struct export_spec *spec, struct status *status) {
    DIR *folder = opendir(spec->out);
    bool well = true, is_empty = true;
    if (folder == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot look into the folder %s", spec->out);
    for (struct dirent *entry; well && (entry = readdir(folder)) != NULL;) {
        bool is_itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        is_empty &= is_itself;
        if (!is_itself && !is_ours(entry->d_name))
            well = status_fail(status, STATUS_CANT_CREATE,
                               "%s holds '%.200s', which no export has written: name another folder",
                               spec->out, entry->d_name);
    }
    closedir(folder);
    if (well && !is_empty && !spec->force)
        return status_fail(status, STATUS_CANT_CREATE, "%s holds an export already; --force replaces it",
                           spec->out);
    return well;
}

/* What is in the way is found before any work is done. */
static bool check_place(const struct export_spec *spec, struct status *status) {
    struct stat found;
    if (stat(spec->out, &found) != 0)
        return true;
    if (S_ISDIR(found.st_mode) != !FORMATS[spec->format].is_file)
        return status_fail(status, STATUS_CANT_CREATE, "%s is %s, and the format %s makes %s", spec->out,
                           S_ISDIR(found.st_mode) ? "a folder" : "a file", FORMATS[spec->format].name,
                           FORMATS[spec->format].is_file ? "a file" : "a folder");
    if (S_ISDIR(found.st_mode))
        return check_folder(spec, status);
    return spec->force ||
           status_fail(status, STATUS_CANT_CREATE, "%s exists; --force replaces it", spec->out);
}

static bool write_folder(struct export_job *job, struct status *status) {
    struct atomic_folder folder;
    if (!atomic_folder_begin(&folder, job->spec->out, status))
        return false;
    job->folder = &folder;
    if (FORMATS[job->spec->format].write(job, status))
        return atomic_folder_commit(&folder, job->spec->force, status);
    atomic_folder_abandon(&folder);
    return false;
}

static bool write_file(struct export_job *job, struct status *status) {
    char copy[PATH_MAX];
    struct folder parents;
    if ((size_t)snprintf(copy, sizeof copy, "%s", job->spec->out) >= sizeof copy)
        return status_fail(status, STATUS_CANT_CREATE, "%.200s...: the name is too long", job->spec->out);
    if (!folder_make(&parents, dirname(copy), status))
        return false;
    if (FORMATS[job->spec->format].write(job, status))
        return true;
    folder_undo(&parents);
    return false;
}

bool export_write(struct export_result *result, const struct export_spec *spec,
                  const struct model_file *model, struct status *status) {
    struct export_job job = {.spec = spec, .model = model, .result = result};
    *result = (struct export_result){0};
    for (int table = 0; table < TABLE_COUNT; table++)
        if (spec->has[table] && !check_ids(spec, model, (enum table_id)table, status))
            return false;
    if (!check_place(spec, status))
        return false;
    return FORMATS[spec->format].is_file ? write_file(&job, status) : write_folder(&job, status);
}
