#include "data/append.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/id_map.h"
#include "data/sections.h"
#include "data/split.h"

/* A newer rating under the rows of the new set. */
struct newcomer {
    struct rating rating;
    bool replaces; /* an older one, in whose place it is written */
};

struct append {
    const struct packed_set *older, *newer;
    struct id_map users, movies;
    struct string_list titles, genres;
    uint32_t *user_rows, *movie_rows; /* of the newer set's rows, in the new set */
    struct newcomer *newcomers;       /* in the order of pairs */
    uint64_t count;
    struct split_spec split;
    char split_name[32];
    struct append_summary *summary;
};

static uint64_t pair_of(const struct rating *rating) {
    return (uint64_t)rating->user << 32 | rating->movie;
}

static int compare(const void *one, const void *other) {
    uint64_t a = pair_of(&((const struct newcomer *)one)->rating);
    uint64_t b = pair_of(&((const struct newcomer *)other)->rating);
    return (a > b) - (a < b);
}

/* How the older set was split. */
static bool read_split(struct append *append, struct status *status) {
    json_t *meta = sections_meta(append->older->file, status);
    if (meta == NULL)
        return false;
    const char *name = json_string_value(json_object_get(meta, "split"));
    const char *seed = json_string_value(json_object_get(meta, "split_seed"));
    snprintf(append->split_name, sizeof append->split_name, "%s", name == NULL ? "hash" : name);
    append->split =
        (struct split_spec){.method = SPLIT_BY_HASH,
                            .fraction = json_number_value(json_object_get(meta, "valid_fraction")),
                            .seed = seed == NULL ? 0 : strtoull(seed, NULL, 10)};
    if (strcmp(append->split_name, split_name(SPLIT_BY_FILES)) == 0)
        append->split.fraction = 0;
    json_decref(meta);
    return true;
}

/* Adds the ids of a table; rows (NULL: nobody wants them) get theirs. */
static bool add_ids(struct id_map *map, const struct string_table *ids, uint32_t *rows,
                    struct status *status) {
    for (uint64_t i = 0; i < ids->count; i++) {
        size_t length;
        uint32_t row;
        const char *id = string_table_get(ids, i, &length);
        if (!id_map_add(map, id, length, &row, status))
            return false;
        if (rows != NULL)
            rows[i] = row;
    }
    return true;
}

/* Texts of movies, the newer set's where the older one has none. */
static bool add_texts(struct string_list *list, const struct string_table *texts, const uint32_t *rows,
                      struct status *status) {
    for (uint64_t i = 0; i < texts->count; i++) {
        size_t length, known;
        const char *text = string_table_get(texts, i, &length);
        uint32_t row = rows == NULL ? (uint32_t)i : rows[i];
        string_list_get(list, row, &known);
        if (length > 0 && known == 0 && !string_list_set(list, row, text, length, status))
            return false;
    }
    return true;
}

static bool number(struct append *append, struct status *status) {
    const struct packed_set *older = append->older, *newer = append->newer;
    append->user_rows = memory_take_array(newer->users, sizeof(uint32_t), "new users", status);
    append->movie_rows = memory_take_array(newer->movies, sizeof(uint32_t), "new movies", status);
    return append->user_rows != NULL && append->movie_rows != NULL &&
           add_ids(&append->users, &older->user_ids, NULL, status) &&
           add_ids(&append->movies, &older->movie_ids, NULL, status) &&
           add_ids(&append->users, &newer->user_ids, append->user_rows, status) &&
           add_ids(&append->movies, &newer->movie_ids, append->movie_rows, status) &&
           add_texts(&append->titles, &older->movie_titles, NULL, status) &&
           add_texts(&append->titles, &newer->movie_titles, append->movie_rows, status) &&
           add_texts(&append->genres, &older->movie_genres, NULL, status) &&
           add_texts(&append->genres, &newer->movie_genres, append->movie_rows, status);
}

static void translate(const struct append *append, const struct rating *ratings, uint64_t count,
                      struct newcomer *to) {
    for (uint64_t i = 0; i < count; i++)
        to[i].rating = (struct rating){append->user_rows[ratings[i].user],
                                       append->movie_rows[ratings[i].movie], ratings[i].value};
}

