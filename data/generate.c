#include "data/generate.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"
#include "data/audience.h"
#include "data/blocks.h"
#include "data/csv_writer.h"
#include "data/folder.h"
#include "data/generate_tight.h"
#include "data/made_up.h"
#include "data/planted.h"
#include "data/rating_list.h"
#include "data/split.h"
#include "data/tight_part.h"

enum { STREAM_TIME = 22, ID_BYTES = 16 };

/* Users come within twenty years from 2000 on and rate for some minutes or days. */
enum { FIRST_TIME = 946684800, TIME_SPAN = 20 * 365 * 86400, PAUSE_MAX = 600 };

#define NOT_RATED UINT32_MAX

struct generator {
    const struct generate_spec *spec;
    struct generate_summary *summary;
    struct split_spec split;
    struct planted planted;
    struct audience audience;
    uint32_t *chosen, *dense; /* per movie: a user's choice; the dense row or NOT_RATED */
    struct string_list user_ids, movie_ids, titles, genres;
    struct rating_list valid;
    double truth_squares;
    struct packed_writer *writer;
    struct atomic_file *ratings_csv;
};

static bool check_sizes(const struct generate_spec *spec, struct status *status) {
    if (spec->users < 1 || spec->movies < 1 || spec->users > INT32_MAX || spec->movies > INT32_MAX)
        return status_fail(status, STATUS_USAGE, "users and movies must be between 1 and %d", INT32_MAX);
    if (spec->ratings < spec->users || spec->ratings >= UINT32_MAX)
        return status_fail(status, STATUS_USAGE,
                           "%llu ratings are too few for %u users, or too many (at least one "
                           "for each user, below 2^32)",
                           (unsigned long long)spec->ratings, spec->users);
    if (spec->ratings > (uint64_t)spec->users * spec->movies)
        return status_fail(status, STATUS_USAGE,
                           "%u users cannot give %llu ratings to %u movies without rating one twice",
                           spec->users, (unsigned long long)spec->ratings, spec->movies);
    if (spec->is_tight && spec->with_csv)
        return status_fail(status, STATUS_USAGE, "a tight set comes without CSV");
    if (spec->factors < 1 || spec->factors > PLANTED_FACTORS_MAX)
        return status_fail(status, STATUS_USAGE, "factors must be between 1 and %d", PLANTED_FACTORS_MAX);
    if (!(spec->noise >= 0 && spec->noise <= 10) || !(spec->valid_fraction >= 0 && spec->valid_fraction < 1))
        return status_fail(status, STATUS_USAGE,
                           "noise must be between 0 and 10, the validation fraction in [0, 1)");
    return true;
}

/* The row of a movie, given when it is rated for the first time, and its names with it. */
static bool name_movie(struct generator *generator, uint32_t movie, uint32_t *row, struct status *status) {
    char text[MADE_UP_BYTES];
    uint64_t seed = generator->spec->seed;
    *row = generator->dense[movie];
    if (*row != NOT_RATED)
        return true;
    size_t next = generator->movie_ids.count;
    int length = snprintf(text, sizeof text, "%u", movie + 1);
    if (!string_list_set(&generator->movie_ids, next, text, (size_t)length, status) ||
        !string_list_set(&generator->titles, next, text, made_up_title(seed, movie, text), status) ||
        !string_list_set(&generator->genres, next, text, made_up_genre_text(seed, movie, text), status))
        return false;
    *row = generator->dense[movie] = (uint32_t)next;
    return true;
}

static bool keep_valid(struct generator *generator, struct rating rating, float truth,
                       struct status *status) {
    double error = (double)truth - (double)rating.value;
    generator->truth_squares += error * error;
    return rating_list_add(&generator->valid, rating, 0, generator->valid.count + 1, 0, status);
}

/* Sends a rating to its part of the set. */
static bool place(struct generator *generator, struct rating rating, float truth, struct status *status) {
    size_t user_length, movie_length;
    const char *user = string_list_get(&generator->user_ids, rating.user, &user_length);
    const char *movie = string_list_get(&generator->movie_ids, rating.movie, &movie_length);
    if (split_hash_is_valid(&generator->split, user, user_length, movie, movie_length))
        return keep_valid(generator, rating, truth, status);
    return packed_writer_ratings(generator->writer, PACKED_TRAIN, &rating, 1, status);
}

static bool make_rating(struct generator *generator, const struct planted_user *taste, uint32_t user,
                        uint32_t movie, int64_t time, struct status *status) {
    const struct generate_spec *spec = generator->spec;
    struct rating rating = {.user = user};
    float truth = planted_rating(&generator->planted, taste, movie);
    rating.value = generate_value(spec, user, movie, truth);
    generator->summary->half_stars[(int)(2 * rating.value) - 1]++;
    if (generator->ratings_csv != NULL &&
        !csv_write_rating(generator->ratings_csv, user + 1, movie + 1, rating.value, time, status))
        return false;
    return name_movie(generator, movie, &rating.movie, status) && place(generator, rating, truth, status);
}

static bool make_user(struct generator *generator, uint32_t user, struct status *status) {
    char id[ID_BYTES];
    uint64_t seed = generator->spec->seed;
    struct planted_user taste = planted_user(&generator->planted, user);
    int64_t time = FIRST_TIME + (int64_t)(rng_bits(seed, STREAM_TIME, (uint64_t)user << 32) % TIME_SPAN);
    int length = snprintf(id, sizeof id, "%u", user + 1);
    if (!string_list_set(&generator->user_ids, user, id, (size_t)length, status))
        return false;
    audience_choose(&generator->audience, user, generator->chosen);
    for (uint32_t i = 0; i < generator->audience.counts[user]; i++) {
        time += (int64_t)(rng_bits(seed, STREAM_TIME, (uint64_t)user << 32 | (i + 1)) % PAUSE_MAX);
        if (!make_rating(generator, &taste, user, generator->chosen[i], time, status))
            return false;
    }
    return true;
}

