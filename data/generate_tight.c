#include "data/generate_tight.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/blocks.h"
#include "data/made_up.h"
#include "data/ordered_work.h"
#include "data/tight_part.h"

/* Popularity as a number of ratings, for dealing. */
#define POPULARITY_SCALE 4e9

struct tight {
    struct tight_world world;
    struct generate_summary *summary;
    struct string_list titles, genres;
    struct tight_part *made[ORDERED_WINDOW_MAX];
    uint32_t window;
    uint32_t *user_counts, *movie_counts;       /* training ratings */
    uint32_t *valid_counts, *valid_cold_counts; /* per movie: validation ratings; of users without others */
    double truth_squares;
    struct blocks_writer *blocks;
    struct packed_writer *set;
};

static bool name_users(struct tight_world *world, struct status *status) {
    char text[16];
    for (uint32_t user = 0; user < world->spec->users; user++) {
        int length = snprintf(text, sizeof text, "%u", user + 1);
        if (!string_list_set(&world->user_ids, user, text, (size_t)length, status))
            return false;
    }
    return true;
}

static bool name_movies(struct tight *tight, struct status *status) {
    char text[MADE_UP_BYTES];
    uint64_t seed = tight->world.spec->seed;
    for (uint32_t movie = 0; movie < tight->world.spec->movies; movie++) {
        int length = snprintf(text, sizeof text, "%u", movie + 1);
        if (!string_list_set(&tight->world.movie_ids, movie, text, (size_t)length, status) ||
            !string_list_set(&tight->titles, movie, text, made_up_title(seed, movie, text), status) ||
            !string_list_set(&tight->genres, movie, text, made_up_genre_text(seed, movie, text), status))
            return false;
    }
    return true;
}

/* How many ratings each movie may expect is all that is known of it before the ratings are made. */
static bool deal_movies(struct tight_world *world, uint32_t strata, struct status *status) {
    uint32_t movies = world->spec->movies;
    double total = 0;
    uint32_t *expected = memory_take_array(movies, sizeof *expected, "movies' popularity", status);
    if (expected == NULL)
        return false;
    for (uint32_t movie = 0; movie < movies; movie++)
        total += world->audience.weights[movie];
    for (uint32_t movie = 0; movie < movies; movie++)
        expected[movie] = (uint32_t)(world->audience.weights[movie] / total * POPULARITY_SCALE);
    bool done = blocks_side_deal(&world->strata, "strata", strata, expected, movies, status);
    memory_release(expected);
    return done;
}

static bool make_world(struct tight *tight, struct status *status) {
    struct tight_world *world = &tight->world;
    const struct generate_spec *spec = world->spec;
    struct blocks_shape shape =
        spec->shape.parts == 0 ? blocks_shape_for(spec->users, spec->movies, spec->ratings) : spec->shape;
    return planted_make(&world->planted, spec->seed, spec->movies, spec->factors, status) &&
           audience_make(&world->audience, spec->seed, spec->ratings, spec->users, spec->movies, status) &&
           blocks_side_deal(&world->parts, "parts", shape.parts, world->audience.counts, spec->users,
                            status) &&
           deal_movies(world, shape.strata, status) && name_users(world, status) &&
           name_movies(tight, status);
}

static bool take_tables(struct tight *tight, struct status *status) {
    const struct generate_spec *spec = tight->world.spec;
    tight->user_counts = memory_take_array(spec->users, sizeof(uint32_t), "users' ratings", status);
    if (tight->user_counts != NULL)
        tight->movie_counts = memory_take_array(spec->movies, sizeof(uint32_t), "movies' ratings", status);
    if (tight->movie_counts != NULL)
        tight->valid_counts = memory_take_array(spec->movies, sizeof(uint32_t), "movies' ratings", status);
    if (tight->valid_counts != NULL)
        tight->valid_cold_counts =
            memory_take_array(spec->movies, sizeof(uint32_t), "movies' ratings", status);
    return tight->valid_cold_counts != NULL;
}

