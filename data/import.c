#include "data/import.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/at_once.h"
#include "data/blocks.h"
#include "data/folder.h"
#include "data/id_map.h"
#include "data/movies_reader.h"
#include "data/ordered_work.h"
#include "data/rating_stream.h"

enum { BATCH = 4096 };

/* What an import holds while it runs. */
struct import {
    const struct import_spec *spec;
    struct import_summary *summary;
    struct id_map users, movies;
    bool goes_at_once; /* then ratings go there and not to the list */
    struct at_once at_once;
    struct rating_list list;
    struct movie_names names;
    struct split split;
};

/* Counts a reject, shows the first few, and under --strict fails. */
static bool take_reject(struct import *import, const char *path, uint32_t file, const struct ratings_row *row,
                        struct status *status) {
    struct import_summary *summary = import->summary;
    if (summary->rejects_shown < IMPORT_REJECTS_SHOWN) {
        struct import_reject *shown = &summary->rejects_seen[summary->rejects_shown++];
        shown->line = row->line;
        shown->file = file;
        memcpy(shown->reason, row->reason, sizeof shown->reason);
    }
    summary->rejects++;
    return !import->spec->is_strict || status_fail(status, STATUS_BAD_DATA, "%s: line %llu: %s", path,
                                                   (unsigned long long)row->line, row->reason);
}

static bool is_in_range(const struct import_spec *spec, float value) {
    return !spec->has_range || (value >= spec->range_low && value <= spec->range_high);
}

static bool take_out_of_range(struct import *import, const char *path, uint32_t file, struct ratings_row *row,
                              struct status *status) {
    const struct import_spec *spec = import->spec;
    snprintf(row->reason, sizeof row->reason, "rating %g is outside the range [%g, %g]", (double)row->value,
             (double)spec->range_low, (double)spec->range_high);
    import->summary->out_of_range++;
    return take_reject(import, path, file, row, status);
}

static bool take_row(struct import *import, const char *path, uint32_t file, struct ratings_row *row,
                     struct status *status) {
    struct rating rating = {.value = row->value};
    if (!is_in_range(import->spec, row->value))
        return take_out_of_range(import, path, file, row, status);
    if (!id_map_add(&import->users, row->user, row->user_length, &rating.user, status) ||
        !id_map_add(&import->movies, row->movie, row->movie_length, &rating.movie, status))
        return false;
    if (!import->goes_at_once)
        return rating_list_add(&import->list, rating, row->time, row->line, file, status);
    uint8_t is_valid =
        split_hash_is_valid(&import->spec->split, row->user, row->user_length, row->movie, row->movie_length);
    return at_once_take(&import->at_once, &rating, &is_valid, 1, import->movies.ids.count, status);
}

/* Ids that are numbers become row numbers, in place. A user's ratings often lie together. */
static bool number_rows(struct import *import, struct rating *ratings, size_t count, struct status *status) {
    uint32_t user = 0, row = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || ratings[i].user != user) {
            user = ratings[i].user;
            if (!id_map_add_number(&import->users, user, &row, status))
                return false;
        }
        ratings[i].user = row;
        if (!id_map_add_number(&import->movies, ratings[i].movie, &ratings[i].movie, status))
            return false;
    }
    return true;
}

/* Rows of a run, all in range. */
static bool take_good(struct import *import, uint32_t file, const struct rating_run *run, size_t from,
                      size_t to, struct status *status) {
    struct rating *ratings = run->ratings + from;
    if (!number_rows(import, ratings, to - from, status))
        return false;
    if (import->goes_at_once)
        return at_once_take(&import->at_once, ratings, run->is_valid + from, to - from,
                            import->movies.ids.count, status);
    return rating_list_append(&import->list, ratings, run->times == NULL ? NULL : run->times + from,
                              to - from, run->line + from, file, status);
}

/* The end of the rows from `from` on that are in range. */
static size_t good_until(const struct import_spec *spec, const struct rating_run *run, size_t from) {
    size_t to = spec->has_range ? from : run->count;
    while (to < run->count && is_in_range(spec, run->ratings[to].value))
        to++;
    return to;
}

