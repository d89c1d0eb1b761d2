#include "node/ratings_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/block_source.h"

static const char PACKED_NAME[] = "ratings.dotbias";
static const char PACKED_ENDING[] = ".dotbias";

bool ratings_source_is_packed(const struct config *config) {
    char inside[CONFIG_TEXT_BYTES + sizeof PACKED_NAME + 1];
    struct stat about;
    size_t length = strlen(config->data_ratings), ending = sizeof PACKED_ENDING - 1;
    snprintf(inside, sizeof inside, "%s/%s", config->data_ratings, PACKED_NAME);
    return access(inside, F_OK) == 0 ||
           (length > ending && strcmp(config->data_ratings + length - ending, PACKED_ENDING) == 0) ||
           (stat(config->data_ratings, &about) == 0 && S_ISDIR(about.st_mode));
}

struct import_spec ratings_source_import(const struct config *config, const char *folder) {
    static const enum split_method METHODS[] = {SPLIT_BY_NUMPY, SPLIT_BY_HASH, SPLIT_BY_TIME,
                                                SPLIT_BY_LEAVE_LAST_OUT, SPLIT_BY_FILES};
    static const enum duplicate_rule RULES[] = {DUPLICATE_KEEP_LAST, DUPLICATE_TAKE_MEAN, DUPLICATE_REFUSE};
    return (struct import_spec){
        .ratings = config->data_ratings,
        .movies = config->data_movies[0] == '\0' ? NULL : config->data_movies,
        .valid_file = config->data_valid_file[0] == '\0' ? NULL : config->data_valid_file,
        .folder = folder,
        .split = {.method = METHODS[config->data_split],
                  .fraction = config->data_valid_fraction,
                  .seed = config->data_split_seed},
        .duplicates = RULES[config->data_duplicates],
        .has_range = config->model_y_range.given,
        .range_low = (float)config->model_y_range.low,
        .range_high = (float)config->model_y_range.high,
    };
}

/* What was left out or settled is said in every case: a user who wants quiet still trains on other ratings
 * than the file's. */
void ratings_source_warn(const struct import_spec *spec, const struct import_summary *summary,
                         FILE *warnings) {
    static const char *const RULES[] = {"the last one counts", "their mean counts", "refused"};
    const struct duplicates *repeated = &summary->duplicates;
    for (uint32_t i = 0; i < summary->rejects_shown; i++)
        fprintf(warnings, "  rejected: line %" PRIu64 ": %s\n", summary->rejects_seen[i].line,
                summary->rejects_seen[i].reason);
    if (summary->rejects != 0)
        fprintf(warnings, "  %" PRIu64 " lines were rejected, %" PRIu64 " of them outside model.y_range\n",
                summary->rejects, summary->out_of_range);
    for (uint32_t i = 0; i < repeated->shown; i++)
        fprintf(warnings, "  repeated: line %" PRIu64 " rates the pair of line %" PRIu64 " again\n",
                repeated->examples[i].line, repeated->examples[i].earlier_line);
    if (repeated->count != 0)
        fprintf(warnings, "  %" PRIu64 " ratings repeat a (user, movie) pair: %s\n", repeated->count,
                RULES[spec->duplicates]);
}

bool ratings_source_open(const struct config *config, const struct run_dir *dir, struct packed_set *set,
                         char path[PATH_MAX], FILE *notes, FILE *warnings, struct status *status) {
    struct import_summary summary;
    if (ratings_source_is_packed(config)) {
        if (realpath(config->data_ratings, path) == NULL)
            return status_fail_errno(status, STATUS_NO_INPUT, "cannot open the packed set %s",
                                     config->data_ratings);
        return block_source_open_set(config, set, path, status);
    }
    run_dir_file(dir, "data", path);
    struct import_spec spec = ratings_source_import(config, path);
    if (!import_ratings(&spec, &summary, status))
        return false;
    if (notes != NULL)
        fprintf(notes, "imported %" PRIu64 " ratings of %" PRIu64 " users and %" PRIu64 " movies\n",
                summary.rows, summary.users, summary.movies);
    if (warnings != NULL)
        ratings_source_warn(&spec, &summary, warnings);
    return packed_set_open(set, path, status);
}