static bool take_parts(struct tight *tight, struct status *status) {
    for (uint32_t i = 0; i < tight->window; i++) {
        tight->made[i] = memory_take(sizeof *tight->made[i], "a part", status);
        if (tight->made[i] == NULL || !tight_part_prepare(tight->made[i], &tight->world, status))
            return false;
    }
    return true;
}

static bool prepare(struct tight *tight, struct status *status) {
    const char *folder = tight->world.spec->folder;
    if (!make_world(tight, status) || !take_tables(tight, status) || !take_parts(tight, status))
        return false;
    tight->blocks = blocks_writer_begin(folder, &tight->world.parts, &tight->world.strata, status);
    if (tight->blocks == NULL)
        return false;
    tight->set = packed_writer_begin_in_blocks(folder, status);
    return tight->set != NULL;
}

/* What the part adds to the counts: its users are its own, its movies everybody's. */
static void count(struct tight *tight, const struct tight_part *made, uint32_t part) {
    const struct tight_world *world = &tight->world;
    uint32_t start = world->parts.starts[part], end = world->parts.starts[part + 1];
    for (uint32_t place = start; place < end; place++)
        tight->user_counts[world->parts.row_at[place]] =
            made->user_ends[place - start] - (place == start ? 0 : made->user_ends[place - start - 1]);
    for (uint32_t movie = 0; movie < world->spec->movies; movie++)
        tight->movie_counts[movie] += made->movie_counts[movie];
    for (uint64_t i = 0; i < made->valid_count; i++) {
        tight->valid_counts[made->valid[i].movie]++;
        tight->valid_cold_counts[made->valid[i].movie] += tight->user_counts[made->valid[i].user] == 0;
    }
}

/* Sums of half stars are exact, so their order does not matter; squares of errors are added part by part. */
static void add(struct tight *tight, const struct tight_part *made, struct packed_totals *totals) {
    for (int code = 0; code < TIGHT_VALUES; code++) {
        double value = (code + 1) / 2.0;
        uint64_t all = made->half_stars[code], valid = made->valid_half_stars[code];
        tight->summary->half_stars[code] += all;
        totals->train_mean += value * (double)(all - valid);
        totals->valid_mean += value * (double)valid;
        totals->baseline_mse += value * value * (double)valid;
    }
    totals->train += made->count;
    totals->valid += made->valid_count;
    tight->truth_squares += made->truth_squares;
}

static bool collect(struct tight *tight, const struct tight_part *made, uint32_t part,
                    struct packed_totals *totals, struct status *status) {
    if (made->status.code != STATUS_OK) {
        *status = made->status;
        return false;
    }
    count(tight, made, part);
    add(tight, made, totals);
    return blocks_writer_part(tight->blocks, &made->blocks, status) &&
           packed_writer_valid_in_blocks(tight->set, made->valid, made->valid_count, status);
}

static void make_part(void *context, uint64_t part) {
    struct tight *tight = context;
    tight_part_make(tight->made[part % tight->window], &tight->world, (uint32_t)part);
}

static bool make_parts(struct tight *tight, unsigned threads, struct packed_totals *totals,
                       struct status *status) {
    struct ordered_work work;
    uint32_t parts = tight->world.parts.sides, offered = 0;
    bool done = true;
    ordered_work_start(&work, threads, make_part, tight);
    for (uint32_t part = 0; done && part < parts; part++) {
        for (; offered < parts && offered < part + tight->window; offered++)
            ordered_work_offer(&work);
        ordered_work_await(&work, part);
        done = collect(tight, tight->made[part % tight->window], part, totals, status);
    }
    ordered_work_stop(&work);
    return done;
}

