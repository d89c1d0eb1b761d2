#include "monitor/history.h"

#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "monitor/quantity.h"

struct history {
    FILE *file;
    char path[4096];
};

static bool write_failed(const struct history *history, struct status *status) {
    return status_fail_errno(status, STATUS_IO, "cannot write '%s'", history->path);
}

static bool write_head(struct history *history, struct status *status) {
    int written =
        fprintf(history->file, "epoch,train_loss,valid_mse,valid_rmse,valid_mae,valid_count,cold_count,"
                               "cold_mse,learning_rate,momentum,seconds,ratings_per_second\n");
    return (written > 0 && fflush(history->file) == 0) || write_failed(history, status);
}

struct history *history_create(const char *path, struct status *status) {
    struct history *history = memory_take(sizeof *history, "the history", status);
    if (history == NULL)
        return NULL;
    snprintf(history->path, sizeof history->path, "%s", path);
    history->file = fopen(path, "we");
    if (history->file == NULL) {
        status_fail_errno(status, STATUS_CANT_CREATE, "cannot create '%s'", path);
        memory_release(history);
        return NULL;
    }
    if (write_head(history, status))
        return history;
    struct status ignored = {0};
    history_close(history, &ignored);
    return NULL;
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
