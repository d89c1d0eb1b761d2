/* The walk itself, compiled once for each instruction set by a file that names
 *   WALK_WIDTH     floats of a vector: 16, 8 or 4
 *   WALK_TARGET    the attribute of a function for the set, or nothing
 *   WALK_FUNCTION  what the walk is called
 * and includes this. Generic vectors (GCC, clang) keep one text for all: lane by lane the operations are the same, so
 * the bits are. See model/block.h for the formulas and for the order of sums. */
#include <math.h>
#include <string.h>

#include "model/block_walk.h"

/* Vectors wider than the machine's pass between inlined functions only. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE  static inline __attribute__((always_inline)) WALK_TARGET
#define SHUFFLE __builtin_shufflevector

enum {
    GANG = 4,   /* ratings worked on side by side */
    AHEAD = 16, /* ratings from a visit to the one whose rows are fetched meanwhile */
    PIECES = BLOCK_LANES / WALK_WIDTH
};

typedef float piece __attribute__((vector_size(WALK_WIDTH * sizeof(float)), may_alias));

/* One lane for each rating of a gang. */
typedef float quad __attribute__((vector_size(4 * sizeof(float))));
typedef int32_t quad_mask __attribute__((vector_size(4 * sizeof(int32_t))));
typedef double quad_double __attribute__((vector_size(4 * sizeof(double))));
typedef int64_t quad_bits __attribute__((vector_size(4 * sizeof(int64_t))));

/* The local row numbers of a gang: four users, four movies. */
typedef uint16_t gang_rows __attribute__((vector_size(2 * GANG * sizeof(uint16_t))));
typedef uint64_t two_words __attribute__((vector_size(2 * sizeof(uint64_t))));

/* The partial sums of one dot product, lanes 0 to 15, folded to four. */
INLINE quad fold(const piece *sum) {
#if WALK_WIDTH == 16
    typedef float half __attribute__((vector_size(8 * sizeof(float))));
    half eight = SHUFFLE(sum[0], sum[0], 0, 1, 2, 3, 4, 5, 6, 7) +
                 SHUFFLE(sum[0], sum[0], 8, 9, 10, 11, 12, 13, 14, 15);
    return SHUFFLE(eight, eight, 0, 1, 2, 3) + SHUFFLE(eight, eight, 4, 5, 6, 7);
#elif WALK_WIDTH == 8
    piece eight = sum[0] + sum[1];
    return SHUFFLE(eight, eight, 0, 1, 2, 3) + SHUFFLE(eight, eight, 4, 5, 6, 7);
#else
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
#endif
}

/* Folds four such fours to their totals: lane j is (f[0] + f[2]) + (f[1] + f[3]) of four[j]. */
INLINE quad fold_gang(const quad *four) {
    quad front = SHUFFLE(four[0], four[1], 0, 1, 4, 5) + SHUFFLE(four[0], four[1], 2, 3, 6, 7);
    quad back = SHUFFLE(four[2], four[3], 0, 1, 4, 5) + SHUFFLE(four[2], four[3], 2, 3, 6, 7);
    return SHUFFLE(front, back, 0, 2, 4, 6) + SHUFFLE(front, back, 1, 3, 5, 7);
}

INLINE float *row_of(const struct block_rows *rows, uint16_t row, size_t groups) {
    return rows->factors + row * groups * BLOCK_LANES;
}

INLINE gang_rows rows_at(const struct block_ratings *ratings, size_t at) {
    uint64_t users, movies;
    memcpy(&users, ratings->users + at, sizeof users);
    memcpy(&movies, ratings->movies + at, sizeof movies);
    return (gang_rows)(two_words){users, movies};
}

INLINE bool any(gang_rows mask) {
    two_words words = (two_words)mask;
    return (words[0] | words[1]) != 0;
}

