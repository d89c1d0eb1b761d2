#include "node/append_source.h"

#include <unistd.h>

#include "analysis/run_folder.h"
#include "node/block_source.h"
#include "node/ratings_source.h"

/* Only reads the newer ratings: their split is a matter of the joined set. */
static bool import(const struct append_source *source, const struct config *config, const char *folder,
                   FILE *warnings, struct status *status) {
    struct import_summary summary;
    struct import_spec spec = ratings_source_import(config, folder);
    spec.ratings = source->newer;
    spec.valid_file = NULL;
    spec.split = (struct split_spec){.method = SPLIT_BY_HASH, .fraction = 0};
    if (!import_ratings(&spec, &summary, status))
        return false;
    if (warnings != NULL)
        ratings_source_warn(&spec, &summary, warnings);
    return true;
}

static bool join(const struct append_source *source, const struct packed_set *older, const char *newer_folder,
                 const char *folder, struct append_summary *summary, struct status *status) {
    struct packed_set newer;
    if (!packed_set_open(&newer, newer_folder, status))
        return false;
    bool good = append_sets(older, &newer, source->newer, folder, summary, status);
    packed_set_close(&newer);
    return good;
}

static bool open_older(const struct append_source *source, struct packed_set *older, struct status *status) {
    struct run_folder run;
    char path[PATH_MAX];
    return run_folder_find(&run, source->run, status) && run_folder_data(&run, path, status) &&
           packed_set_open(older, path, status);
}

bool append_source_open(const struct append_source *source, const struct config *config,
                        const struct run_dir *dir, struct packed_set *set, char path[PATH_MAX],
                        struct append_summary *summary, FILE *warnings, struct status *status) {
    struct packed_set older;
    char newer[PATH_MAX], file[PATH_MAX], folder[PATH_MAX];
    if (!open_older(source, &older, status))
        return false;
    run_dir_file(dir, "data", folder);
    run_dir_file(dir, "data/newer", newer);
    run_dir_file(dir, "data/newer/" PACKED_SET_FILE, file);
    bool good = import(source, config, newer, warnings, status) &&
                join(source, &older, newer, folder, summary, status);
    unlink(file);
    rmdir(newer);
    packed_set_close(&older);
    run_dir_file(dir, "data/" PACKED_SET_FILE, path);
    return good && block_source_open_set(config, set, path, status);
}