static bool take_run(struct import *import, const char *path, uint32_t file, const struct rating_run *run,
                     struct status *status) {
    for (size_t from = 0, to; from < run->count; from = to + 1) {
        to = good_until(import->spec, run, from);
        if (!take_good(import, file, run, from, to, status))
            return false;
        struct ratings_row row = {.line = run->line + to};
        if (to == run->count)
            return true;
        row.value = run->ratings[to].value;
        if (!take_out_of_range(import, path, file, &row, status))
            return false;
    }
    return true;
}

static bool read_rows(struct import *import, const char *path, uint32_t file, struct rating_stream *stream,
                      struct status *status) {
    struct ratings_row row;
    struct rating_run run;
    for (bool done = true; done;) {
        switch (rating_stream_next(stream, &run, &row, status)) {
        case STREAM_RUN:
            done = take_run(import, path, file, &run, status);
            break;
        case STREAM_ROW:
            done = take_row(import, path, file, &row, status);
            break;
        case STREAM_REJECT:
            done = take_reject(import, path, file, &row, status);
            break;
        case STREAM_END:
            return true;
        default:
            return false;
        }
    }
    return false;
}

static bool read_file(struct import *import, const char *path, uint32_t file, struct status *status) {
    struct rating_stream *stream = rating_stream_open(path, split_wants_times(import->spec->split.method),
                                                      ordered_work_threads(import->spec->threads), status);
    if (stream == NULL)
        return false;
    if (import->goes_at_once)
        rating_stream_mark(stream, &import->spec->split);
    if (file == 0)
        import->list.has_times = rating_stream_has_times(stream);
    bool done = read_rows(import, path, file, stream, status);
    rating_stream_close(stream);
    return done;
}

static bool read_ratings(struct import *import, struct status *status) {
    const struct import_spec *spec = import->spec;
    if (!read_file(import, spec->ratings, 0, status))
        return false;
    if (spec->split.method == SPLIT_BY_FILES && !read_file(import, spec->valid_file, 1, status))
        return false;
    import->summary->rows = import->goes_at_once ? import->at_once.count : import->list.count;
    import->summary->users = import->users.ids.count;
    import->summary->movies = import->movies.ids.count;
    if (import->summary->rows > 0)
        return !import->goes_at_once || at_once_end(&import->at_once, status);
    const struct import_summary *summary = import->summary;
    if (summary->rejects == 0)
        return status_fail(status, STATUS_BAD_DATA, "%s: there are no ratings", spec->ratings);
    return status_fail(status, STATUS_BAD_DATA,
                       "%s: there is no good rating; the first of %llu rejects is line %llu: %s",
                       spec->ratings, (unsigned long long)summary->rejects,
                       (unsigned long long)summary->rejects_seen[0].line, summary->rejects_seen[0].reason);
}

