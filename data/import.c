#include "data/import.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/folder.h"
#include "data/id_map.h"
#include "data/movies_reader.h"

enum { BATCH = 4096 };

/* What an import holds while it runs. */
struct import {
    const struct import_spec *spec;
    struct import_summary *summary;
    struct id_map users, movies;
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

static bool is_in_range(struct import *import, struct ratings_row *row) {
    const struct import_spec *spec = import->spec;
    if (!spec->has_range || (row->value >= spec->range_low && row->value <= spec->range_high))
        return true;
    snprintf(row->reason, sizeof row->reason, "rating %g is outside the range [%g, %g]", (double)row->value,
             (double)spec->range_low, (double)spec->range_high);
    import->summary->out_of_range++;
    return false;
}

static bool take_row(struct import *import, uint32_t file, const struct ratings_row *row,
                     struct status *status) {
    struct rating rating = {.value = row->value};
    return id_map_add(&import->users, row->user, row->user_length, &rating.user, status) &&
           id_map_add(&import->movies, row->movie, row->movie_length, &rating.movie, status) &&
           rating_list_add(&import->list, rating, row->time, row->line, file, status);
}

static bool read_rows(struct import *import, const char *path, uint32_t file, struct ratings_reader *reader,
                      struct status *status) {
    struct ratings_row row;
    for (;;) {
        enum ratings_outcome outcome = ratings_reader_next(reader, &row, status);
        if (outcome == RATINGS_END || outcome == RATINGS_FAILED)
            return outcome == RATINGS_END;
        bool is_good = outcome == RATINGS_ROW && is_in_range(import, &row);
        bool done =
            is_good ? take_row(import, file, &row, status) : take_reject(import, path, file, &row, status);
        if (!done)
            return false;
    }
}

static bool read_file(struct import *import, const char *path, uint32_t file, struct status *status) {
    struct ratings_reader *reader =
        ratings_reader_open(path, split_wants_times(import->spec->split.method), status);
    if (reader == NULL)
        return false;
    if (file == 0)
        import->list.has_times = ratings_reader_has_times(reader);
    bool done = read_rows(import, path, file, reader, status);
    ratings_reader_close(reader);
    return done;
}

static bool read_ratings(struct import *import, struct status *status) {
    const struct import_spec *spec = import->spec;
    if (!read_file(import, spec->ratings, 0, status))
        return false;
    if (spec->split.method == SPLIT_BY_FILES && !read_file(import, spec->valid_file, 1, status))
        return false;
    import->summary->rows = import->list.count;
    import->summary->users = import->users.ids.count;
    import->summary->movies = import->movies.ids.count;
    if (import->list.count > 0)
        return true;
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

static bool write_train(const struct import *import, struct packed_writer *writer, struct status *status) {
    struct rating batch[BATCH];
    size_t filled = 0;
    for (uint64_t i = 0; i < import->list.count; i++) {
        if (import->split.is_valid[i])
            continue;
        batch[filled++] = *rating_list_at(&import->list, i);
        if (filled == BATCH) {
            if (!packed_writer_ratings(writer, PACKED_TRAIN, batch, filled, status))
                return false;
            filled = 0;
        }
    }
    return packed_writer_ratings(writer, PACKED_TRAIN, batch, filled, status);
}

static bool write_valid(const struct import *import, struct packed_writer *writer, struct status *status) {
    const uint32_t *order = import->split.order;
    uint64_t count = order != NULL ? import->split.valid_count : import->list.count;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t place = order != NULL ? order[i] : i;
        if (import->split.is_valid[place] &&
            !packed_writer_ratings(writer, PACKED_VALID, rating_list_at(&import->list, place), 1, status))
            return false;
    }
    return true;
}

static bool write_set(const struct import *import, struct status *status) {
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
    struct packed_writer *writer = packed_writer_begin(import->spec->folder, status);
    if (writer == NULL)
        return false;
    if (write_train(import, writer, status) && write_valid(import, writer, status))
        return packed_writer_commit(writer, &about, &import->summary->totals, status);
    packed_writer_abandon(writer);
    return false;
}

static bool run(struct import *import, struct status *status) {
    const struct import_spec *spec = import->spec;
    struct import_summary *summary = import->summary;
    if (!read_ratings(import, status))
        return false;
    if (!duplicates_settle(&summary->duplicates, spec->duplicates, &import->list, (uint32_t)summary->users,
                           (uint32_t)summary->movies, status) ||
        !split_make(&import->split, &spec->split, &import->list, &import->users.ids, &import->movies.ids,
                    status))
        return status_context(status, "%s", spec->ratings);
    summary->histogram = histogram_of(&import->list);
    return read_movies(import, status) && write_set(import, status);
}

static void release(struct import *import) {
    id_map_clear(&import->users);
    id_map_clear(&import->movies);
    rating_list_clear(&import->list);
    movie_names_clear(&import->names);
    split_clear(&import->split);
}

bool import_ratings(const struct import_spec *spec, struct import_summary *summary, struct status *status) {
    struct import import = {.spec = spec, .summary = summary};
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
