#include "monitor/summary.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { JSON_STYLE = JSON_INDENT(2) | JSON_REAL_PRECISION(17) };

static json_t *real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static void set_metrics(json_t *object, const struct final_report *report) {
    bool validated = report->valid_count > 0;
    json_object_set_new(object, "valid_mse", real(validated ? report->valid_mse : NAN));
    json_object_set_new(object, "valid_rmse", real(validated ? report->valid_rmse : NAN));
    json_object_set_new(object, "valid_mae", real(validated ? report->valid_mae : NAN));
    json_object_set_new(object, "valid_ratings", json_integer((json_int_t)report->valid_count));
    json_object_set_new(object, "cold_ratings", json_integer((json_int_t)report->cold_count));
    json_object_set_new(object, "cold_mse", real(report->cold_count > 0 ? report->cold_mse : NAN));
}

static void set_run(json_t *object, const struct final_report *report) {
    json_object_set_new(object, "train_seconds", real(report->train_seconds));
    json_object_set_new(object, "ratings_per_second", real(report->ratings_per_second));
    json_object_set_new(object, "pservers", json_integer(report->pservers));
    json_object_set_new(object, "workers", json_integer(report->workers));
    json_object_set_new(object, "transport", json_string(report->transport));
}

static void set_safety(json_t *object, const struct final_report *report) {
    json_object_set_new(object, "resumed_from", json_integer((json_int_t)report->resumed_from));
    json_object_set_new(object, "checkpoints", json_integer(report->checkpoints));
    json_object_set_new(object, "pause_seconds", real(report->pause_seconds));
    json_object_set_new(object, "workers_lost", json_integer(report->workers_lost));
}

static json_t *shard_of(const struct shard_progress *shard) {
    json_t *object = json_object();
    json_object_set_new(object, "shard", json_integer(shard->index));
    json_object_set_new(object, "pulls", json_integer((json_int_t)shard->pulls));
    json_object_set_new(object, "pushes", json_integer((json_int_t)shard->pushes));
    json_object_set_new(object, "reads", json_integer((json_int_t)shard->reads));
    json_object_set_new(object, "bytes_in", json_integer((json_int_t)shard->bytes_in));
    json_object_set_new(object, "bytes_out", json_integer((json_int_t)shard->bytes_out));
    json_object_set_new(object, "repeats", json_integer((json_int_t)shard->repeats));
    json_object_set_new(object, "hot_share", real(shard->hot_share));
    return object;
}

static json_t *worker_of(const struct worker_progress *worker) {
    json_t *object = json_object();
    json_object_set_new(object, "worker", json_integer(worker->index));
    json_object_set_new(object, "ratings", json_integer((json_int_t)worker->ratings));
    json_object_set_new(object, "pulls", json_integer((json_int_t)worker->pulls));
    json_object_set_new(object, "pushes", json_integer((json_int_t)worker->pushes));
    json_object_set_new(object, "reads", json_integer((json_int_t)worker->reads));
    json_object_set_new(object, "bytes_in", json_integer((json_int_t)worker->bytes_in));
    json_object_set_new(object, "bytes_out", json_integer((json_int_t)worker->bytes_out));
    json_object_set_new(object, "repeats", json_integer((json_int_t)worker->repeats));
    return object;
}

static void set_members(json_t *object, const struct progress_report *members) {
    if (members == NULL)
        return;
    json_t *shards = json_array(), *workers = json_array();
    for (uint32_t i = 0; i < members->pserver_count; i++)
        json_array_append_new(shards, shard_of(&members->shards[i]));
    for (uint32_t i = 0; i < members->worker_count; i++)
        json_array_append_new(workers, worker_of(&members->workers[i]));
    json_object_set_new(object, "shards", shards);
    json_object_set_new(object, "worker_counts", workers);
}

/* A path need not be UTF-8, a JSON string must: what is not becomes '?'. */
static json_t *path_string(const char *path) {
    json_t *string = json_string(path);
    if (string != NULL)
        return string;
    char ascii[PATH_MAX];
    snprintf(ascii, sizeof ascii, "%s", path);
    for (char *byte = ascii; *byte != '\0'; byte++)
        if ((unsigned char)*byte >= 0x80)
            *byte = '?';
    return json_string(ascii);
}

static char *dump(const struct summary *summary, struct status *status) {
    char digest[17];
    json_t *object = json_object();
    snprintf(digest, sizeof digest, "%016" PRIx64, summary->report->digest);
    json_object_set_new(object, "digest", json_string(digest));
    json_object_set_new(object, "epochs", json_integer(summary->report->epochs));
    if (summary->report->best_epoch != 0)
        json_object_set_new(object, "best_epoch", json_integer(summary->report->best_epoch));
    if (summary->report->epochs < summary->report->epochs_planned)
        json_object_set_new(object, "epochs_planned", json_integer(summary->report->epochs_planned));
    set_metrics(object, summary->report);
    set_run(object, summary->report);
    set_safety(object, summary->report);
    set_members(object, summary->report->members);
    json_object_set_new(object, "data", path_string(summary->data));
    json_object_set_new(object, "model", path_string(summary->model));
    json_object_set_new(object, "version", json_string(summary->version));
    if (isfinite(summary->truth_rmse))
        json_object_set_new(object, "truth_rmse", real(summary->truth_rmse));
    char *text = json_dumps(object, JSON_STYLE);
    json_decref(object);
    if (text == NULL)
        status_fail(status, STATUS_NO_MEMORY, "cannot get memory for the summary");
    return text;
}

bool summary_print(const struct summary *summary, FILE *out, struct status *status) {
    char *text = dump(summary, status);
    if (text == NULL)
        return false;
    bool well = fprintf(out, "%s\n", text) > 0 && fflush(out) == 0;
    free(text);
    return well || status_fail_errno(status, STATUS_IO, "cannot print the summary");
}

/* Text and newline into a new file, down to the disk. */
static bool write_new(const char *path, const char *text, struct status *status) {
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot create '%s'", path);
    bool well = fprintf(file, "%s\n", text) > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (!well)
        status_fail_errno(status, STATUS_IO, "cannot write '%s'", path);
    if (fclose(file) != 0 && well)
        well = status_fail_errno(status, STATUS_IO, "cannot write '%s'", path);
    return well;
}

/* Makes a rename last; a folder that cannot be synced has no better remedy, so failures are ignored. */
static void sync_folder(const char *path) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

bool summary_write(const struct summary *summary, const char *path, struct status *status) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid()) >= (int)sizeof temporary)
        return status_fail(status, STATUS_CANT_CREATE, "the path '%.200s...' is too long", path);
    char *text = dump(summary, status);
    if (text == NULL)
        return false;
    bool well = write_new(temporary, text, status);
    free(text);
    if (well && rename(temporary, path) != 0)
        well = status_fail_errno(status, STATUS_CANT_CREATE, "cannot create '%s'", path);
    if (!well) {
        unlink(temporary);
        return false;
    }
    sync_folder(path);
    return true;
}