/* movies.csv or movies.dat beside the ratings; false when there is none. */
static bool find_movies_beside(const char *ratings, char path[PATH_MAX]) {
    static const char *const NAMES[] = {"movies.csv", "movies.dat", "movies.csv.gz", "movies.csv.zst"};
    const char *slash = strrchr(ratings, '/');
    int folder = slash == NULL ? 0 : (int)(slash - ratings + 1);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        int length = snprintf(path, PATH_MAX, "%.*s%s", folder, ratings, NAMES[i]);
        if (length > 0 && length < PATH_MAX && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static bool read_movies(struct import *import, struct status *status) {
    char beside[PATH_MAX];
    const char *path = import->spec->movies;
    if (path == NULL && find_movies_beside(import->spec->ratings, beside))
        path = beside;
    if (path != NULL && !movies_read(&import->names, path, &import->movies, status))
        return false;
    import->summary->titles = import->names.known;
    import->summary->unrated_movies = import->names.unrated;
    import->summary->movie_rejects = import->names.rejects;
    import->summary->first_movie_reject_line = import->names.first_reject_line;
    return true;
}

/* The ratings of either part, in the order of the file. */
static bool write_part(const struct import *import, struct packed_writer *writer, enum packed_part part,
                       struct status *status) {
    struct rating batch[BATCH];
    for (uint64_t i = 0, run; i < import->list.count; i += run) {
        const struct rating *ratings = rating_list_at(&import->list, i);
        const uint8_t *is_valid = import->split.is_valid + i;
        run = rating_list_run(&import->list, i);
        run = run < BATCH ? run : BATCH;
        size_t filled = 0;
        for (uint64_t k = 0; k < run; k++) {
            batch[filled] = ratings[k];
            filled += is_valid[k] == (part == PACKED_VALID);
        }
        if (!packed_writer_ratings(writer, part, batch, filled, status))
            return false;
    }
    return true;
}

static bool write_in_order(const struct import *import, struct packed_writer *writer, struct status *status) {
    for (uint64_t i = 0; i < import->split.valid_count; i++) {
        const struct rating *rating = rating_list_at(&import->list, import->split.order[i]);
        if (!packed_writer_ratings(writer, PACKED_VALID, rating, 1, status))
            return false;
    }
    return true;
}

static bool write_ratings(const struct import *import, struct packed_writer *writer, struct status *status) {
    if (!write_part(import, writer, PACKED_TRAIN, status))
        return false;
    return import->split.order != NULL ? write_in_order(import, writer, status)
                                       : write_part(import, writer, PACKED_VALID, status);
}

static bool write_set(struct import *import, struct status *status) {
    const struct split_spec *split = &import->spec->split;
    struct packed_about about = {.user_ids = &import->users.ids,
                                 .movie_ids = &import->movies.ids,
                                 .movie_titles = &import->names.titles,
                                 .movie_genres = &import->names.genres,
                                 .split = split_name(split->method),
                                 .valid_fraction = split->fraction,
                                 .split_seed = split->seed,
                                 .source = import->spec->ratings,
                                 .truth_rmse = NAN};
    if (import->goes_at_once)
        return at_once_commit(&import->at_once, &about, &import->summary->totals, &import->summary->histogram,
                              status);
    struct packed_writer *writer = packed_writer_begin(import->spec->folder, status);
    if (writer == NULL)
        return false;
    if (write_ratings(import, writer, status))
        return packed_writer_commit(writer, &about, &import->summary->totals, status);
    packed_writer_abandon(writer);
    return false;
}

static void release(struct import *import) {
    id_map_clear(&import->users);
    id_map_clear(&import->movies);
    at_once_clear(&import->at_once);
    rating_list_clear(&import->list);
    movie_names_clear(&import->names);
    split_clear(&import->split);
}

/* What may have to be read again must be a file that stays. */
static bool may_go_at_once(const struct import_spec *spec) {
    struct stat found;
    return spec->split.method == SPLIT_BY_HASH && stat(spec->ratings, &found) == 0 && S_ISREG(found.st_mode);
}

/* What is known only when all ratings are: duplicates, the split, the histogram. */
static bool settle(struct import *import, struct status *status) {
    const struct import_spec *spec = import->spec;
    struct import_summary *summary = import->summary;
    if (import->goes_at_once)
        return true;
    if (!duplicates_settle(&summary->duplicates, spec->duplicates, &import->list, (uint32_t)summary->users,
                           (uint32_t)summary->movies, status) ||
        !split_make(&import->split, &spec->split, &import->list, &import->users.ids, &import->movies.ids,
                    status))
        return status_context(status, "%s", spec->ratings);
    summary->histogram = histogram_of(&import->list);
    return true;
}

static bool run_one_way(struct import *import, struct status *status) {
    return read_ratings(import, status) && settle(import, status) && read_movies(import, status) &&
           write_set(import, status);
}

/* At once where that is possible, else from a list. */
static bool run(struct import *import, struct status *status) {
    const struct import_spec *spec = import->spec;
    import->goes_at_once = may_go_at_once(spec);
    bool done = run_one_way(import, status);
    if (!done && import->at_once.gave_up) {
        release(import);
        *import->summary = (struct import_summary){0};
        import->goes_at_once = false;
        done = run_one_way(import, status);
    }
    return done && (!spec->with_blocks || blocks_build_beside(spec->folder, spec->shape, status));
}

bool import_ratings(const struct import_spec *spec, struct import_summary *summary, struct status *status) {
    struct import import = {
        .spec = spec,
        .summary = summary,
        .at_once = {.folder = spec->folder, .threads = ordered_work_threads(spec->threads)}};
    struct folder folder;
    *summary = (struct import_summary){0};
    REQUIRE(spec->split.method != SPLIT_BY_FILES || spec->valid_file != NULL, "split files names its file");
    /* Before the long part: a folder that cannot be made should not cost the reading. */
    if (!folder_make(&folder, spec->folder, status))
        return false;
    bool done = run(&import, status);
    release(&import);
    if (!done)
        folder_undo(&folder);
    return done;
}
