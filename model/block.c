#include "model/block.h"

#include <string.h>

#include "core/contract.h"
#include "model/block_walk.h"

void block_rows_load(uint32_t factors, const float *source, const float *sums, struct block_rows rows) {
    size_t stride = block_stride(factors), source_stride = row_stride(factors);
    for (size_t row = 0; row < rows.count; row++) {
        const float *from = source + row * source_stride;
        float *to = rows.factors + row * stride;
        memcpy(to, from, factors * sizeof *to);
        memset(to + factors, 0, (stride - factors) * sizeof *to);
        rows.scalars[row] = (struct block_scalars){.bias = from[factors], .sum = sums ? sums[row] : 0};
    }
}

void block_rows_store(uint32_t factors, struct block_rows rows, float *target, float *sums) {
    size_t stride = block_stride(factors), target_stride = row_stride(factors);
    for (size_t row = 0; row < rows.count; row++) {
        float *to = target + row * target_stride;
        memcpy(to, rows.factors + row * stride, factors * sizeof *to);
        to[factors] = rows.scalars[row].bias;
        memset(to + factors + 1, 0, (target_stride - factors - 1) * sizeof *to);
        if (sums)
            sums[row] = rows.scalars[row].sum;
    }
}

struct path {
    const char *name;
    block_walk_function *walk;
};

static const struct path paths[BLOCK_PATHS] = {
    [BLOCK_PORTABLE] = {"portable", block_walk_portable},
#ifdef BLOCK_WALK_X86
    [BLOCK_AVX2] = {"AVX2", block_walk_avx2},
    [BLOCK_AVX512] = {"AVX-512", block_walk_avx512},
#else
    [BLOCK_AVX2] = {"AVX2", NULL},
    [BLOCK_AVX512] = {"AVX-512", NULL},
#endif
};

const char *block_path_name(enum block_path path) {
    return paths[path].name;
}

/* The features are those that the files of the paths are compiled for. */
bool block_path_available(enum block_path path) {
#ifdef BLOCK_WALK_X86
    if (path == BLOCK_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq");
    if (path == BLOCK_AVX2)
        return __builtin_cpu_supports("avx2");
#endif
    return path == BLOCK_PORTABLE;
}

enum block_path block_best_path(void) {
    enum block_path path = BLOCK_PATHS - 1;
    while (!block_path_available(path))
        path--;
    return path;
}

static void check(const struct block_spec *spec, struct block_rows rows) {
    REQUIRE(spec->model->factors >= 1 && spec->model->factors <= FACTORS_MAX, "a row has 1 to 512 factors");
    REQUIRE(rows.count <= BLOCK_ROWS_MAX, "a local row number has 16 bits");
    REQUIRE((uintptr_t)rows.factors % (BLOCK_LANES * sizeof(float)) == 0, "rows start on a cache line");
}

double block_walk_on(enum block_path path, const struct block_spec *spec, struct block_rows users,
                     struct block_rows movies, const struct block_ratings *ratings) {
    const struct model_spec *model = spec->model;
    float moves = model->has_bias ? 1 : 0;
    check(spec, users);
    check(spec, movies);
    REQUIRE(spec->learning_rate * spec->decay < 1, "a visit must not turn a row around");
    return paths[path].walk(&(struct block_walk_job){
        .users = users,
        .movies = movies,
        .ratings = *ratings,
        .groups = block_stride(model->factors) / BLOCK_LANES,
        .adagrad = spec->rule == BLOCK_ADAGRAD,
        .has_range = model->has_range,
        .low = (double)model->range_low,
        .span = (double)model->range_high - (double)model->range_low,
        .mean = model->mean,
        .rate = spec->learning_rate,
        .decay = spec->decay,
        .epsilon = spec->epsilon,
        .bias_moves = moves,
        .share = 1 / ((float)model->factors + moves),
    });
}

double block_walk(const struct block_spec *spec, struct block_rows users, struct block_rows movies,
                  const struct block_ratings *ratings) {
    return block_walk_on(block_best_path(), spec, users, movies, ratings);
}
