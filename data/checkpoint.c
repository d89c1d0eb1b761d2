#include "data/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/hash.h"
#include "data/checkpoint_files.h"
#include "data/container_layout.h"
#include "data/manifest.h"

/* The hash of a container's header, which holds the hash of its table, which holds the hashes of its sections:
 * a few bytes that tell a shard's file from any other. */
static bool mark_file(uint64_t *mark, const char *path, struct status *status) {
    struct container_header header;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return status_fail_errno(status, errno == ENOENT ? STATUS_NO_INPUT : STATUS_IO, "cannot open %s",
                                 path);
    ssize_t length = pread(descriptor, &header, sizeof header, 0);
    if (length < 0)
        status_fail_errno(status, STATUS_IO, "cannot read %s", path);
    close(descriptor);
    if (length < 0)
        return false;
    if (length != (ssize_t)sizeof header)
        return status_fail(status, STATUS_BAD_DATA, "%s is cut short", path);
    *mark = hash_bytes(&header, sizeof header, 0);
    return true;
}

static bool add_mark(json_t *marks, const char *folder, uint64_t number, uint32_t shard,
                     struct status *status) {
    char path[PATH_MAX], text[20];
    uint64_t mark = 0;
    if (!checkpoint_shard_path(path, folder, number, shard, status) || !mark_file(&mark, path, status))
        return false;
    snprintf(text, sizeof text, "%016" PRIx64, mark);
    return json_array_append_new(marks, json_string(text)) == 0 ||
           status_fail(status, STATUS_NO_MEMORY, "cannot make the JSON of a manifest");
}

/* The marks of a checkpoint's shard files as they lie on disk; NULL when one is missing. */
static json_t *mark_files(const char *folder, uint64_t number, uint32_t shards, struct status *status) {
    json_t *marks = json_array();
    for (uint32_t shard = 0; shard < shards; shard++)
        if (!add_mark(marks, folder, number, shard, status)) {
            json_decref(marks);
            return NULL;
        }
    return marks;
}

static bool marks_match(json_t *manifest, const char *folder, uint64_t number, struct status *status) {
    json_t *expected = json_object_get(manifest, "files");
    json_t *marks = mark_files(folder, number, (uint32_t)json_array_size(expected), status);
    if (marks == NULL) {
        if (status->code == STATUS_NO_INPUT)
            status->code = STATUS_BAD_DATA;
        return false;
    }
    bool same =
        json_equal(marks, expected) &&
        json_integer_value(json_object_get(manifest, "number")) == (json_int_t)number &&
        json_integer_value(json_object_get(manifest, "shards")) == (json_int_t)json_array_size(expected);
    json_decref(marks);
    return same || status_fail(status, STATUS_BAD_DATA, "the shard files are not those of the manifest");
}

/* Checks every byte of the files against its hash. */
static bool files_are_sound(json_t *manifest, const char *folder, uint64_t number, struct status *status) {
    uint32_t shards = (uint32_t)json_array_size(json_object_get(manifest, "files"));
    char path[PATH_MAX];
    for (uint32_t shard = 0; shard < shards; shard++) {
        struct container *file = checkpoint_shard_path(path, folder, number, shard, status)
                                     ? container_open(path, CONTAINER_CHECKPOINT, status)
                                     : NULL;
        if (file == NULL) {
            if (status->code == STATUS_NO_INPUT) /* it was there a moment ago */
                status->code = STATUS_IO;
            return false;
        }
        container_close(file);
    }
    return true;
}

/* The manifest of a checkpoint that counts; with `to_the_last_byte` the shards' files are read as a whole. NULL with
 * STATUS_NO_INPUT when it is unfinished, STATUS_BAD_DATA when it is damaged, another code when one cannot tell. */
static json_t *open_whole(const char *folder, uint64_t number, bool to_the_last_byte, struct status *status) {
    char path[PATH_MAX];
    json_t *manifest =
        checkpoint_manifest_path(path, folder, number, status) ? manifest_read(path, status) : NULL;
    if (manifest == NULL || (marks_match(manifest, folder, number, status) &&
                             (!to_the_last_byte || files_are_sound(manifest, folder, number, status))))
        return manifest;
    json_decref(manifest);
    return NULL;
}

