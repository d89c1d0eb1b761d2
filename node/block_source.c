#include "node/block_source.h"

#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/blocks.h"

enum { BUILD_BYTES = 1 << 30 };

bool block_source_open_set(const struct config *config, struct packed_set *set, const char *path,
                           struct status *status) {
    return config->train_mode == MODE_BLOCKED ? packed_set_open_for_blocks(set, path, status)
                                              : packed_set_open(set, path, status);
}

/* folder/blocks.dotbias of the folder that a set's path names or lies in. */
static void beside(const char *set_path, char path[PATH_MAX]) {
    char copy[PATH_MAX];
    struct stat about;
    snprintf(copy, sizeof copy, "%s", set_path);
    const char *folder = stat(set_path, &about) == 0 && S_ISDIR(about.st_mode) ? set_path : dirname(copy);
    if (snprintf(path, PATH_MAX, "%s/" BLOCKS_FILE, folder) >= PATH_MAX)
        path[0] = '\0';
}

static bool open_at(struct packed_set *set, const char *path, struct status *status) {
    set->blocks = memory_take(sizeof *set->blocks, "blocks", status);
    if (set->blocks == NULL)
        return false;
    if (blocks_open(set->blocks, path, set, status))
        return true;
    memory_release(set->blocks);
    set->blocks = NULL;
    return false;
}

/* Whether the blocks are cut as the configuration wants; what it leaves open it learns from them. */
static bool has_shape(struct config *config, const struct packed_set *set) {
    bool parts = config->train_parts == 0 || set->blocks->parts == config->train_parts;
    bool strata = config->train_strata == 0 || set->blocks->strata == config->train_strata;
    if (!parts || !strata || set->blocks->parts > set->blocks->strata)
        return false;
    config->train_parts = set->blocks->parts;
    config->train_strata = set->blocks->strata;
    return true;
}

/* What is left open, chosen from the numbers of the set alone. */
static void choose_shape(struct config *config, const struct packed_set *set) {
    struct blocks_shape shape = blocks_shape_for(set->users, set->movies, set->train_count);
    uint64_t *parts = &config->train_parts, *strata = &config->train_strata;
    if (*parts == 0)
        *parts = *strata != 0 && *strata < shape.parts ? *strata : shape.parts;
    if (*strata == 0)
        *strata = shape.strata > *parts ? shape.strata : *parts;
}

static void drop(struct packed_set *set) {
    blocks_close(set->blocks);
    memory_release(set->blocks);
    set->blocks = NULL;
}

static bool other_shape(struct packed_set *set, const char *path, struct status *status) {
    status_fail(status, STATUS_CONFIG,
                "%s has %u parts and %u strata: set train.parts and train.strata to that", path,
                set->blocks->parts, set->blocks->strata);
    drop(set);
    return false;
}

static bool build(struct config *config, const struct run_dir *dir, struct packed_set *set,
                  char path[PATH_MAX], FILE *notes, struct status *status) {
    char folder[PATH_MAX];
    choose_shape(config, set);
    struct blocks_shape shape = {(uint32_t)config->train_parts, (uint32_t)config->train_strata};
    run_dir_file(dir, "data", folder);
    run_dir_file(dir, "data/" BLOCKS_FILE, path);
    if (mkdir(folder, 0777) != 0 && access(folder, W_OK) != 0)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot make the folder %s", folder);
    if (notes != NULL)
        fprintf(notes, "cutting the ratings into %u parts and %u strata\n", shape.parts, shape.strata);
    return blocks_build(set, folder, shape, BUILD_BYTES, status) && open_at(set, path, status);
}

bool block_source_open(struct config *config, const struct run_dir *dir, struct packed_set *set,
                       const char *set_path, char path[PATH_MAX], FILE *notes, struct status *status) {
    bool is_named = config->data_blocks[0] != '\0',
         may_build = dir != NULL && !is_named && !set->is_in_blocks;
    path[0] = '\0';
    if (config->train_mode != MODE_BLOCKED)
        return true;
    if (is_named)
        snprintf(path, PATH_MAX, "%s", config->data_blocks);
    else
        beside(set_path, path);
    if (may_build && access(path, F_OK) != 0)
        return build(config, dir, set, path, notes, status);
    if (!open_at(set, path, status))
        return false;
    if (has_shape(config, set))
        return true;
    if (!may_build)
        return other_shape(set, path, status);
    drop(set);
    return build(config, dir, set, path, notes, status);
}

bool block_source_is_settled(const struct config *config, struct status *status) {
    return config->train_mode != MODE_BLOCKED || (config->train_parts != 0 && config->train_strata != 0) ||
           status_fail(status, STATUS_CONFIG,
                       "who starts members by hand sets train.parts and train.strata, since pservers read no "
                       "ratings; "
                       "`dotbias plan` tells what would be chosen");
}
