#include "monitor/csv_table.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "data/atomic_file.h"
#include "data/number.h"
#include "data/text_source.h"

static bool write_failed(const struct csv_table *table, struct status *status) {
    return status_fail_errno(status, STATUS_IO, "cannot write '%s'", table->path);
}

bool csv_table_at(struct csv_table *table, const char *folder, const char *name, const char *head,
                  struct status *status) {
    *table = (struct csv_table){.head = head};
    return snprintf(table->path, sizeof table->path, "%s/%s", folder, name) < PATH_MAX ||
           status_fail(status, STATUS_CANT_CREATE, "the path '%.200s...' is too long", folder);
}

/* ---- reading ---- */

double csv_table_number(const struct field *field) {
    const char *reason;
    double value;
    return number_parse(field->bytes, field->length, &value, &reason) ? value : NAN;
}

static size_t columns_of(const struct csv_table *table) {
    size_t columns = 1;
    for (const char *at = table->head; *at != '\0'; at++)
        columns += *at == ',';
    return columns;
}

static bool is_head(const struct csv_table *table, const struct text_line *line) {
    return line->length == strlen(table->head) && memcmp(line->bytes, table->head, line->length) == 0;
}

bool csv_table_read(struct csv_table *table, void (*row)(void *context, const struct fields *fields),
                    void *context, struct status *status) {
    struct text_line line;
    struct fields fields;
    const char *reason;
    size_t columns = columns_of(table);
    table->rows = 0;
    if (access(table->path, F_OK) != 0 && errno == ENOENT)
        return true;
    struct text_source *source = text_source_open(table->path, status);
    if (source == NULL)
        return false;
    enum text_outcome outcome = text_source_next(source, &line, status);
    if (outcome == TEXT_LINE && is_head(table, &line))
        while ((outcome = text_source_next(source, &line, status)) == TEXT_LINE) {
            table->rows++;
            if (fields_cut(&fields, FIELDS_COMMA, line.bytes, line.length, &reason) &&
                fields.count == columns)
                row(context, &fields);
        }
    text_source_close(source);
    return outcome != TEXT_FAILED;
}

/* ---- adding ---- */

/* Where the last whole line ends. */
static long whole_bytes(FILE *file) {
    char part[4096];
    fseek(file, 0, SEEK_END);
    for (long end = ftell(file); end > 0;) {
        long from = end > (long)sizeof part ? end - (long)sizeof part : 0;
        fseek(file, from, SEEK_SET);
        size_t got = fread(part, 1, (size_t)(end - from), file);
        const char *newline = memrchr(part, '\n', got);
        if (newline != NULL)
            return from + (newline - part) + 1;
        end = from;
    }
    return 0;
}

void csv_table_mend(const struct csv_table *table) {
    char head[512];
    FILE *file = fopen(table->path, "r+e");
    if (file == NULL)
        return;
    bool begins = fgets(head, sizeof head, file) != NULL;
    size_t length = strlen(table->head);
    bool ours = begins && strncmp(head, table->head, length) == 0 && strcmp(head + length, "\n") == 0;
    int failed = ftruncate(fileno(file), ours ? whole_bytes(file) : 0);
    (void)failed; /* then it cannot be written to either, which is noticed soon */
    fclose(file);
}

bool csv_table_open(struct csv_table *table, struct status *status) {
    table->file = fopen(table->path, "ae");
    if (table->file == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot create '%s'", table->path);
    if (fseek(table->file, 0, SEEK_END) == 0 && ftell(table->file) > 0)
        return true;
    fprintf(table->file, "%s\n", table->head);
    return csv_table_flush(table, status);
}

bool csv_table_flush(struct csv_table *table, struct status *status) {
    return (fflush(table->file) == 0 && !ferror(table->file)) || write_failed(table, status);
}

void csv_table_close(struct csv_table *table) {
    if (table->file != NULL)
        fclose(table->file);
    table->file = NULL;
}

/* ---- thinning ---- */

static bool is_kept(const struct text_line *line, uint64_t keep_every) {
    const char *comma = memchr(line->bytes, ',', line->length), *reason;
    int64_t sample;
    if (keep_every == 1)
        return true;
    return comma != NULL &&
           number_parse_whole(line->bytes, (size_t)(comma - line->bytes), &sample, &reason) && sample > 0 &&
           (uint64_t)(sample - 1) % keep_every == 0;
}

static bool copy_kept(struct text_source *from, struct atomic_file *to, uint64_t keep_every, uint64_t skip,
                      uint64_t *rows, struct status *status) {
    struct text_line line;
    enum text_outcome outcome;
    *rows = 0;
    while ((outcome = text_source_next(from, &line, status)) == TEXT_LINE) {
        if (line.number > 1 && (!is_kept(&line, keep_every) || (skip > 0 && skip-- > 0)))
            continue;
        *rows += line.number > 1;
        if (!atomic_file_write(to, line.bytes, line.length, status) ||
            !atomic_file_write(to, "\n", 1, status))
            return false;
    }
    return outcome == TEXT_END;
}

static bool rewrite(const struct csv_table *table, uint64_t keep_every, uint64_t skip, uint64_t *rows,
                    struct status *status) {
    struct text_source *from = text_source_open(table->path, status);
    struct atomic_file *to = from == NULL ? NULL : atomic_file_create(table->path, status);
    bool good = to != NULL && copy_kept(from, to, keep_every, skip, rows, status);
    text_source_close(from);
    if (good)
        return atomic_file_commit(to, status);
    atomic_file_abandon(to);
    return false;
}

bool csv_table_thin(struct csv_table *table, uint64_t keep_every, uint64_t skip, struct status *status) {
    uint64_t rows;
    csv_table_close(table);
    if (!rewrite(table, keep_every, skip, &rows, status) || !csv_table_open(table, status))
        return false;
    table->rows = rows;
    return true;
}
