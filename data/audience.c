#include "data/audience.h"

#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"
#include "data/planted.h"
#include "data/select.h"

/* With these the 500 most popular of 59,000 movies get half of the ratings, as in MovieLens 25M. */
#define POPULARITY_SHIFT    20.0
#define POPULARITY_EXPONENT 1.1
#define ACTIVITY_DEVIATION  1.1

enum { STREAM_ACTIVITY = 11, STREAM_RANKS = 12, STREAM_CHOICE = 13 };

/* A user who rates more than one movie in EAGER_SHARE would reject too many draws: such a user's movies are
 * chosen by keys. */
enum { EAGER_SHARE = 8 };

/* Weight of a rank, and which movie has which rank: a keyed shuffle, so that a movie's number says nothing.
 */
static void weigh(struct audience *audience) {
    for (uint32_t i = 0; i < audience->movies; i++)
        audience->weights[i] = pow(i + POPULARITY_SHIFT, -POPULARITY_EXPONENT);
    for (uint32_t i = audience->movies; i-- > 1;) {
        uint64_t j = rng_bits(audience->seed, STREAM_RANKS, i) % (i + 1);
        double kept = audience->weights[i];
        audience->weights[i] = audience->weights[j];
        audience->weights[j] = kept;
    }
}

/* Vose 1991: slots that are too small are filled up by movies that are too large. `sorted` serves as two
 * stacks. */
static void build_alias(struct audience *audience) {
    int64_t *small = audience->sorted, *large = audience->sorted + audience->movies;
    double total = 0;
    for (uint32_t i = 0; i < audience->movies; i++)
        total += audience->weights[i];
    for (uint32_t i = 0; i < audience->movies; i++) {
        audience->keys[i] = audience->weights[i] * audience->movies / total;
        audience->keep[i] = UINT32_MAX;
        audience->alias[i] = i;
        if (audience->keys[i] < 1)
            *small++ = i;
        else
            *--large = i;
    }
    while (small > audience->sorted && large < audience->sorted + audience->movies) {
        int64_t poor = *--small, rich = *large;
        audience->keep[poor] = (uint32_t)(audience->keys[poor] * 0x1.0p32);
        audience->alias[poor] = (uint32_t)rich;
        audience->keys[rich] -= 1 - audience->keys[poor];
        if (audience->keys[rich] < 1) {
            large++;
            *small++ = rich;
        }
    }
}

/* One rating for everybody, the rest in proportion to activity; what is more than all movies goes to the
 * users after. */
static void deal_counts(struct audience *audience, uint64_t ratings) {
    uint64_t rest = ratings - audience->users, given = 0, carried = 0;
    double total = 0, before = 0;
    for (uint32_t user = 0; user < audience->users; user++)
        total += exp(ACTIVITY_DEVIATION * planted_normal(audience->seed, STREAM_ACTIVITY, user));
    for (uint32_t user = 0; user < audience->users; user++) {
        before += exp(ACTIVITY_DEVIATION * planted_normal(audience->seed, STREAM_ACTIVITY, user));
        uint64_t until = user + 1 == audience->users ? rest : (uint64_t)((double)rest * (before / total));
        uint64_t share = until - given + carried;
        given = until;
        uint64_t taken = share < audience->movies ? share : audience->movies - 1;
        carried = share - taken;
        audience->counts[user] = 1 + (uint32_t)taken;
    }
    for (uint32_t user = 0; carried > 0; user++) {
        uint64_t room = audience->movies - audience->counts[user];
        uint64_t taken = carried < room ? carried : room;
        audience->counts[user] += (uint32_t)taken;
        carried -= taken;
    }
}

static bool take_tables(struct audience *audience, struct status *status) {
    size_t movies = audience->movies;
    audience->counts =
        memory_take_array(audience->users, sizeof *audience->counts, "users' activity", status);
    if (audience->counts != NULL)
        audience->keep = memory_take_array(movies, sizeof *audience->keep, "movies' popularity", status);
    if (audience->keep != NULL)
        audience->alias = memory_take_array(movies, sizeof *audience->alias, "movies' popularity", status);
    if (audience->alias != NULL)
        audience->weights =
            memory_take_array(movies, sizeof *audience->weights, "movies' popularity", status);
    return audience->weights != NULL;
}

