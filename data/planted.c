#include "data/planted.h"

#include <math.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"
#include "data/made_up.h"

/* The deviations add up to that of MovieLens, about 1.05, with a noise of 0.7. */
#define MEAN           3.55
#define USER_BIAS      0.42
#define MOVIE_BIAS     0.42
#define INTERACTION    0.45
#define SHARE_OF_GENRE 0.6

enum { STREAM_USER = 1, STREAM_MOVIE = 2, STREAM_GENRE = 3 };

double planted_normal(uint64_t seed, uint64_t stream, uint64_t counter) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t bits = rng_bits(seed, stream, 4 * counter + i);
        sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    }
    return ((double)sum - 6.0 * 65535.0) / 65536.0;
}

static uint64_t counter_of(uint32_t row, uint32_t column) {
    return (uint64_t)row * (PLANTED_FACTORS_MAX + 1) + column;
}

static void plant_movie(struct planted *planted, uint32_t movie) {
    uint32_t genres[MADE_UP_GENRES_OF_MOVIE], count = made_up_genres(planted->seed, movie, genres);
    float *factors = planted->movie_factors + (size_t)movie * planted->factors;
    double scale = INTERACTION / sqrt(planted->factors), of_genre = sqrt(SHARE_OF_GENRE / count);
    for (uint32_t k = 0; k < planted->factors; k++) {
        double lean = 0;
        for (uint32_t i = 0; i < count; i++)
            lean += planted_normal(planted->seed, STREAM_GENRE, counter_of(genres[i], k));
        double own = planted_normal(planted->seed, STREAM_MOVIE, counter_of(movie, k));
        factors[k] = (float)(scale * (of_genre * lean + sqrt(1 - SHARE_OF_GENRE) * own));
    }
    double bias = planted_normal(planted->seed, STREAM_MOVIE, counter_of(movie, PLANTED_FACTORS_MAX));
    planted->movie_biases[movie] = (float)(MEAN + MOVIE_BIAS * bias);
}

bool planted_make(struct planted *planted, uint64_t seed, uint32_t movies, uint32_t factors,
                  struct status *status) {
    REQUIRE(factors >= 1 && factors <= PLANTED_FACTORS_MAX, "the number of planted factors is within bounds");
    *planted = (struct planted){.seed = seed, .movies = movies, .factors = factors};
    planted->movie_factors = memory_take_array(movies, factors * sizeof(float), "planted factors", status);
    if (planted->movie_factors != NULL)
        planted->movie_biases = memory_take_array(movies, sizeof(float), "planted biases", status);
    if (planted->movie_biases == NULL) {
        planted_clear(planted);
        return false;
    }
    for (uint32_t movie = 0; movie < movies; movie++)
        plant_movie(planted, movie);
    return true;
}

void planted_clear(struct planted *planted) {
    memory_release(planted->movie_factors);
    memory_release(planted->movie_biases);
    *planted = (struct planted){0};
}

struct planted_user planted_user(const struct planted *planted, uint32_t user) {
    struct planted_user row;
    row.bias = (float)(USER_BIAS *
                       planted_normal(planted->seed, STREAM_USER, counter_of(user, PLANTED_FACTORS_MAX)));
    for (uint32_t k = 0; k < planted->factors; k++)
        row.factors[k] = (float)planted_normal(planted->seed, STREAM_USER, counter_of(user, k));
    return row;
}

float planted_rating(const struct planted *planted, const struct planted_user *user, uint32_t movie) {
    const float *factors = planted->movie_factors + (size_t)movie * planted->factors;
    float rating = user->bias + planted->movie_biases[movie];
    for (uint32_t k = 0; k < planted->factors; k++)
        rating += user->factors[k] * factors[k];
    rating = rating < 0.5f ? 0.5f : rating;
    return rating > 5.0f ? 5.0f : rating;
}

float planted_half_stars(double rating) {
    /* Rounding towards zero is rounding down where it matters: what is below one becomes one. */
    int halves = (int)(2 * rating + 0.5);
    halves = halves < 1 ? 1 : halves > 10 ? 10 : halves;
    return (float)halves / 2;
}
