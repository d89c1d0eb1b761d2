/* Recommendations for all users of a made-up model, against the rate of OpenBLAS's sgemm on this machine.
 *
 * The rate is counted in multiply-adds of the model's own dot products, users x movies x factors, over the
 * time of recommend_run; what the selection, seen movies and the column of biases cost is in it, and reading
 * and printing are not. It is compared with sgemm's rate over large square matrices, with as many threads (the
 * machine's measured rate), and with that of the very blocks that recommend_run multiplies. All are taken in
 * turns, and the median of the rounds counts. Both are told by the clock and by processor time: other work on
 * the machine takes away from the first, and from the second only what it does to caches. */
#include <argp.h>
#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "analysis/recommend.h"
#include "core/memory.h"
#include "core/rng.h"
#include "data/ordered_work.h"
#include "model/products.h"

enum { THREADS_MAX = 16, ROUNDS_MAX = 32, SQUARE = 2048 };
/* As in analysis/recommend.c. */
enum { BLOCK_USERS = 256, BLOCK_MOVIES = 512 };
static const double SGEMM_SECONDS = 1;

struct bench {
    uint32_t users, movies, factors, top, seen, rounds;
    unsigned threads;
    struct model_file model;
    struct catalogue catalogue;
    struct seen lists;
    uint32_t *all;
};

static void *take(size_t count, size_t size) {
    struct status status = {0};
    void *block = memory_take_array(count, size, "a benchmark's block", &status);
    if (block == NULL) {
        fprintf(stderr, "bench_recommend: %s\n", status.text);
        exit(EXIT_FAILURE);
    }
    return block;
}

static double seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A sum of four uniform numbers, of deviation 1: as good as normal here. */
static double draw(uint64_t seed, uint64_t row, uint64_t column) {
    double sum = 0;
    for (uint64_t i = 0; i < 4; i++)
        sum += rng_unit(seed, row, 4 * column + i) - 0.5;
    return sum * sqrt(3);
}

/* Factors of deviation 0.3, biases of 0.4. */
static float *make_rows(const struct bench *bench, uint32_t count, uint64_t seed) {
    size_t columns = bench->factors + 1;
    float *rows = take(count, columns * sizeof *rows);
    for (uint32_t row = 0; row < count; row++)
        for (uint32_t k = 0; k < columns; k++)
            rows[row * columns + k] = (float)((k < bench->factors ? 0.3 : 0.4) * draw(seed, row, k));
    return rows;
}

/* Everybody has seen as many movies, rather the first ones, as in data where rows come by first appearance. */
static void make_seen(struct bench *bench) {
    bench->lists.starts = take((size_t)bench->users + 1, sizeof *bench->lists.starts);
    bench->lists.movies = take((size_t)bench->users * bench->seen, sizeof *bench->lists.movies);
    for (uint64_t user = 0; user <= bench->users; user++)
        bench->lists.starts[user] = user * bench->seen;
    for (uint64_t i = 0; i < (uint64_t)bench->users * bench->seen; i++) {
        double x = rng_unit(3, i, 0);
        bench->lists.movies[i] = (uint32_t)(x * x * x * bench->movies);
    }
}

static void make_model(struct bench *bench) {
    struct status status = {0};
    struct catalogue_filter filter = {0};
    uint32_t *counts = take(bench->movies, sizeof *counts);
    bench->model = (struct model_file){
        .spec = {.factors = bench->factors,
                 .has_bias = true,
                 .has_range = true,
                 .range_low = 0.5f,
                 .range_high = 5},
        .users = bench->users,
        .movies = bench->movies,
        .user_rows = make_rows(bench, bench->users, 1),
        .movie_rows = make_rows(bench, bench->movies, 2),
        .movie_counts = counts,
    };
    bench->all = take(bench->users, sizeof *bench->all);
    for (uint32_t user = 0; user < bench->users; user++)
        bench->all[user] = user;
    make_seen(bench);
    if (!catalogue_open(&bench->catalogue, &bench->model, &filter, &status)) {
        fprintf(stderr, "bench_recommend: %s\n", status.text);
        exit(EXIT_FAILURE);
    }
}

/* What passes while something is measured. */
struct span {
    double wall, processor; /* seconds; processor: of all threads together */
};