static bool take_scratch(struct audience *audience, struct status *status) {
    size_t movies = audience->movies;
    audience->drawn_by = memory_take_array(movies, sizeof *audience->drawn_by, "movies drawn", status);
    if (audience->drawn_by != NULL)
        audience->keys = memory_take_array(movies, sizeof *audience->keys, "movies' keys", status);
    if (audience->keys != NULL)
        audience->sorted = memory_take_array(movies, sizeof *audience->sorted, "movies' keys", status);
    return audience->sorted != NULL;
}

bool audience_make(struct audience *audience, uint64_t seed, uint64_t ratings, uint32_t users,
                   uint32_t movies, struct status *status) {
    REQUIRE(users >= 1 && movies >= 1 && ratings >= users && ratings <= (uint64_t)users * movies,
            "everybody rates something, and nothing twice");
    *audience = (struct audience){.seed = seed, .users = users, .movies = movies};
    if (!take_tables(audience, status) || !take_scratch(audience, status)) {
        audience_clear(audience);
        return false;
    }
    weigh(audience);
    build_alias(audience);
    deal_counts(audience, ratings);
    return true;
}

bool audience_view(struct audience *view, const struct audience *audience, struct status *status) {
    *view = *audience;
    view->drawn_by = NULL;
    view->keys = NULL;
    view->sorted = NULL;
    if (take_scratch(view, status))
        return true;
    audience_view_clear(view);
    return false;
}

void audience_view_clear(struct audience *view) {
    memory_release(view->drawn_by);
    memory_release(view->keys);
    memory_release(view->sorted);
    *view = (struct audience){0};
}

void audience_clear(struct audience *audience) {
    memory_release(audience->counts);
    memory_release(audience->keep);
    memory_release(audience->alias);
    memory_release(audience->weights);
    memory_release(audience->drawn_by);
    memory_release(audience->keys);
    memory_release(audience->sorted);
    *audience = (struct audience){0};
}

static uint64_t user_bits(const struct audience *audience, uint32_t user, uint64_t counter) {
    return rng_bits(audience->seed, STREAM_CHOICE, (uint64_t)user << 32 | counter);
}

static void choose_by_drawing(struct audience *audience, uint32_t user, uint32_t *chosen) {
    uint32_t count = 0;
    for (uint64_t draw = 0; count < audience->counts[user]; draw++) {
        uint64_t bits = user_bits(audience, user, draw);
        uint32_t movie = (uint32_t)((bits >> 32) * audience->movies >> 32);
        if ((uint32_t)bits > audience->keep[movie])
            movie = audience->alias[movie];
        if (audience->drawn_by[movie] == user + 1)
            continue;
        audience->drawn_by[movie] = user + 1;
        chosen[count++] = movie;
    }
}

/* The smallest of exponential keys with the weights as rates are a draw without putting back (Efraimidis and
 * Spirakis 2006, "Weighted random sampling with a reservoir"). Positive doubles are ordered as their bits
 * are. */
static void choose_by_keys(struct audience *audience, uint32_t user, uint32_t *chosen) {
    uint32_t wanted = audience->counts[user], count = 0;
    for (uint32_t movie = 0; movie < audience->movies; movie++) {
        double unit = ((double)(user_bits(audience, user, movie) >> 11) + 0.5) * 0x1.0p-53;
        audience->keys[movie] = -log(unit) / audience->weights[movie];
    }
    memcpy(audience->sorted, audience->keys, audience->movies * sizeof *audience->keys);
    int64_t most = select_place(audience->sorted, audience->movies, wanted - 1);
    double threshold;
    memcpy(&threshold, &most, sizeof threshold);
    for (uint32_t movie = 0; movie < audience->movies && count < wanted; movie++)
        if (audience->keys[movie] <= threshold)
            chosen[count++] = movie;
}

void audience_choose(struct audience *audience, uint32_t user, uint32_t *chosen) {
    if (audience->counts[user] > audience->movies / EAGER_SHARE)
        choose_by_keys(audience, user, chosen);
    else
        choose_by_drawing(audience, user, chosen);
}