/* Whether two ratings of a gang share a row: each is held against its next and its second next. */
INLINE bool repeats(gang_rows a) {
    gang_rows next = SHUFFLE(a, a, 1, 2, 3, 0, 5, 6, 7, 4), second = SHUFFLE(a, a, 2, 3, 0, 1, 6, 7, 4, 5);
    return any((gang_rows)(a == next) | (gang_rows)(a == second));
}

/* Whether two gangs share a row. */
INLINE bool meet(gang_rows a, gang_rows b) {
    gang_rows once = SHUFFLE(b, b, 1, 2, 3, 0, 5, 6, 7, 4), twice = SHUFFLE(b, b, 2, 3, 0, 1, 6, 7, 4, 5);
    gang_rows thrice = SHUFFLE(b, b, 3, 0, 1, 2, 7, 4, 5, 6);
    return any(((gang_rows)(a == b) | (gang_rows)(a == once)) |
               ((gang_rows)(a == twice) | (gang_rows)(a == thrice)));
}

INLINE void fetch(const struct block_walk_job *job, size_t at, size_t groups) {
    for (size_t i = at; i < at + GANG; i++) {
        const float *p = row_of(&job->users, job->ratings.users[i], groups);
        const float *q = row_of(&job->movies, job->ratings.movies[i], groups);
        for (size_t group = 0; group < groups; group++) {
            __builtin_prefetch(p + group * BLOCK_LANES, 1);
            __builtin_prefetch(q + group * BLOCK_LANES, 1);
        }
    }
}

/* p.q, |p|^2 and |q|^2 of each rating of a gang; sgd needs the first alone. */
struct products {
    quad score, user, movie;
};

INLINE struct products products_of(const struct block_walk_job *job, size_t at, int size, size_t groups,
                                   bool adagrad) {
    quad score[GANG] = {0}, user[GANG] = {0}, movie[GANG] = {0};
    _Pragma("GCC unroll 4") for (int i = 0; i < size; i++) {
        const float *p = row_of(&job->users, job->ratings.users[at + (size_t)i], groups);
        const float *q = row_of(&job->movies, job->ratings.movies[at + (size_t)i], groups);
        piece pq[PIECES] = {0}, pp[PIECES] = {0}, qq[PIECES] = {0};
        for (size_t group = 0; group < groups; group++)
            for (size_t k = 0; k < PIECES; k++) {
                piece x = *(const piece *)(p + group * BLOCK_LANES + k * WALK_WIDTH);
                piece y = *(const piece *)(q + group * BLOCK_LANES + k * WALK_WIDTH);
                pq[k] += x * y;
                if (adagrad) {
                    pp[k] += x * x;
                    qq[k] += y * y;
                }
            }
        score[i] = fold(pq);
        if (adagrad) {
            user[i] = fold(pp);
            movie[i] = fold(qq);
        }
    }
    struct products products = {.score = fold_gang(score)};
    if (adagrad) {
        products.user = fold_gang(user);
        products.movie = fold_gang(movie);
    }
    return products;
}

/* The scalars of one table's rows in a gang. */
struct gang_scalars {
    quad bias, sum;
};

INLINE uint64_t scalars_word(const struct block_scalars *scalars) {
    uint64_t word;
    memcpy(&word, scalars, sizeof word);
    return word;
}

/* A gang of one has its rating in all four lanes. */
INLINE struct gang_scalars scalars_load(const struct block_scalars *scalars, const uint16_t *rows, int size) {
    int step = size == GANG ? 1 : 0;
    quad front = (quad)(two_words){scalars_word(scalars + rows[0]), scalars_word(scalars + rows[step])};
    quad back =
        (quad)(two_words){scalars_word(scalars + rows[2 * step]), scalars_word(scalars + rows[3 * step])};
    return (struct gang_scalars){SHUFFLE(front, back, 0, 2, 4, 6), SHUFFLE(front, back, 1, 3, 5, 7)};
}