/* From sums to means, and what validates without having been seen. */
static void finish_totals(struct tight *tight, struct packed_totals *totals) {
    struct generate_summary *summary = tight->summary;
    double train = (double)totals->train, valid = (double)totals->valid;
    totals->train_mean /= train;
    if (totals->valid > 0) {
        double mean = totals->valid_mean / valid, squares = totals->baseline_mse / valid;
        totals->valid_mean = mean;
        totals->baseline_mse =
            squares - 2 * mean * totals->train_mean + totals->train_mean * totals->train_mean;
    }
    totals->smallest = INFINITY;
    for (int code = TIGHT_VALUES; code-- > 0;)
        if (summary->half_stars[code] > 0) {
            totals->smallest = (float)(code + 1) / 2;
            totals->largest = fmaxf(totals->largest, totals->smallest);
        }
    for (uint32_t movie = 0; movie < tight->world.spec->movies; movie++) {
        bool is_cold = tight->movie_counts[movie] == 0;
        totals->cold_users += tight->valid_cold_counts[movie];
        totals->cold_movies += is_cold ? tight->valid_counts[movie] : 0;
        totals->cold += is_cold ? tight->valid_counts[movie] : tight->valid_cold_counts[movie];
        summary->movies += tight->movie_counts[movie] + tight->valid_counts[movie] > 0;
    }
    summary->ratings = tight->world.spec->ratings;
    summary->users = tight->world.spec->users;
    summary->truth_rmse = totals->valid == 0 ? NAN : sqrt(tight->truth_squares / valid);
}

static void remove_blocks(const struct generate_spec *spec) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" BLOCKS_FILE, spec->folder) < (int)sizeof path)
        unlink(path);
}

static bool commit(struct tight *tight, const struct packed_totals *totals, struct status *status) {
    static const float VALUES[TIGHT_VALUES] = {0.5f, 1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4.5f, 5};
    struct blocks_writer *blocks = tight->blocks;
    struct packed_writer *set = tight->set;
    struct packed_about about = {.user_ids = &tight->world.user_ids,
                                 .movie_ids = &tight->world.movie_ids,
                                 .movie_titles = &tight->titles,
                                 .movie_genres = &tight->genres,
                                 .split = split_name(SPLIT_BY_HASH),
                                 .valid_fraction = tight->world.split.fraction,
                                 .split_seed = tight->world.split.seed,
                                 .source = "generated",
                                 .truth_rmse = tight->summary->truth_rmse};
    struct packed_in_blocks in_blocks = {tight->user_counts, tight->movie_counts, blocks_writer_hash(blocks),
                                         *totals};
    tight->summary->totals = *totals;
    tight->blocks = NULL;
    if (!blocks_writer_commit(blocks, VALUES, TIGHT_VALUES, 0, status))
        return false;
    tight->set = NULL;
    bool done = packed_writer_commit_in_blocks(set, &about, &in_blocks, status);
    if (!done)
        remove_blocks(tight->world.spec);
    return done;
}

static void release(struct tight *tight) {
    struct tight_world *world = &tight->world;
    for (uint32_t i = 0; i < tight->window && tight->made[i] != NULL; i++) {
        tight_part_clear(tight->made[i]);
        memory_release(tight->made[i]);
    }
    planted_clear(&world->planted);
    audience_clear(&world->audience);
    blocks_side_clear(&world->parts);
    blocks_side_clear(&world->strata);
    string_list_clear(&world->user_ids);
    string_list_clear(&world->movie_ids);
    string_list_clear(&tight->titles);
    string_list_clear(&tight->genres);
    memory_release(tight->user_counts);
    memory_release(tight->movie_counts);
    memory_release(tight->valid_counts);
    memory_release(tight->valid_cold_counts);
    blocks_writer_abandon(tight->blocks);
    packed_writer_abandon(tight->set);
}

bool generate_tight(const struct generate_spec *spec, struct generate_summary *summary,
                    struct status *status) {
    unsigned threads = ordered_work_threads(spec->threads);
    struct packed_totals totals = {.largest = -INFINITY};
    struct tight tight = {.world = {.spec = spec}, .summary = summary};
    tight.world.split = (struct split_spec){
        .method = SPLIT_BY_HASH, .fraction = spec->valid_fraction, .seed = spec->split_seed};
    tight.window = ordered_work_window(threads);
    bool done = prepare(&tight, status) && make_parts(&tight, threads, &totals, status);
    if (done && totals.train == 0)
        done = status_fail(status, STATUS_BAD_DATA, "every rating validates: nothing is left to train on");
    if (done) {
        finish_totals(&tight, &totals);
        done = commit(&tight, &totals, status);
    }
    release(&tight);
    return done;
}