static bool write_valid(struct generator *generator, struct status *status) {
    for (uint64_t i = 0; i < generator->valid.count; i++)
        if (!packed_writer_ratings(generator->writer, PACKED_VALID, rating_list_at(&generator->valid, i), 1,
                                   status))
            return false;
    return generator->valid.count < generator->spec->ratings ||
           status_fail(status, STATUS_BAD_DATA, "every rating validates: nothing is left to train on");
}

static bool make_ratings(struct generator *generator, struct status *status) {
    for (uint32_t user = 0; user < generator->spec->users; user++)
        if (!make_user(generator, user, status))
            return false;
    return write_valid(generator, status);
}

static bool write_movies_csv(const struct generate_spec *spec, struct status *status) {
    char title[MADE_UP_BYTES], genres[MADE_UP_BYTES];
    struct atomic_file *file = csv_begin(spec->folder, "movies.csv", "movieId,title,genres", status);
    if (file == NULL)
        return false;
    for (uint32_t movie = 0; movie < spec->movies; movie++) {
        made_up_title(spec->seed, movie, title);
        made_up_genre_text(spec->seed, movie, genres);
        if (!csv_write_movie(file, movie + 1, title, genres, status)) {
            atomic_file_abandon(file);
            return false;
        }
    }
    return atomic_file_commit(file, status);
}

static void remove_csv(const struct generate_spec *spec, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", spec->folder, name) < (int)sizeof path)
        unlink(path);
}

static bool commit_csv(struct generator *generator, struct status *status) {
    struct atomic_file *file = generator->ratings_csv;
    if (file == NULL)
        return true;
    generator->ratings_csv = NULL;
    return atomic_file_commit(file, status) && write_movies_csv(generator->spec, status);
}

static bool commit(struct generator *generator, struct status *status) {
    struct generate_summary *summary = generator->summary;
    struct packed_writer *writer = generator->writer;
    uint64_t valid = generator->valid.count;
    summary->ratings = generator->spec->ratings;
    summary->users = generator->user_ids.count;
    summary->movies = generator->movie_ids.count;
    summary->truth_rmse = valid == 0 ? NAN : sqrt(generator->truth_squares / (double)valid);
    struct packed_about about = {.user_ids = &generator->user_ids,
                                 .movie_ids = &generator->movie_ids,
                                 .movie_titles = &generator->titles,
                                 .movie_genres = &generator->genres,
                                 .split = split_name(SPLIT_BY_HASH),
                                 .valid_fraction = generator->split.fraction,
                                 .split_seed = generator->split.seed,
                                 .source = "generated",
                                 .truth_rmse = summary->truth_rmse};
    bool done = commit_csv(generator, status);
    if (done) {
        generator->writer = NULL;
        done = packed_writer_commit(writer, &about, &summary->totals, status);
    }
    if (!done && generator->spec->with_csv) {
        remove_csv(generator->spec, "ratings.csv");
        remove_csv(generator->spec, "movies.csv");
    }
    return done;
}

static bool prepare(struct generator *generator, struct status *status) {
    const struct generate_spec *spec = generator->spec;
    if (!planted_make(&generator->planted, spec->seed, spec->movies, spec->factors, status) ||
        !audience_make(&generator->audience, spec->seed, spec->ratings, spec->users, spec->movies, status))
        return false;
    generator->chosen = memory_take_array(spec->movies, sizeof(uint32_t), "a user's movies", status);
    if (generator->chosen == NULL)
        return false;
    generator->dense = memory_take_array(spec->movies, sizeof(uint32_t), "rows of movies", status);
    if (generator->dense == NULL)
        return false;
    memset(generator->dense, 0xff, spec->movies * sizeof(uint32_t));
    generator->writer = packed_writer_begin(spec->folder, status);
    if (generator->writer == NULL || !spec->with_csv)
        return generator->writer != NULL;
    generator->ratings_csv =
        csv_begin(spec->folder, "ratings.csv", "userId,movieId,rating,timestamp", status);
    return generator->ratings_csv != NULL;
}

static void release(struct generator *generator) {
    packed_writer_abandon(generator->writer);
    atomic_file_abandon(generator->ratings_csv);
    planted_clear(&generator->planted);
    audience_clear(&generator->audience);
    memory_release(generator->chosen);
    memory_release(generator->dense);
    string_list_clear(&generator->user_ids);
    string_list_clear(&generator->movie_ids);
    string_list_clear(&generator->titles);
    string_list_clear(&generator->genres);
    rating_list_clear(&generator->valid);
}

bool generate_ratings(const struct generate_spec *spec, struct generate_summary *summary,
                      struct status *status) {
    struct generator generator = {.spec = spec, .summary = summary};
    struct folder folder;
    *summary = (struct generate_summary){0};
    generator.split = (struct split_spec){
        .method = SPLIT_BY_HASH, .fraction = spec->valid_fraction, .seed = spec->split_seed};
    if (!check_sizes(spec, status) || !folder_make(&folder, spec->folder, status))
        return false;
    bool done = spec->is_tight ? generate_tight(spec, summary, status)
                               : prepare(&generator, status) && make_ratings(&generator, status) &&
                                     commit(&generator, status);
    release(&generator);
    if (done && spec->with_blocks && !spec->is_tight)
        done = blocks_build_beside(spec->folder, spec->shape, status);
    if (!done)
        folder_undo(&folder);
    return done;
}
