/* The truth behind generated ratings: biases and factors that are planted, so that one knows what the best
 * model could reach.
 *
 * A rating is mu + b_u + c_i + s p_u . q_i + noise, rounded to the nearest half star within 0.5 and 5. A
 * movie's factors lean towards those of its genres, so that principal components have something to show. */
#ifndef DATA_PLANTED_H
#define DATA_PLANTED_H

#include <stdint.h>

#include "core/status.h"

enum { PLANTED_FACTORS_MAX = 64 };

struct planted {
    uint64_t seed;
    uint32_t movies, factors;
    float *movie_factors; /* [movies][factors], scaled by s; owned */
    float *movie_biases;  /* [movies], mu included; owned */
};

struct planted_user {
    float bias;
    float factors[PLANTED_FACTORS_MAX];
};

/* A number of mean 0 and variance 1, nearly normal: twelve uniform numbers of 16 bits, summed exactly, so
 * that it has the same bits on every machine. */
double planted_normal(uint64_t seed, uint64_t stream, uint64_t counter);

/* 1 <= factors <= PLANTED_FACTORS_MAX. Fails with STATUS_NO_MEMORY. */
bool planted_make(struct planted *planted, uint64_t seed, uint32_t movies, uint32_t factors,
                  struct status *status);
void planted_clear(struct planted *planted);

struct planted_user planted_user(const struct planted *planted, uint32_t user);

/* The rating without noise and without rounding, held within 0.5 and 5. */
float planted_rating(const struct planted *planted, const struct planted_user *user, uint32_t movie);

/* A rating rounded to half stars within 0.5 and 5. */
float planted_half_stars(double rating);

#endif
