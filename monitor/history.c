#include "monitor/history.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "monitor/quantity.h"

enum { FIELDS = 12, ROW_BYTES = 1024 };

static const char HEAD[] = "epoch,train_loss,valid_mse,valid_rmse,valid_mae,valid_count,cold_count,"
                           "cold_mse,learning_rate,momentum,seconds,ratings_per_second\n";

struct history {
    FILE *file;
    char path[PATH_MAX];
};

static bool write_failed(const struct history *history, struct status *status) {
    return status_fail_errno(status, STATUS_IO, "cannot write '%s'", history->path);
}

static bool write_head(struct history *history, struct status *status) {
    return (fputs(HEAD, history->file) >= 0 && fflush(history->file) == 0) || write_failed(history, status);
}

/* A history of `path`, with the file `opened` open for writing. */
static struct history *open_history(const char *path, const char *opened, struct status *status) {
    struct history *history = memory_take(sizeof *history, "the history", status);
    if (history == NULL)
        return NULL;
    snprintf(history->path, sizeof history->path, "%s", path);
    history->file = fopen(opened, "we");
    if (history->file != NULL)
        return history;
    status_fail_errno(status, STATUS_CANT_CREATE, "cannot create '%s'", opened);
    memory_release(history);
    return NULL;
}

static void discard(struct history *history) {
    struct status ignored;
    history_close(history, &ignored);
}

struct history *history_create(const char *path, struct status *status) {
    struct history *history = open_history(path, path, status);
    if (history == NULL || write_head(history, status))
        return history;
    discard(history);
    return NULL;
}

/* ---- going on ---- */

/* Whether a line is a whole row of that epoch: a crash may leave half a row, or zeros in its place. */
static bool is_row(const char *line, uint32_t epoch) {
    char begin[16];
    size_t fields = 1;
    int length = snprintf(begin, sizeof begin, "%u,", epoch);
    for (const char *at = line; *at != '\0'; at++)
        fields += *at == ',';
    return strncmp(line, begin, (size_t)length) == 0 && fields == FIELDS && strchr(line, '\n') != NULL;
}

static bool copy_rows(struct history *history, FILE *old, uint32_t epochs, uint32_t *kept,
                      struct status *status) {
    char line[ROW_BYTES];
    bool good = fgets(line, sizeof line, old) != NULL && strcmp(line, HEAD) == 0;
    while (good && *kept < epochs && fgets(line, sizeof line, old) != NULL && is_row(line, *kept + 1)) {
        if (fputs(line, history->file) < 0)
            return write_failed(history, status);
        ++*kept;
    }
    return !ferror(old) || status_fail_errno(status, STATUS_IO, "cannot read '%s'", history->path);
}

static bool keep_rows(struct history *history, uint32_t epochs, uint32_t *kept, struct status *status) {
    FILE *old = fopen(history->path, "re");
    if (old == NULL)
        return errno == ENOENT || status_fail_errno(status, STATUS_IO, "cannot read '%s'", history->path);
    bool good = copy_rows(history, old, epochs, kept, status);
    fclose(old);
    return good;
}

/* Puts the new file in the old one's place; it stays open, and grows there. */
static bool take_place(struct history *history, const char *temporary, struct status *status) {
    if (fflush(history->file) != 0 || fsync(fileno(history->file)) != 0)
        return write_failed(history, status);
    return rename(temporary, history->path) == 0 ||
           status_fail_errno(status, STATUS_IO, "cannot replace '%s'", history->path);
}

struct history *history_resume(const char *path, uint32_t epochs, uint32_t *kept, struct status *status) {
    char temporary[PATH_MAX];
    *kept = 0;
    if (snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid()) >= (int)sizeof temporary) {
        status_fail(status, STATUS_CANT_CREATE, "the path '%.200s...' is too long", path);
        return NULL;
    }
    struct history *history = open_history(path, temporary, status);
    if (history == NULL)
        return NULL;
    if (write_head(history, status) && keep_rows(history, epochs, kept, status) &&
        take_place(history, temporary, status))
        return history;
    unlink(temporary);
    discard(history);
    return NULL;
}

