#include "analysis/workbook.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/workbook_parts.h"
#include "core/contract.h"
#include "data/atomic_file.h"
#include "data/zipped_xml.h"

/* The step that the workbook shows first; L2 as in the lesson. */
static const double LEARNING_RATE = 0.1, L2_PENALTY = 2e-4;

enum { NAME_CHARACTERS = 200 };

/* XML has no place for these two, which are valid UTF-8. */
static void mend(char *text) {
    for (char *at = text; (at = strstr(at, "\xef\xbf")) != NULL; at += 3)
        if ((unsigned char)at[2] >= 0xbe)
            memcpy(at, "???", 3);
}

const char *workbook_id(const struct workbook_job *job, enum table_id table, uint32_t line,
                        char text[WORKBOOK_TEXT_BYTES]) {
    const struct packed_set *set = job->table->set;
    size_t length;
    const char *id = table == TABLE_USERS
                         ? string_table_get(&set->user_ids, job->table->users[line].set_row, &length)
                         : string_table_get(&set->movie_ids, job->table->movies[line].set_row, &length);
    titles_fit(id, length, NAME_CHARACTERS, text, WORKBOOK_TEXT_BYTES);
    mend(text);
    return text;
}

const char *workbook_name(const struct workbook_job *job, enum table_id table, uint32_t line,
                          char text[WORKBOOK_TEXT_BYTES]) {
    const struct packed_set *set = job->table->set;
    const struct titles titles = {&set->movie_titles, &set->movie_ids};
    const struct crosstab_line *of =
        table == TABLE_USERS ? &job->table->users[line] : &job->table->movies[line];
    char name[WORKBOOK_TEXT_BYTES];
    if (table == TABLE_USERS)
        snprintf(name, sizeof name, "user %.*s", WORKBOOK_TEXT_BYTES - 64,
                 workbook_id(job, table, line, text));
    else
        titles_fit_movie(&titles, of->set_row, NAME_CHARACTERS, name, sizeof name);
    snprintf(text, WORKBOOK_TEXT_BYTES, "%.*s%s", WORKBOOK_TEXT_BYTES - 64, name,
             of->model_row == ID_UNKNOWN ? " (not in the model)" : "");
    mend(text);
    return text;
}

uint32_t workbook_line_row(const struct workbook_job *job, enum table_id table, uint32_t line) {
    return (table == TABLE_USERS ? job->layout.users_row : job->layout.movies_row) + line;
}

const char *workbook_part_word(enum crosstab_part part) {
    return part == CROSSTAB_TRAIN ? "train" : part == CROSSTAB_VALID ? "test" : "";
}

static void lay_out(struct workbook_layout *layout, const struct workbook_numbers *numbers) {
    layout->factor_column = BIAS_COLUMN + (numbers->spec.has_bias ? 1 : 0);
    if (numbers->spec.has_bias)
        layout->bias = column_name(BIAS_COLUMN);
    layout->first_factor = column_name(layout->factor_column);
    layout->last_factor = column_name(layout->factor_column + numbers->spec.factors - 1);
    layout->first_movie = column_name(GRID_COLUMN);
    layout->last_movie = column_name(GRID_COLUMN + numbers->movies - 1);
    layout->users_row = TOP_ROW + 1;
    layout->last_user_row = layout->users_row + numbers->users - 1;
    layout->movies_row = layout->last_user_row + 3;
    layout->last_movie_row = layout->movies_row + numbers->movies - 1;
}

static bool write_sheets(struct workbook_job *job, struct status *status) {
    workbook_read_me(job);
    workbook_inputs(job);
    workbook_ratings(job);
    workbook_model(job);
    workbook_predictions(job);
    workbook_step(job);
    workbook_slopes(job);
    workbook_new_model(job);
    workbook_new_predictions(job);
    if (!workbook_map(job, status))
        return false;
    workbook_sources(job);
    return true;
}

/* Hands what was written to the memory file on to the one that lasts, if it is whole. */
static bool hand_on(int memory, struct atomic_file *file, struct status *status) {
    struct stat found;
    if (fstat(memory, &found) != 0)
        return status_fail_errno(status, STATUS_IO, "cannot read the workbook back");
    size_t length = (size_t)found.st_size;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, memory, 0);
    if (bytes == MAP_FAILED)
        return status_fail_errno(status, STATUS_IO, "cannot read the workbook back");
    bool whole = zipped_xml_check(bytes, length, status);
    if (!whole)
        status_context(status, "the workbook came out broken (no room for temporary files?)");
    bool well = whole && atomic_file_write(file, bytes, length, status);
    munmap(bytes, length);
    return well;
}

/* libxlsxwriter writes to a name of its own choosing only: it gets that of a file in memory. */
static bool make_book(struct workbook_job *job, int memory, struct status *status) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    book_open(&job->book, path);
    bool written = write_sheets(job, status);
    enum status_code code = job->book.error == LXW_ERROR_MEMORY_MALLOC_FAILED ? STATUS_NO_MEMORY : STATUS_IO;
    if (!book_close(&job->book) && written)
        return status_fail(status, code, "cannot make the workbook: %s", lxw_strerror(job->book.error));
    return written;
}

static bool make_file(struct workbook_job *job, struct atomic_file *file, struct status *status) {
    int memory = memfd_create("workbook", MFD_CLOEXEC);
    if (memory < 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot make a file in memory");
    bool well = make_book(job, memory, status) && hand_on(memory, file, status);
    close(memory);
    return well;
}

/* What is in the way is found before any work is done. */
static bool check(const struct workbook_spec *spec, const struct crosstab *table, struct status *status) {
    struct stat found;
    REQUIRE(table->user_count <= WORKBOOK_LINES_MAX && table->movie_count <= WORKBOOK_LINES_MAX,
            "a workbook for so large a table");
    if (table->user_count == 0 || table->movie_count == 0)
        return status_fail(status, STATUS_BAD_DATA, "there are no ratings to make a workbook of");
    if (!spec->force && stat(spec->out, &found) == 0)
        return status_fail(status, STATUS_CANT_CREATE, "%s exists; --force replaces it", spec->out);
    return true;
}

bool workbook_write(const struct workbook_spec *spec, const struct crosstab *table,
                    const struct predictor *predictor, struct status *status) {
    struct workbook_job job = {.table = table, .predictor = predictor};
    if (!check(spec, table, status))
        return false;
    struct atomic_file *file = atomic_file_create(spec->out, status);
    if (file == NULL)
        return false;
    bool well = workbook_numbers_make(&job.numbers, table, predictor, LEARNING_RATE, L2_PENALTY, status);
    if (well) {
        lay_out(&job.layout, &job.numbers);
        well = make_file(&job, file, status);
    }
    workbook_numbers_free(&job.numbers);
    if (well)
        return atomic_file_commit(file, status);
    atomic_file_abandon(file);
    return false;
}