/* What is newer than the checkpoint just made, and not whole, may be another's work under way. */
static void retain(const struct checkpoint_list *list, const char *folder, uint64_t number, uint32_t keep) {
    uint32_t kept = 0;
    for (size_t i = list->count; i-- > 0;) {
        struct status reason;
        json_t *manifest = open_whole(folder, list->numbers[i], false, &reason);
        bool is_whole = manifest != NULL;
        bool is_waste = !is_whole && (reason.code == STATUS_NO_INPUT || reason.code == STATUS_BAD_DATA);
        json_decref(manifest);
        if (is_whole && (kept < keep || list->numbers[i] == number))
            kept++;
        else if (is_whole || (is_waste && list->numbers[i] < number))
            checkpoint_remove(folder, list->numbers[i]);
    }
}

static bool write_manifest(const char *folder, const struct run_position *position, struct status *status) {
    char path[PATH_MAX];
    json_t *marks = mark_files(folder, position->number, position->shards, status);
    if (marks == NULL)
        return false;
    bool done = checkpoint_sync_folders(folder, status) &&
                checkpoint_manifest_path(path, folder, position->number, status) &&
                manifest_write(path, position, marks, status);
    json_decref(marks);
    return done;
}

/* The list is made before the manifest, so that want of memory cannot fail a checkpoint that counts already. */
bool checkpoint_commit(const char *folder, const struct run_position *position, uint32_t keep,
                       struct status *status) {
    REQUIRE(keep >= 1, "the newest checkpoint is kept");
    REQUIRE(position->shards >= 1, "a checkpoint has a shard");
    struct checkpoint_list list = {0};
    bool done = checkpoint_list_read(&list, folder, status) && write_manifest(folder, position, status);
    if (done)
        retain(&list, folder, position->number, keep);
    checkpoint_list_release(&list);
    return done || status_context(status, "checkpoint %" PRIu64, position->number);
}

/* Adds what was passed over to a note. */
static void note_passed(struct status *note, uint64_t number, const struct status *reason) {
    size_t length = strlen(note->text);
    snprintf(note->text + length, sizeof note->text - length, "%scheckpoint %" PRIu64 " is passed over: %s",
             length > 0 ? "; " : "", number, reason->text);
}

/* The newest whole one, or NULL; `note` then says what was passed over, and with a code when nothing older makes
 * up for it. */
static json_t *newest_whole(const struct checkpoint_list *list, const char *folder, uint64_t *number,
                            struct status *note) {
    enum status_code failure = STATUS_OK;
    *note = (struct status){0};
    for (size_t i = list->count; i-- > 0 && failure != STATUS_NO_MEMORY;) {
        struct status reason;
        json_t *manifest = open_whole(folder, *number = list->numbers[i], true, &reason);
        if (manifest != NULL)
            return manifest;
        if (reason.code == STATUS_NO_INPUT)
            continue;
        note_passed(note, *number, &reason);
        failure = reason.code;
    }
    note->code = failure;
    return NULL;
}

static bool find_in(const struct checkpoint_list *list, const char *folder, struct run_position *position,
                    uint32_t lanes_capacity, bool *found, struct status *status) {
    uint64_t number;
    json_t *manifest = newest_whole(list, folder, &number, status);
    if (manifest == NULL)
        return status->code == STATUS_OK;
    *found = true;
    bool done = manifest_position(manifest, position, lanes_capacity, status) ||
                status_context(status, "checkpoint %" PRIu64, number);
    json_decref(manifest);
    return done;
}

bool checkpoint_find(const char *folder, struct run_position *position, uint32_t lanes_capacity, bool *found,
                     struct status *status) {
    struct checkpoint_list list = {0};
    *found = false;
    bool done = checkpoint_list_read(&list, folder, status) &&
                find_in(&list, folder, position, lanes_capacity, found, status);
    checkpoint_list_release(&list);
    return done;
}

bool checkpoint_next_number(const char *folder, uint64_t *number, struct status *status) {
    struct checkpoint_list list = {0};
    bool done = checkpoint_list_read(&list, folder, status);
    *number = list.count == 0 ? 1 : list.numbers[list.count - 1] + 1;
    checkpoint_list_release(&list);
    return done;
}
