#include "data/packed_set.h"

#include "core/memory.h"

#include "data/blocks.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/hash.h"
#include "data/sections.h"

static bool place_file(char *file, size_t bytes, const char *path, struct status *status) {
    struct stat found;
    bool is_folder = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    int length = snprintf(file, bytes, is_folder ? "%s/" PACKED_SET_FILE : "%s", path);
    if (length < 0 || (size_t)length >= bytes)
        return status_fail(status, STATUS_NO_INPUT, "%s: the name is too long", path);
    return true;
}

/* Counts that fit their types, and numbers that are numbers. */
static bool take_meta(struct packed_set *set, json_t *meta, struct status *status) {
    json_int_t users, movies, train, valid;
    double smallest, largest;
    if (json_unpack(meta, "{s:I, s:I, s:I, s:I, s:F, s:F, s:F}", "users", &users, "movies", &movies, "train",
                    &train, "valid", &valid, "train_mean", &set->train_mean, "smallest", &smallest, "largest",
                    &largest) != 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta lacks a field");
    if (users < 0 || users > INT32_MAX || movies < 0 || movies > INT32_MAX || train < 0 || valid < 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta has an impossible count");
    json_t *truth = json_object_get(meta, "truth_rmse"), *blocks = json_object_get(meta, "blocks_hash");
    set->is_in_blocks = json_is_string(blocks);
    set->blocks_hash = set->is_in_blocks ? strtoull(json_string_value(blocks), NULL, 16) : 0;
    set->users = (uint32_t)users;
    set->movies = (uint32_t)movies;
    set->train_count = (uint64_t)train;
    set->valid_count = (uint64_t)valid;
    set->smallest = (float)smallest;
    set->largest = (float)largest;
    set->truth_rmse = json_is_number(truth) ? json_number_value(truth) : NAN;
    return true;
}

static bool read_meta(struct packed_set *set, struct status *status) {
    json_t *meta = sections_meta(set->file, status);
    bool done = meta != NULL && take_meta(set, meta, status);
    json_decref(meta);
    return done;
}

static bool find_sections(struct packed_set *set, struct status *status) {
    const struct container *file = set->file;
    if (!set->is_in_blocks)
        set->train = sections_array(file, "train", set->train_count, sizeof *set->train, status);
    if (set->train == NULL && !set->is_in_blocks)
        return false;
    set->valid = sections_array(file, "valid", set->valid_count, sizeof *set->valid, status);
    if (set->valid == NULL)
        return false;
    set->user_counts = sections_array(file, "user_counts", set->users, sizeof *set->user_counts, status);
    if (set->user_counts == NULL)
        return false;
    set->movie_counts = sections_array(file, "movie_counts", set->movies, sizeof *set->movie_counts, status);
    return set->movie_counts != NULL &&
           sections_strings(&set->user_ids, file, "user_ids", set->users, status) &&
           sections_strings(&set->movie_ids, file, "movie_ids", set->movies, status) &&
           sections_strings(&set->movie_titles, file, "movie_titles", set->movies, status) &&
           sections_strings(&set->movie_genres, file, "movie_genres", set->movies, status);
}

static bool check_ratings(const struct packed_set *set, const char *name, const struct rating *ratings,
                          uint64_t count, struct status *status) {
    for (uint64_t i = 0; i < count; i++)
        if (ratings[i].user >= set->users || ratings[i].movie >= set->movies || !isfinite(ratings[i].value))
            return status_fail(
                status, STATUS_BAD_DATA,
                "section %s: rating %llu names a row that is not there, or is not a finite number", name,
                (unsigned long long)i);
    if (container_is_large(set->file))
        container_forget(ratings, count * sizeof *ratings);
    return true;
}

static uint64_t sum(const uint32_t *counts, uint32_t count) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += counts[i];
    return total;
}

static bool check_content(const struct packed_set *set, struct status *status) {
    if (sum(set->user_counts, set->users) != set->train_count ||
        sum(set->movie_counts, set->movies) != set->train_count)
        return status_fail(status, STATUS_BAD_DATA,
                           "the counts of users or movies do not sum to the training ratings");
    return (set->is_in_blocks || check_ratings(set, "train", set->train, set->train_count, status)) &&
           check_ratings(set, "valid", set->valid, set->valid_count, status);
}

static uint64_t digest(const struct packed_set *set) {
    const struct container *file = set->file;
    uint64_t hashes[] = {set->is_in_blocks ? set->blocks_hash : container_hash(file, "train"),
                         container_hash(file, "valid"), container_hash(file, "user_counts"),
                         container_hash(file, "movie_counts")};
    return hash_bytes(hashes, sizeof hashes, 0);
}

bool packed_set_open_for_blocks(struct packed_set *set, const char *path, struct status *status) {
    char file[PATH_MAX];
    *set = (struct packed_set){0};
    if (!place_file(file, sizeof file, path, status))
        return false;
    set->file = container_open(file, CONTAINER_RATINGS, status);
    if (set->file == NULL)
        return false;
    if (!read_meta(set, status) || !find_sections(set, status) || !check_content(set, status)) {
        packed_set_close(set);
        return status_context(status, "%s", file);
    }
    set->digest = digest(set);
    return true;
}

bool packed_set_open(struct packed_set *set, const char *path, struct status *status) {
    if (!packed_set_open_for_blocks(set, path, status))
        return false;
    if (!set->is_in_blocks)
        return true;
    packed_set_close(set);
    return status_fail(status, STATUS_BAD_DATA,
                       "%s: this set has its training ratings in blocks only, which the mode blocked reads; "
                       "import or generate it without --tight",
                       path);
}

void packed_set_close(struct packed_set *set) {
    if (set->blocks != NULL)
        blocks_close(set->blocks);
    memory_release(set->blocks);
    container_close(set->file);
    *set = (struct packed_set){0};
}
