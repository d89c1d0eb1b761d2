#include "data/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "data/atomic_file.h"

enum { NUMBER_BYTES = 40, HASH_BYTES = 17 };

static const char *double_text(char text[NUMBER_BYTES], double value) {
    snprintf(text, NUMBER_BYTES, "%.17g", value);
    return text;
}

static const char *hex_text(char text[NUMBER_BYTES], uint64_t value) {
    snprintf(text, NUMBER_BYTES, "%016" PRIx64, value);
    return text;
}

static bool hash_text(char text[HASH_BYTES], json_t *position) {
    char *dump = json_dumps(position, JSON_COMPACT | JSON_SORT_KEYS);
    if (dump == NULL)
        return false;
    snprintf(text, HASH_BYTES, "%016" PRIx64, hash_bytes(dump, strlen(dump), 0));
    free(dump);
    return true;
}

static json_t *describe_lanes(const struct run_position *position) {
    char text[NUMBER_BYTES];
    json_t *squared = json_array(), *counts = json_array();
    bool done = true;
    for (uint32_t lane = 0; lane < position->lanes; lane++) {
        done &=
            json_array_append_new(squared, json_string(double_text(text, position->lane_squared[lane]))) == 0;
        done &= json_array_append_new(counts, json_integer((json_int_t)position->lane_counts[lane])) == 0;
    }
    json_t *lanes = json_pack("{s:o, s:o}", "lane_squared", squared, "lane_counts", counts);
    if (done)
        return lanes;
    json_decref(lanes);
    return NULL;
}

static json_t *describe_plateau(const struct run_position *position) {
    char best[NUMBER_BYTES];
    return json_pack("{s:s, s:I, s:I, s:I}", "best", double_text(best, position->plateau_best), "seen",
                     (json_int_t)position->plateau_seen, "waiting", (json_int_t)position->plateau_waiting,
                     "drops", (json_int_t)position->plateau_drops);
}

static json_t *describe_best(const struct run_position *position) {
    char best[NUMBER_BYTES], stop[NUMBER_BYTES];
    return json_pack("{s:s, s:I, s:s, s:I, s:I}", "loss", double_text(best, position->best_loss), "epoch",
                     (json_int_t)position->best_epoch, "stop_loss", double_text(stop, position->stop_loss),
                     "seen", (json_int_t)position->stop_seen, "waiting", (json_int_t)position->stop_waiting);
}

static json_t *describe(const struct run_position *position, json_t *files) {
    char config[NUMBER_BYTES], data[NUMBER_BYTES], seconds[NUMBER_BYTES];
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:O}", "number",
        (json_int_t)position->number, "shards", (json_int_t)position->shards, "lanes",
        (json_int_t)position->lanes, "lane_step", (json_int_t)position->lane_step, "clock_step",
        (json_int_t)position->clock_step, "epoch", (json_int_t)position->epoch, "config_digest",
        hex_text(config, position->config_digest), "data_digest", hex_text(data, position->data_digest),
        "train_seconds", double_text(seconds, position->train_seconds), "plateau", describe_plateau(position),
        "best", describe_best(position), "epoch_so_far", describe_lanes(position), "files", files);
}

/* The position in it, borrowed. */
static json_t *check_hash(json_t *root, const char *path, struct status *status) {
    char hash[HASH_BYTES];
    const char *expected;
    json_t *content;
    if (json_unpack(root, "{s:s, s:o !}", "hash", &expected, "position", &content) != 0 ||
        !json_is_object(content))
        status_fail(status, STATUS_BAD_DATA, "%s: no manifest of a checkpoint", path);
    else if (!hash_text(hash, content))
        status_fail(status, STATUS_NO_MEMORY, "cannot make the JSON of %s", path);
    else if (strcmp(hash, expected) != 0)
        status_fail(status, STATUS_BAD_DATA, "%s: its content does not match its hash", path);
    else
        return content;
    return NULL;
}

/* Without memory jansson may cut a text short and not say so. */
static bool reads_back(const char *text) {
    struct status ignored;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool is_right = root != NULL && check_hash(root, "", &ignored) != NULL;
    json_decref(root);
    return is_right;
}

static char *manifest_text(const struct run_position *position, json_t *files) {
    char hash[HASH_BYTES];
    json_t *content = describe(position, files);
    json_t *root = NULL;
    if (content != NULL && hash_text(hash, content))
        root = json_pack("{s:s, s:O}", "hash", hash, "position", content);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    json_decref(content);
    if (text == NULL || reads_back(text))
        return text;
    free(text);
    return NULL;
}

bool manifest_write(const char *path, const struct run_position *position, json_t *files,
                    struct status *status) {
    char *text = manifest_text(position, files);
    if (text == NULL)
        return status_fail(status, STATUS_NO_MEMORY, "cannot make the JSON of %s", path);
    struct atomic_file *file = atomic_file_create(path, status);
    bool done = file != NULL && atomic_file_write(file, text, strlen(text), status);
    free(text);
    if (done)
        return atomic_file_commit(file, status);
    atomic_file_abandon(file);
    return false;
}