INLINE void scalars_store(struct gang_scalars values, struct block_scalars *scalars, const uint16_t *rows,
                          int size) {
    two_words front = (two_words)(quad)SHUFFLE(values.bias, values.sum, 0, 4, 1, 5);
    two_words back = (two_words)(quad)SHUFFLE(values.bias, values.sum, 2, 6, 3, 7);
    uint64_t words[GANG] = {front[0], front[1], back[0], back[1]};
    for (int i = 0; i < size; i++)
        memcpy(scalars + rows[i], words + i, sizeof *scalars);
}

INLINE quad root(quad x) {
    quad r;
    for (int i = 0; i < GANG; i++)
        r[i] = sqrtf(x[i]);
    return r;
}

/* mask ? yes : no */
#define CHOOSE(mask, yes, no) ((quad_double)(((mask) & (quad_bits)(yes)) | (~(mask) & (quad_bits)(no))))

/* dot_bias_sigmoid of four, bit for bit: the same bound, series and operations (see model/dot_bias.c). */
INLINE quad_double sigmoid(const quad_double *score) {
    static const double coefficient[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                         1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                         1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
    const quad_double bound = {708, 708, 708, 708};
    quad_double z = *score;
    quad_double x = CHOOSE(z < -bound, bound, CHOOSE(z > bound, -bound, -z));
    quad_double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p+52;
    quad_double k = shifted - 0x1.8p+52;
    quad_double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
    quad_double series = r - r + coefficient[0];
    _Pragma("GCC unroll 11") for (size_t i = 1; i < sizeof coefficient / sizeof *coefficient; i++) series =
        series * r + coefficient[i];
    quad_double scale = (quad_double)(((quad_bits)shifted + 1023) << 52);
    return 1 / (1 + (1 + (r + r * r * series)) * scale);
}

/* e of each rating, and h, what its gradient is e * dr^/dz. */
struct errors {
    quad_double error;
    quad pull;
};

INLINE struct errors errors_of(const struct block_walk_job *job, quad z, quad value) {
    if (!job->has_range) {
        quad e = z - value;
        return (struct errors){__builtin_convertvector(e, quad_double), e};
    }
    quad_double score = __builtin_convertvector(z, quad_double);
    quad_double s = sigmoid(&score);
    quad_double e = (job->low + job->span * s) - __builtin_convertvector(value, quad_double);
    return (struct errors){e, __builtin_convertvector(e * (job->span * s * (1 - s)), quad)};
}

/* Adagrad's step sizes of one table's rows, whose sums grow. The sum of squares is not negative but for rounding. */
INLINE quad adagrad_rate(const struct block_walk_job *job, quad own, quad partner, quad score, quad h,
                         struct gang_scalars *scalars) {
    quad bias_gradient = h * job->bias_moves + job->decay * scalars->bias;
    quad squares = h * h * partner + 2 * h * job->decay * score + job->decay * job->decay * own;
    squares = (quad)((quad_mask)squares & (squares > 0));
    scalars->sum += job->share * (squares + bias_gradient * bias_gradient);
    return job->rate / (root(scalars->sum) + job->epsilon);
}

/* A row is multiplied by keep and gets -step times its partner. */
struct moves {
    quad keep, step;
};

INLINE struct moves moves_of(const struct block_walk_job *job, quad rate, quad h,
                             struct gang_scalars *scalars) {
    struct moves moves = {1 - rate * job->decay, rate * h};
    scalars->bias = scalars->bias * moves.keep - moves.step * job->bias_moves;
    return moves;
}

INLINE void move_rows(float *p, float *q, size_t groups, float keep_p, float step_p, float keep_q,
                      float step_q) {
    for (size_t i = 0; i < groups * BLOCK_LANES; i += WALK_WIDTH) {
        piece x = *(const piece *)(p + i), y = *(const piece *)(q + i);
        *(piece *)(p + i) = x * keep_p - y * step_p;
        *(piece *)(q + i) = y * keep_q - x * step_q;
    }
}

/* The second half of a visit, for size ratings at once: from their products to the moved rows. */
INLINE double visit(const struct block_walk_job *job, size_t at, int size, struct products products,
                    size_t groups, bool adagrad, double total) {
    const uint16_t *users = job->ratings.users + at, *movies = job->ratings.movies + at;
    const uint8_t *codes = job->ratings.codes + at;
    const float *values = job->ratings.values;
    int step = size == GANG ? 1 : 0;
    struct gang_scalars user = scalars_load(job->users.scalars, users, size);
    struct gang_scalars movie = scalars_load(job->movies.scalars, movies, size);
    quad value = {values[codes[0]], values[codes[step]], values[codes[2 * step]], values[codes[3 * step]]};
    struct errors errors = errors_of(job, products.score + (user.bias + movie.bias) + job->mean, value);
    quad h = errors.pull, user_rate = job->rate + (quad){0}, movie_rate = user_rate;
    for (int i = 0; i < size; i++)
        total += errors.error[i] * errors.error[i];
    if (adagrad) {
        user_rate = adagrad_rate(job, products.user, products.movie, products.score, h, &user);
        movie_rate = adagrad_rate(job, products.movie, products.user, products.score, h, &movie);
    }
    struct moves p = moves_of(job, user_rate, h, &user), q = moves_of(job, movie_rate, h, &movie);
    scalars_store(user, job->users.scalars, users, size);
    scalars_store(movie, job->movies.scalars, movies, size);
    _Pragma("GCC unroll 4") for (int i = 0; i < size; i++)
        move_rows(row_of(&job->users, users[i], groups), row_of(&job->movies, movies[i], groups), groups,
                  p.keep[i], p.step[i], q.keep[i], q.step[i]);
    return total;
}

/* While a gang waits for its second half, the first half of the next one runs, unless they share a row. */
INLINE double walk(const struct block_walk_job *given, size_t groups, bool adagrad) {
    struct block_walk_job own = *given, *job = &own;
    struct products waiting = {0}, next = {0};
    gang_rows waiting_rows = {0}, rows = {0};
    size_t count = job->ratings.count, waiting_at = 0;
    bool is_waiting = false;
    double total = 0;
    for (size_t at = 0; at < count || is_waiting;) {
        bool gang = at + GANG <= count;
        if (gang) {
            rows = rows_at(&job->ratings, at);
            gang = !repeats(rows);
        }
        if (at + AHEAD + GANG <= count)
            fetch(job, at + AHEAD, groups);
        bool early = gang && is_waiting && !meet(rows, waiting_rows);
        if (early)
            next = products_of(job, at, GANG, groups, adagrad);
        if (is_waiting)
            total = visit(job, waiting_at, GANG, waiting, groups, adagrad, total);
        if (gang && !early)
            next = products_of(job, at, GANG, groups, adagrad);
        is_waiting = gang;
        if (gang) {
            waiting = next, waiting_rows = rows, waiting_at = at;
            at += GANG;
        } else if (at < count) {
            total = visit(job, at, 1, products_of(job, at, 1, groups, adagrad), groups, adagrad, total);
            at++;
        }
    }
    return total;
}

/* Rows of 16, 32, 50 or 64, and 128 factors have loops of their own, unrolled. */
INLINE double walk_groups(const struct block_walk_job *job, bool adagrad) {
    switch (job->groups) {
    case 1:
        return walk(job, 1, adagrad);
    case 2:
        return walk(job, 2, adagrad);
    case 4:
        return walk(job, 4, adagrad);
    case 8:
        return walk(job, 8, adagrad);
    default:
        return walk(job, job->groups, adagrad);
    }
}

WALK_TARGET double WALK_FUNCTION(const struct block_walk_job *job) {
    return job->adagrad ? walk_groups(job, true) : walk_groups(job, false);
}