static struct span now(void) {
    return (struct span){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct span since(struct span begin) {
    struct span end = now();
    return (struct span){end.wall - begin.wall, end.processor - begin.processor};
}

/* One thread's sgemm, over and over. */
struct sgemm_run {
    size_t rows, columns, depth;
    double products; /* multiply-adds done */
};

static void *run_sgemm(void *argument) {
    struct sgemm_run *run = argument;
    float *a = take(run->rows, run->depth * sizeof *a), *b = take(run->columns, run->depth * sizeof *b);
    float *c = take(run->rows, run->columns * sizeof *c);
    for (size_t i = 0; i < run->rows * run->depth; i++)
        a[i] = (float)((int)(i % 17) - 8) / 8;
    for (size_t i = 0; i < run->columns * run->depth; i++)
        b[i] = (float)((int)(i % 19) - 9) / 8;
    double each = (double)run->rows * (double)run->columns * (double)run->depth;
    for (double begin = seconds(CLOCK_MONOTONIC); seconds(CLOCK_MONOTONIC) - begin < SGEMM_SECONDS;
         run->products += each)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)run->rows, (int)run->columns,
                    (int)run->depth, 1, a, (int)run->depth, b, (int)run->depth, 0, c, (int)run->columns);
    memory_release(a);
    memory_release(b);
    memory_release(c);
    return NULL;
}

/* Multiply-adds a second by the clock, and a second of each thread's processor time. */
struct rate {
    double wall, processor;
};

static struct rate rate_of(const struct bench *bench, double products, struct span took) {
    return (struct rate){products / took.wall, products / took.processor * bench->threads};
}

