/* How fast model/block.h walks a block, and how near that is to what the machine could do.
 *
 * For each number of factors, and each shape of block, the same ratings are walked again and again; a row of the table
 * is the fastest round of one thread, or the sum of the fastest rounds of two. Time is the thread's own CPU time, so
 * that other work on the machine disturbs caches but does not count. The roofline is measured in the same run: the rate
 * of independent multiplications and additions, and that of reading and writing rows in random order in a working set
 * of the same size; a rating needs so many operations and so many bytes, and the slower of the two is the limit. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/multiversion.h"
#include "core/rng.h"
#include "model/block.h"

enum { VALUES = 10, THREADS_MAX = 2, BYTES_PER_RATING = 5 };
static const double SECONDS_PER_ROW = 0.12; /* of measuring, for each thread */

enum order { ORDER_RANDOM, ORDER_USER, ORDER_STRIPES, ORDERS };
static const char *const order_names[ORDERS] = {"random", "by user", "16 stripes"};

struct bench_case {
    uint32_t factors, users, movies;
    size_t ratings;
    enum order order;
    enum block_rule rule;
    bool has_range;
    unsigned threads;
    enum block_path path;
};

struct bench_block {
    struct block_rows users, movies;
    uint16_t *user, *movie;
    uint8_t *code;
    float values[VALUES];
};

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *take(size_t count, size_t size) {
    struct status status = {0};
    void *block = memory_take_array(count, size, "a benchmark's block", &status);
    if (!block) {
        fprintf(stderr, "bench_kernel: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

static struct block_rows take_rows(uint32_t count, uint32_t factors, uint64_t seed) {
    size_t stride = block_stride(factors);
    struct block_rows rows = {take(count * stride, sizeof(float)), take(count, sizeof(struct block_scalars)),
                              count};
    for (size_t row = 0; row < count; row++) {
        for (size_t k = 0; k < factors; k++)
            rows.factors[row * stride + k] = (float)(0.2 * rng_unit(seed, row, k) - 0.1);
        rows.scalars[row].sum = 1;
    }
    return rows;
}

static int by_key(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Random pairs; `by user` sorts them, `16 stripes` deals the sorted ones like cards from sixteen piles. */
static void draw(const struct bench_case *given, struct bench_block *block) {
    size_t count = given->ratings, stripes = 16, height = (count + stripes - 1) / stripes, at = 0;
    uint64_t *keys = take(count, sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (rng_bits(3, i, 0) % given->users) << 32 | rng_bits(3, i, 1) % given->movies;
    if (given->order != ORDER_RANDOM)
        qsort(keys, count, sizeof *keys, by_key);
    if (given->order != ORDER_STRIPES)
        stripes = 1, height = count;
    for (size_t j = 0; j < height; j++)
        for (size_t i = j; i < count && i < j + stripes * height; i += height) {
            block->user[at] = (uint16_t)(keys[i] >> 32);
            block->movie[at] = (uint16_t)keys[i];
            block->code[at++] = (uint8_t)(rng_bits(3, i, 2) % VALUES);
        }
    memory_release(keys);
}

static struct bench_block block_take(const struct bench_case *given) {
    struct bench_block block = {.users = take_rows(given->users, given->factors, 1),
                                .movies = take_rows(given->movies, given->factors, 2),
                                .user = take(given->ratings, sizeof *block.user),
                                .movie = take(given->ratings, sizeof *block.movie),
                                .code = take(given->ratings, sizeof *block.code)};
    for (size_t i = 0; i < VALUES; i++)
        block.values[i] = (float)(i + 1) / 2;
    draw(given, &block);
    return block;
}

static void block_release(struct bench_block *block) {
    void *const parts[] = {
        block->users.factors, block->users.scalars, block->movies.factors, block->movies.scalars, block->user,
        block->movie,         block->code};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        memory_release(parts[i]);
}

/* One thread's measurement: the fastest of as many rounds as fit into its time. */
struct run {
    struct bench_case given;
    double ratings_per_second;
};

static void *run_case(void *argument) {
    struct run *run = argument;
    const struct bench_case *given = &run->given;
    struct model_spec model = {.factors = given->factors,
                               .has_bias = true,
                               .has_range = given->has_range,
                               .range_low = 0.25f,
                               .range_high = 5.25f,
                               .mean = given->has_range ? 0 : 3.5f};
    struct block_spec spec = {&model, given->rule, given->rule == BLOCK_SGD ? 0.005f : 0.1f, 0.03f, 1e-8f};
    struct bench_block block = block_take(given);
    struct block_ratings ratings = {block.user, block.movie, block.code, given->ratings, block.values};
    double start = thread_seconds(), best = 1e9;
    for (double now = start; now - start < SECONDS_PER_ROW;) {
        double before = now;
        block_walk_on(given->path, &spec, block.users, block.movies, &ratings);
        now = thread_seconds();
        best = now - before < best ? now - before : best;
    }
    run->ratings_per_second = (double)given->ratings / best;
    block_release(&block);
    return NULL;
}

static double measure(const struct bench_case *given) {
    struct run runs[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    double sum = 0;
    for (unsigned i = 0; i < given->threads; i++) {
        runs[i].given = *given;
        if (pthread_create(&threads[i], NULL, run_case, &runs[i]) != 0)
            exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < given->threads; i++) {
        pthread_join(threads[i], NULL);
        sum += runs[i].ratings_per_second;
    }
    return sum;
}

/* Multiplications and additions of floats a second, in sixteen independent chains of each of sixteen lanes. */
MULTIVERSION static double flops_per_second(void) {
    enum { CHAINS = 16, LANES = 16, ROUNDS = 200000 };
    float sums[CHAINS * LANES] __attribute__((aligned(64))) = {0};
    double best = 0;
    for (int repetition = 0; repetition < 12; repetition++) {
        float factor = 0.5f + (float)repetition * 0.01f;
        double start = thread_seconds();
        for (int round = 0; round < ROUNDS; round++)
            for (int i = 0; i < CHAINS * LANES; i++)
                sums[i] = sums[i] * factor + 1;
        double rate = 2.0 * CHAINS * LANES * ROUNDS / (thread_seconds() - start);
        best = rate > best ? rate : best;
        __asm__ volatile("" : : "r"(sums) : "memory");
    }
    return best;
}

/* Bytes read plus bytes written a second when random pairs of rows are read, scaled and written back. */
MULTIVERSION static double bytes_per_second(const struct bench_case *given) {
    struct bench_block block = block_take(given);
    size_t stride = block_stride(given->factors);
    double best = 0, start = thread_seconds();
    for (double now = start; now - start < SECONDS_PER_ROW;) {
        double before = now;
        for (size_t i = 0; i < given->ratings; i++) {
            float *p = block.users.factors + block.user[i] * stride;
            float *q = block.movies.factors + block.movie[i] * stride;
            p = __builtin_assume_aligned(p, 64), q = __builtin_assume_aligned(q, 64);
            for (size_t k = 0; k < stride; k++)
                p[k] = -p[k];
            for (size_t k = 0; k < stride; k++)
                q[k] = -q[k];
        }
        now = thread_seconds();
        double rate = 4.0 * (double)(stride * sizeof(float) * given->ratings) / (now - before);
        best = rate > best ? rate : best;
    }
    block_release(&block);
    return best;
}

/* What a visit costs at least: the products, then two multiplications and a subtraction for each column of both rows;
 * both rows read once and written once, their scalars, and the rating. Padding counts: it is paid. */
static double flops_per_rating(const struct bench_case *given) {
    double columns = (double)block_stride(given->factors);
    return columns * (given->rule == BLOCK_SGD ? 2 + 6 : 6 + 6);
}

static double bytes_per_rating(const struct bench_case *given) {
    return 4 * (double)block_stride(given->factors) * sizeof(float) + 4 * sizeof(struct block_scalars) +
           BYTES_PER_RATING;
}

static void print_heading(double flops) {
    double loads[3] = {0};
    if (getloadavg(loads, 3) < 1)
        loads[0] = -1;
    printf("path %s, load %.1f, %.1f G float operations/s in one thread (no fused ones)\n",
           block_path_name(block_best_path()), loads[0], flops * 1e-9);
    printf("| K | users x movies | ratings | order | rule | y_range | path | threads | M ratings/s | "
           "flops/rating | "
           "bytes/rating | limit, M/s | of the limit "
           "|\n|--:|---|--:|---|---|---|---|--:|--:|--:|--:|--:|--:|\n");
}

static void print_row(const struct bench_case *given, double flops) {
    double operations = flops / flops_per_rating(given),
           bytes = bytes_per_second(given) / bytes_per_rating(given);
    double limit = given->threads * (operations < bytes ? operations : bytes), rate = measure(given);
    printf("| %u | %u x %u | %zu | %s | %s | %s | %s | %u | %.1f | %.0f | %.0f | %.0f (%s) | %.0f %% |\n",
           given->factors, given->users, given->movies, given->ratings, order_names[given->order],
           given->rule == BLOCK_SGD ? "sgd" : "adagrad", given->has_range ? "yes" : "no",
           block_path_name(given->path), given->threads, rate * 1e-6, flops_per_rating(given),
           bytes_per_rating(given), limit * 1e-6, operations < bytes ? "flops" : "bytes", 100 * rate / limit);
    fflush(stdout);
}

static const struct bench_case usual = {
    .factors = 50, .users = 1024, .movies = 1024, .ratings = 16384, .rule = BLOCK_ADAGRAD, .threads = 1};

static void print_sizes(double flops) {
    static const uint32_t factors[] = {8, 16, 32, 50, 64, 100, 128, 256, 512};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        for (int rule = BLOCK_SGD; rule <= BLOCK_ADAGRAD; rule++) {
            struct bench_case given = usual;
            given.factors = factors[i], given.rule = (enum block_rule)rule, given.path = block_best_path();
            print_row(&given, flops);
        }
}

static void print_ways(double flops) {
    for (int way = 0; way < 8; way++) {
        struct bench_case given = usual;
        given.path = block_best_path();
        given.rule = way & 1 ? BLOCK_ADAGRAD : BLOCK_SGD;
        given.has_range = way & 2;
        given.threads = way & 4 ? 2 : 1;
        if (given.has_range || given.threads == 2)
            print_row(&given, flops);
    }
    for (int path = 0; path < BLOCK_PATHS; path++)
        for (int rule = BLOCK_SGD; rule <= BLOCK_ADAGRAD && block_path_available((enum block_path)path);
             rule++) {
            struct bench_case given = usual;
            given.path = (enum block_path)path, given.rule = (enum block_rule)rule;
            print_row(&given, flops);
        }
}

static void print_shapes(double flops) {
    static const struct {
        uint32_t users, movies;
        size_t ratings;
    } shapes[] = {{256, 256, 4096},
                  {1024, 1024, 16384},
                  {2200, 2700, 80000},
                  {8192, 2700, 300000},
                  {40000, 15000, 1000000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int order = ORDER_RANDOM; order < ORDERS; order++) {
            struct bench_case given = usual;
            given.users = shapes[i].users, given.movies = shapes[i].movies, given.ratings = shapes[i].ratings;
            given.order = (enum order)order, given.path = block_best_path();
            print_row(&given, flops);
        }
}

int main(void) {
    double flops = flops_per_second();
    print_heading(flops);
    print_sizes(flops);
    print_ways(flops);
    print_shapes(flops);
    return EXIT_SUCCESS;
}
