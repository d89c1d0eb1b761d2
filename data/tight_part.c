#include "data/tight_part.h"

#include <string.h>

#include "core/memory.h"

enum { STREAM_NOISE = 21 };

float generate_value(const struct generate_spec *spec, uint32_t user, uint32_t movie, float truth) {
    double noise = planted_normal(spec->seed, STREAM_NOISE, (uint64_t)user << 31 | movie);
    return planted_half_stars((double)truth + spec->noise * noise);
}

bool tight_part_prepare(struct tight_part *made, const struct tight_world *world, struct status *status) {
    uint32_t movies = world->spec->movies;
    if (!audience_view(&made->audience, &world->audience, status))
        return false;
    made->chosen = memory_take_array(movies, sizeof *made->chosen, "a user's movies", status);
    if (made->chosen != NULL)
        made->movie_counts = memory_take_array(movies, sizeof *made->movie_counts, "movies' ratings", status);
    if (made->movie_counts != NULL)
        made->user_ends =
            memory_take_array(BLOCKS_SIDE_ROWS_MAX, sizeof *made->user_ends, "a part's users", status);
    return made->user_ends != NULL;
}

void tight_part_clear(struct tight_part *made) {
    audience_view_clear(&made->audience);
    memory_release(made->chosen);
    memory_release(made->movie_counts);
    memory_release(made->user_ends);
    memory_release(made->movies);
    memory_release(made->codes);
    memory_release(made->valid);
    part_blocks_clear(&made->blocks);
}

/* Room for all ratings of a part to train. */
static bool take_room(struct tight_part *made, uint64_t ratings, struct status *status) {
    if (ratings <= made->capacity)
        return true;
    memory_release(made->movies);
    memory_release(made->codes);
    made->capacity = 0;
    made->codes = NULL;
    made->movies = memory_take_array(ratings, sizeof *made->movies, "a part's ratings", status);
    if (made->movies != NULL)
        made->codes = memory_take(ratings, "a part's ratings", status);
    made->capacity = made->codes == NULL ? 0 : ratings;
    return made->codes != NULL;
}

/* Room for all ratings of a user to validate. */
static bool take_valid_room(struct tight_part *made, uint32_t user) {
    void *valid = made->valid;
    bool done = memory_grow(&valid, &made->valid_capacity, made->valid_count + made->audience.counts[user],
                            sizeof *made->valid, "validation ratings", &made->status);
    made->valid = valid;
    return done;
}

static void keep_valid(struct tight_part *made, struct rating rating, float truth) {
    double error = (double)truth - (double)rating.value;
    made->truth_squares += error * error;
    made->valid_half_stars[(int)(2 * rating.value) - 1]++;
    made->valid[made->valid_count++] = rating;
}

static void make_user(struct tight_part *made, const struct tight_world *world, uint32_t user) {
    const struct generate_spec *spec = world->spec;
    const struct string_span *movie_spans = world->movie_ids.spans;
    struct planted_user taste = planted_user(&world->planted, user);
    size_t length;
    const char *id = string_list_get(&world->user_ids, user, &length);
    uint64_t of_user = split_hash_of_user(&world->split, id, length);
    audience_choose(&made->audience, user, made->chosen);
    for (uint32_t i = 0; i < made->audience.counts[user]; i++) {
        uint32_t movie = made->chosen[i];
        float truth = planted_rating(&world->planted, &taste, movie);
        float value = generate_value(spec, user, movie, truth);
        const char *movie_id = world->movie_ids.bytes + movie_spans[movie].offset;
        int code = (int)(2 * value) - 1;
        made->half_stars[code]++;
        if (split_hash_admits(&world->split, of_user, movie_id, movie_spans[movie].length)) {
            keep_valid(made, (struct rating){user, movie, value}, truth);
            continue;
        }
        made->movies[made->count] = world->strata.side_place[movie];
        made->codes[made->count++] = (uint8_t)code;
        made->movie_counts[movie]++;
    }
}

static uint64_t ratings_of_part(const struct tight_world *world, uint32_t part) {
    uint64_t ratings = 0;
    for (uint32_t place = world->parts.starts[part]; place < world->parts.starts[part + 1]; place++)
        ratings += world->audience.counts[world->parts.row_at[place]];
    return ratings;
}

void tight_part_make(struct tight_part *made, const struct tight_world *world, uint32_t part) {
    uint32_t start = world->parts.starts[part], users = world->parts.starts[part + 1] - start;
    made->status.code = STATUS_OK;
    made->count = 0;
    made->valid_count = 0;
    made->truth_squares = 0;
    memset(made->half_stars, 0, sizeof made->half_stars);
    memset(made->valid_half_stars, 0, sizeof made->valid_half_stars);
    memset(made->movie_counts, 0, world->spec->movies * sizeof *made->movie_counts);
    if (!take_room(made, ratings_of_part(world, part), &made->status))
        return;
    for (uint32_t user = 0; user < users; user++) {
        if (!take_valid_room(made, world->parts.row_at[start + user]))
            return;
        make_user(made, world, world->parts.row_at[start + user]);
        made->user_ends[user] = made->count;
    }
    struct part_ratings ratings = {made->count, made->user_ends, made->movies, made->codes};
    part_blocks_arrange(&made->blocks, &ratings, users, world->strata.sides, &made->status);
}
