#include "analysis/seen.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "data/blocks.h"

/* One pass over all ratings of a set, whose rows become those of the model. Pass one counts, pass two fills. */
struct reading {
    const struct packed_set *set;
    uint32_t
        *maps[TABLE_COUNT]; /* [rows of the set] -> row of the model, or ID_UNKNOWN also for the unwanted */
    uint64_t *ends;         /* [users + 1]: where a user's next movie goes, one place on */
    uint32_t *movies;       /* NULL while counting */
};

static void visit(struct reading *reading, uint32_t set_user, uint32_t set_movie) {
    uint32_t user = reading->maps[TABLE_USERS][set_user], movie = reading->maps[TABLE_MOVIES][set_movie];
    if (user == ID_UNKNOWN || movie == ID_UNKNOWN)
        return;
    if (reading->movies != NULL)
        reading->movies[reading->ends[user]] = movie;
    reading->ends[user]++;
}

static void visit_list(struct reading *reading, const struct rating *ratings, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        visit(reading, ratings[i].user, ratings[i].movie);
}

static void visit_blocks(struct reading *reading, const struct blocks *blocks) {
    for (uint32_t part = 0; part < blocks->parts; part++)
        for (uint32_t stratum = 0; stratum < blocks->strata; stratum++) {
            struct block block = blocks_at(blocks, part, stratum);
            const uint32_t *users = blocks->user_rows + blocks->part_starts[part];
            const uint32_t *movies = blocks->movie_rows + blocks->stratum_starts[stratum];
            for (uint32_t i = 0; i < block.count; i++)
                visit(reading, users[block.users[i]], movies[block.movies[i]]);
        }
}

static void visit_all(struct reading *reading) {
    const struct packed_set *set = reading->set;
    if (set->is_in_blocks)
        visit_blocks(reading, set->blocks);
    else
        visit_list(reading, set->train, set->train_count);
    visit_list(reading, set->valid, set->valid_count);
}

static bool map_ids(struct reading *reading, const struct predictor *predictor, const bool *wanted,
                    struct status *status) {
    const struct packed_set *set = reading->set;
    uint32_t *users = id_index_map(&predictor->indexes[TABLE_USERS], &set->user_ids, status);
    reading->maps[TABLE_USERS] = users;
    if (users == NULL)
        return false;
    for (uint32_t row = 0; row < set->users; row++)
        if (users[row] != ID_UNKNOWN && !wanted[users[row]])
            users[row] = ID_UNKNOWN;
    reading->maps[TABLE_MOVIES] = id_index_map(&predictor->indexes[TABLE_MOVIES], &set->movie_ids, status);
    return reading->maps[TABLE_MOVIES] != NULL;
}

/* After a pass, ends[u] has moved on by u's ratings. From counts to starts: a sum of those before. */
static uint64_t sum_up(uint64_t *ends, uint32_t users) {
    uint64_t before = 0;
    for (uint32_t user = 0; user <= users; user++) {
        uint64_t count = ends[user];
        ends[user] = before;
        before += count;
    }
    return before;
}

/* After the second pass, the end of each user is the start of the next. */
static void step_back(uint64_t *ends, uint32_t users) {
    memmove(ends + 1, ends, users * sizeof *ends);
    ends[0] = 0;
}

static bool fill(struct seen *seen, struct reading *reading, uint32_t users, struct status *status) {
    seen->starts = memory_take_array((size_t)users + 1, sizeof *seen->starts, "what was seen", status);
    if (seen->starts == NULL)
        return false;
    reading->ends = seen->starts;
    visit_all(reading);
    uint64_t count = sum_up(seen->starts, users);
    seen->movies = memory_take_array(count, sizeof *seen->movies, "what was seen", status);
    if (seen->movies == NULL)
        return false;
    reading->movies = seen->movies;
    visit_all(reading);
    step_back(seen->starts, users);
    return true;
}

/* The set's blocks, which lie beside it. */
static bool open_blocks(struct packed_set *set, const char *path, struct status *status) {
    char copy[PATH_MAX], blocks_path[PATH_MAX];
    struct stat found;
    if (!set->is_in_blocks)
        return true;
    snprintf(copy, sizeof copy, "%s", path);
    bool is_folder = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    if (snprintf(blocks_path, sizeof blocks_path, "%s/" BLOCKS_FILE, is_folder ? path : dirname(copy)) >=
        PATH_MAX)
        return status_fail(status, STATUS_NO_INPUT, "%s: the name is too long", path);
    struct blocks *blocks = memory_take(sizeof *blocks, "blocks", status);
    if (blocks == NULL)
        return false;
    if (blocks_open(blocks, blocks_path, set, status)) {
        set->blocks = blocks;
        return true;
    }
    memory_release(blocks);
    return false;
}

bool seen_read(struct seen *seen, const struct predictor *predictor, const bool *wanted, const char *path,
               struct status *status) {
    struct packed_set set;
    struct reading reading = {.set = &set};
    *seen = (struct seen){0};
    if (!packed_set_open_for_blocks(&set, path, status))
        return false;
    bool well = open_blocks(&set, path, status) && map_ids(&reading, predictor, wanted, status) &&
                fill(seen, &reading, predictor->model->users, status);
    memory_release(reading.maps[TABLE_USERS]);
    memory_release(reading.maps[TABLE_MOVIES]);
    packed_set_close(&set);
    if (!well)
        seen_free(seen);
    return well;
}

void seen_free(struct seen *seen) {
    memory_release(seen->starts);
    memory_release(seen->movies);
    *seen = (struct seen){0};
}