static struct rate sgemm_rate(const struct bench *bench, size_t rows, size_t columns, size_t depth) {
    struct sgemm_run runs[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    struct span begin = now();
    double products = 0;
    for (unsigned i = 0; i < bench->threads; i++) {
        runs[i] = (struct sgemm_run){rows, columns, depth, 0};
        if (pthread_create(&threads[i], NULL, run_sgemm, &runs[i]) != 0)
            exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < bench->threads; i++) {
        pthread_join(threads[i], NULL);
        products += runs[i].products;
    }
    return rate_of(bench, products, since(begin));
}

struct tally {
    uint64_t recommended;
    double rating_sum;
};

static bool count(void *context, uint32_t user, const struct recommendation *best, uint32_t best_count,
                  struct status *status) {
    struct tally *tally = context;
    (void)user;
    (void)status;
    for (uint32_t i = 0; i < best_count; i++)
        tally->rating_sum += (double)best[i].rating;
    tally->recommended += best_count;
    return true;
}

static struct rate recommend_rate(const struct bench *bench, struct tally *tally) {
    struct status status = {0};
    struct recommend_request request = {
        .catalogue = &bench->catalogue,
        .rows = bench->model.user_rows,
        .users = bench->all,
        .user_count = bench->users,
        .seen = bench->seen > 0 ? &bench->lists : NULL,
        .top = bench->top,
        .threads = bench->threads,
    };
    *tally = (struct tally){0};
    struct span begin = now();
    if (!recommend_run(&request, count, tally, &status)) {
        fprintf(stderr, "bench_recommend: %s\n", status.text);
        exit(EXIT_FAILURE);
    }
    return rate_of(bench, (double)bench->users * bench->movies * bench->factors, since(begin));
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t n) {
    qsort(values, n, sizeof *values, by_value);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static long resident_mib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* Prints the median of the rounds by the clock, their least and most, and the median by processor time, which
 * it returns both. */
static struct rate show(const char *name, const struct rate *rates, uint32_t rounds) {
    double walls[ROUNDS_MAX], processors[ROUNDS_MAX];
    for (uint32_t i = 0; i < rounds; i++) {
        walls[i] = 1e-9 * rates[i].wall;
        processors[i] = 1e-9 * rates[i].processor;
    }
    struct rate middle = {median(walls, rounds), median(processors, rounds)};
    printf("  %-24s %7.1f [%.1f - %.1f]   %7.1f [%.1f - %.1f]\n", name, middle.wall, walls[0],
           walls[rounds - 1], middle.processor, processors[0], processors[rounds - 1]);
    return middle;
}

static int measure(const struct bench *bench) {
    struct rate recommend[ROUNDS_MAX], square[ROUNDS_MAX], blocks[ROUNDS_MAX];
    struct tally tally;
    char name[64];
    long before = resident_mib(), after = 0;
    for (uint32_t round = 0; round < bench->rounds; round++) {
        recommend[round] = recommend_rate(bench, &tally);
        after = after == 0 ? resident_mib() : after;
        square[round] = sgemm_rate(bench, SQUARE, SQUARE, SQUARE);
        blocks[round] = sgemm_rate(bench, BLOCK_USERS, BLOCK_MOVIES, bench->factors + 1);
    }
    printf("%u users x %u movies, K = %u, top %u, %u seen each, %u threads, medians of %u rounds\n",
           bench->users, bench->movies, bench->factors, bench->top, bench->seen, bench->threads,
           bench->rounds);
    printf("  thousand million multiply-adds/s, by the clock and by processor time\n");
    snprintf(name, sizeof name, "sgemm %d x %d x %d", SQUARE, SQUARE, SQUARE);
    struct rate most = show(name, square, bench->rounds);
    snprintf(name, sizeof name, "sgemm %d x %d x %u", BLOCK_USERS, BLOCK_MOVIES, bench->factors + 1);
    struct rate own = show(name, blocks, bench->rounds);
    struct rate rate = show("recommend", recommend, bench->rounds);
    double share = rate.processor / most.processor,
           products = 1e-9 * bench->users * bench->movies * bench->factors;
    printf("  of the first %.1f %% by the clock, %.1f %% by processor time; of the second %.1f %%, %.1f %%\n",
           100 * rate.wall / most.wall, 100 * share, 100 * rate.wall / own.wall,
           100 * rate.processor / own.processor);
    printf("  %.2f s, %.0f users/s; %llu recommended, mean rating %.4f\n", products / rate.wall,
           bench->users * rate.wall / products, (unsigned long long)tally.recommended,
           tally.rating_sum / (double)tally.recommended);
    printf("  peak memory %ld MiB, of which %ld MiB are the model and what was seen\n", after, before);
    return share >= 0.6 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct argp_option OPTIONS[] = {
    {"users", 'u', "N", 0, "Users (162541)", 0},
    {"movies", 'm', "N", 0, "Movies (59047)", 0},
    {"factors", 'k', "N", 0, "Factors (50)", 0},
    {"top", 't', "N", 0, "Recommendations for each (10)", 0},
    {"seen", 's', "N", 0, "Movies each has seen (154)", 0},
    {"rounds", 'r', "N", 0, "Rounds (3)", 0},
    {"threads", 'j', "N", 0, "Threads (one per processor)", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct bench *bench = state->input;
    uint32_t number = value != NULL ? (uint32_t)strtoul(value, NULL, 10) : 0;
    switch (key) {
    case 'u':
        bench->users = number;
        return 0;
    case 'm':
        bench->movies = number;
        return 0;
    case 'k':
        bench->factors = number;
        return 0;
    case 't':
        bench->top = number;
        return 0;
    case 's':
        bench->seen = number;
        return 0;
    case 'r':
        bench->rounds = number;
        return 0;
    case 'j':
        bench->threads = number;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv) {
    static const struct argp ARGP = {
        OPTIONS,
        parse,
        NULL,
        "Recommends for all users of a made-up model and compares the rate with sgemm's. "
        "Ends with 1 below 60 % by processor time.",
        NULL,
        NULL,
        NULL};
    struct bench bench = {
        .users = 162541, .movies = 59047, .factors = 50, .top = 10, .seen = 154, .rounds = 3};
    argp_parse(&ARGP, argc, argv, 0, NULL, &bench);
    bench.threads = ordered_work_threads(bench.threads);
    if (bench.threads > THREADS_MAX || bench.rounds < 1 || bench.rounds > ROUNDS_MAX || bench.users < 1 ||
        bench.movies < 1 || bench.factors < 1 || bench.factors > FACTORS_MAX || bench.top < 1) {
        fprintf(stderr, "bench_recommend: sizes must be at least 1, threads at most %d, rounds at most %d\n",
                THREADS_MAX, ROUNDS_MAX);
        return EXIT_FAILURE;
    }
    openblas_set_num_threads(1);
    make_model(&bench);
    return measure(&bench);
}