static struct newcomer *find(const struct append *append, const struct rating *rating) {
    struct newcomer key = {.rating = *rating};
    return append->count == 0 ? NULL : bsearch(&key, append->newcomers, append->count, sizeof key, compare);
}

static void mark(struct append *append, const struct rating *ratings, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct newcomer *newcomer = find(append, &ratings[i]);
        if (newcomer == NULL || newcomer->replaces)
            continue;
        newcomer->replaces = true;
        append->summary->replaced++;
    }
}

static bool gather(struct append *append, struct status *status) {
    const struct packed_set *older = append->older, *newer = append->newer;
    append->count = newer->train_count + newer->valid_count;
    append->newcomers = memory_take_array(append->count, sizeof *append->newcomers, "new ratings", status);
    if (append->newcomers == NULL)
        return false;
    translate(append, newer->train, newer->train_count, append->newcomers);
    translate(append, newer->valid, newer->valid_count, append->newcomers + newer->train_count);
    qsort(append->newcomers, append->count, sizeof *append->newcomers, compare);
    mark(append, older->train, older->train_count);
    mark(append, older->valid, older->valid_count);
    append->summary->ratings = append->count;
    append->summary->new_users = append->users.ids.count - older->users;
    append->summary->new_movies = append->movies.ids.count - older->movies;
    return true;
}

static bool validates(const struct append *append, const struct rating *rating) {
    size_t user_length, movie_length;
    const char *user = string_list_get(&append->users.ids, rating->user, &user_length);
    const char *movie = string_list_get(&append->movies.ids, rating->movie, &movie_length);
    return split_hash_is_valid(&append->split, user, user_length, movie, movie_length);
}

static bool write_part(const struct append *append, struct packed_writer *writer, enum packed_part part,
                       struct status *status) {
    const struct packed_set *older = append->older;
    const struct rating *ratings = part == PACKED_TRAIN ? older->train : older->valid;
    uint64_t count = part == PACKED_TRAIN ? older->train_count : older->valid_count;
    for (uint64_t i = 0; i < count; i++) {
        const struct newcomer *newer = find(append, &ratings[i]);
        const struct rating *rating = newer == NULL ? &ratings[i] : &newer->rating;
        if (!packed_writer_ratings(writer, part, rating, 1, status))
            return false;
    }
    for (uint64_t i = 0; i < append->count; i++) {
        const struct newcomer *newcomer = &append->newcomers[i];
        if (!newcomer->replaces && validates(append, &newcomer->rating) == (part == PACKED_VALID) &&
            !packed_writer_ratings(writer, part, &newcomer->rating, 1, status))
            return false;
    }
    return true;
}

static bool write_set(const struct append *append, const char *source, const char *folder,
                      struct status *status) {
    struct packed_about about = {.user_ids = &append->users.ids,
                                 .movie_ids = &append->movies.ids,
                                 .movie_titles = &append->titles,
                                 .movie_genres = &append->genres,
                                 .split = append->split_name,
                                 .valid_fraction = append->split.fraction,
                                 .split_seed = append->split.seed,
                                 .source = source,
                                 .truth_rmse = NAN};
    struct packed_writer *writer = packed_writer_begin(folder, status);
    if (writer == NULL)
        return false;
    if (write_part(append, writer, PACKED_TRAIN, status) && write_part(append, writer, PACKED_VALID, status))
        return packed_writer_commit(writer, &about, &append->summary->totals, status);
    packed_writer_abandon(writer);
    return false;
}

static void release(struct append *append) {
    id_map_clear(&append->users);
    id_map_clear(&append->movies);
    string_list_clear(&append->titles);
    string_list_clear(&append->genres);
    memory_release(append->user_rows);
    memory_release(append->movie_rows);
    memory_release(append->newcomers);
}

bool append_sets(const struct packed_set *older, const struct packed_set *newer, const char *source,
                 const char *folder, struct append_summary *summary, struct status *status) {
    struct append append = {.older = older, .newer = newer, .summary = summary};
    *summary = (struct append_summary){0};
    if (older->is_in_blocks)
        return status_fail(status, STATUS_BAD_DATA,
                           "its training ratings lie in blocks only: nothing can be appended to them");
    bool good = read_split(&append, status) && number(&append, status) && gather(&append, status) &&
                write_set(&append, source, folder, status);
    release(&append);
    return good;
}