static json_t *load(FILE *file, const char *path, struct status *status) {
    json_error_t error;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    if (root != NULL)
        return root;
    if (ferror(file))
        status_fail_errno(status, STATUS_IO, "cannot read %s", path);
    else
        status_fail(status, STATUS_BAD_DATA, "%s: no JSON: %s", path, error.text);
    return NULL;
}

static json_t *load_path(const char *path, struct status *status) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        status_fail_errno(status, is_missing ? STATUS_NO_INPUT : STATUS_IO, "cannot open %s", path);
        return NULL;
    }
    json_t *root = load(file, path, status);
    fclose(file);
    return root;
}

json_t *manifest_read(const char *path, struct status *status) {
    json_t *root = load_path(path, status);
    if (root == NULL)
        return NULL;
    json_t *content = json_incref(check_hash(root, path, status));
    json_decref(root);
    return content;
}

static bool take_u32(uint32_t *field, json_int_t value) {
    *field = (uint32_t)value;
    return value >= 0 && value <= UINT32_MAX;
}

static bool take_u64(uint64_t *field, json_int_t value) {
    *field = (uint64_t)value;
    return value >= 0;
}

static bool take_run(json_t *manifest, struct run_position *position) {
    json_int_t number, shards, lanes, lane_step, clock_step, epoch;
    const char *config, *data, *seconds;
    if (json_unpack(manifest, "{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "number", &number, "shards",
                    &shards, "lanes", &lanes, "lane_step", &lane_step, "clock_step", &clock_step, "epoch",
                    &epoch, "config_digest", &config, "data_digest", &data, "train_seconds", &seconds) != 0)
        return false;
    position->config_digest = strtoull(config, NULL, 16);
    position->data_digest = strtoull(data, NULL, 16);
    position->train_seconds = strtod(seconds, NULL);
    return take_u64(&position->number, number) && take_u32(&position->shards, shards) &&
           take_u32(&position->lanes, lanes) && position->shards > 0 &&
           take_u64(&position->lane_step, lane_step) && take_u64(&position->clock_step, clock_step) &&
           take_u32(&position->epoch, epoch);
}

static bool take_plateau(json_t *manifest, struct run_position *position) {
    json_int_t seen, waiting, drops;
    const char *best;
    if (json_unpack(json_object_get(manifest, "plateau"), "{s:s, s:I, s:I, s:I}", "best", &best, "seen",
                    &seen, "waiting", &waiting, "drops", &drops) != 0)
        return false;
    position->plateau_best = strtod(best, NULL);
    return take_u32(&position->plateau_seen, seen) && take_u32(&position->plateau_waiting, waiting) &&
           take_u32(&position->plateau_drops, drops);
}

static bool take_best(json_t *manifest, struct run_position *position) {
    json_int_t epoch, seen, waiting;
    const char *best, *stop;
    if (json_unpack(json_object_get(manifest, "best"), "{s:s, s:I, s:s, s:I, s:I}", "loss", &best, "epoch",
                    &epoch, "stop_loss", &stop, "seen", &seen, "waiting", &waiting) != 0)
        return false;
    position->best_loss = strtod(best, NULL);
    position->stop_loss = strtod(stop, NULL);
    return take_u32(&position->best_epoch, epoch) && take_u32(&position->stop_seen, seen) &&
           take_u32(&position->stop_waiting, waiting);
}

static bool take_lanes(json_t *manifest, struct run_position *position) {
    json_t *lanes = json_object_get(manifest, "epoch_so_far");
    json_t *squared = json_object_get(lanes, "lane_squared"), *counts = json_object_get(lanes, "lane_counts");
    if (json_array_size(squared) != position->lanes || json_array_size(counts) != position->lanes)
        return false;
    for (uint32_t lane = 0; lane < position->lanes; lane++) {
        const char *text = json_string_value(json_array_get(squared, lane));
        json_t *count = json_array_get(counts, lane);
        if (text == NULL || !json_is_integer(count) ||
            !take_u64(&position->lane_counts[lane], json_integer_value(count)))
            return false;
        position->lane_squared[lane] = strtod(text, NULL);
    }
    return true;
}

bool manifest_position(json_t *manifest, struct run_position *position, uint32_t lanes_capacity,
                       struct status *status) {
    if (!take_run(manifest, position) || !take_plateau(manifest, position) || !take_best(manifest, position))
        return status_fail(status, STATUS_BAD_DATA, "a checkpoint's manifest lacks a field");
    if (position->lanes > lanes_capacity)
        return status_fail(status, STATUS_BAD_DATA, "the checkpoint has %u lanes, at most %u are expected",
                           position->lanes, lanes_capacity);
    return take_lanes(manifest, position) ||
           status_fail(status, STATUS_BAD_DATA, "a checkpoint's manifest does not speak of every lane");
}