/* ---- reading ---- */

/* The fields of a row that is_row has found whole, an empty one as NaN. */
static struct epoch_report read_row(const char *line) {
    double fields[FIELDS];
    const char *at = line;
    for (size_t i = 0; i < FIELDS; i++) {
        char *end;
        fields[i] = strtod(at, &end);
        fields[i] = end == at ? NAN : fields[i];
        at += strcspn(at, ",\n") + 1;
    }
    return (struct epoch_report){
        .epoch = (uint32_t)fields[0],
        .train_loss = fields[1],
        .valid_mse = fields[2],
        .valid_rmse = fields[3],
        .valid_mae = fields[4],
        .valid_count = (uint64_t)fields[5],
        .cold_count = (uint64_t)fields[6],
        .cold_mse = fields[7],
        .learning_rate = fields[8],
        .momentum = fields[9],
        .seconds = fields[10],
        .ratings_per_second = fields[11],
    };
}

bool history_read(const char *path,
                  bool (*row)(void *context, const struct epoch_report *report, struct status *status),
                  void *context, struct status *status) {
    char line[ROW_BYTES];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || status_fail_errno(status, STATUS_IO, "cannot read '%s'", path);
    bool is_ours = fgets(line, sizeof line, file) != NULL && strcmp(line, HEAD) == 0, good = true;
    for (uint32_t epoch = 1; good && is_ours && fgets(line, sizeof line, file) != NULL && is_row(line, epoch);
         epoch++) {
        struct epoch_report report = read_row(line);
        good = row(context, &report, status);
    }
    if (good && ferror(file))
        good = status_fail_errno(status, STATUS_IO, "cannot read '%s'", path);
    fclose(file);
    return good;
}

/* ---- rows ---- */

/* Field `index` of a row, as a number. */
static double field(const char *row, int index) {
    char *end;
    for (; index > 0; index--)
        row = strchr(row, ',') + 1;
    double value = strtod(row, &end);
    return end == row ? NAN : value;
}

uint32_t history_look(const char *path, uint32_t most, double *valid_rmse) {
    enum { VALID_RMSE = 3 };
    char line[ROW_BYTES];
    uint32_t epochs = 0;
    FILE *file = fopen(path, "re");
    *valid_rmse = NAN;
    if (file == NULL)
        return 0;
    bool good = fgets(line, sizeof line, file) != NULL && strcmp(line, HEAD) == 0;
    while (good && epochs < most && fgets(line, sizeof line, file) != NULL && is_row(line, epochs + 1)) {
        epochs++;
        *valid_rmse = field(line, VALID_RMSE);
    }
    fclose(file);
    return epochs;
}

bool history_add(struct history *history, const struct epoch_report *report, struct status *status) {
    const double fields[] = {
        report->train_loss,
        report->valid_count > 0 ? report->valid_mse : NAN,
        report->valid_count > 0 ? report->valid_rmse : NAN,
        report->valid_count > 0 ? report->valid_mae : NAN,
        (double)report->valid_count,
        (double)report->cold_count,
        report->cold_count > 0 ? report->cold_mse : NAN,
        report->learning_rate,
        report->momentum,
        report->seconds,
        report->ratings_per_second,
    };
    quantity number;
    fprintf(history->file, "%u", report->epoch);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fprintf(history->file, ",%s", quantity_exact(number, fields[i]));
    fputc('\n', history->file);
    return (fflush(history->file) == 0 && !ferror(history->file)) || write_failed(history, status);
}

bool history_close(struct history *history, struct status *status) {
    if (history == NULL)
        return true;
    bool well = fclose(history->file) == 0 || write_failed(history, status);
    memory_release(history);
    return well;
}
