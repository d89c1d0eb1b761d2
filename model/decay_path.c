#include "model/decay_path.h"

#include <stddef.h>

#include "core/contract.h"
#include "core/memory.h"

enum { LEVELS_MAX = 24 };

/* A product that has been asked for: many rows of a step have the same gap. */
struct known_product {
    struct decay_matrix matrix;
    uint32_t to, window; /* the end of its gap, and the window it was computed in; windows count from 1 */
};

struct decay_path {
    unsigned levels;
    uint32_t last, window;       /* the step set last, and how often the steps began anew */
    struct known_product *known; /* [2^levels] by the first step of the gap: the newest product asked for */
    struct decay_matrix *level[LEVELS_MAX + 1]; /* level[l][i] stands for steps i*2^l .. (i+1)*2^l - 1 */
    struct decay_matrix *nodes;                 /* the memory of all levels */
};

struct decay_path *decay_path_new(unsigned levels, struct status *status) {
    REQUIRE(levels <= LEVELS_MAX, "a window has at most 2^24 steps");
    struct decay_path *path = memory_take(sizeof *path, "a decay path", status);
    if (path == NULL)
        return NULL;
    size_t steps = (size_t)1 << levels;
    path->nodes = memory_take_array(2 * steps, sizeof *path->nodes, "a decay path's products", status);
    path->known = memory_take_array(steps, sizeof *path->known, "a decay path's products", status);
    if (path->nodes == NULL || path->known == NULL) {
        decay_path_free(path);
        return NULL;
    }
    path->levels = levels;
    struct decay_matrix *next = path->nodes;
    for (unsigned level = 0; level <= levels; level++) {
        path->level[level] = next;
        next += steps >> level;
    }
    return path;
}

void decay_path_free(struct decay_path *path) {
    if (path == NULL)
        return;
    memory_release(path->nodes);
    memory_release(path->known);
    memory_release(path);
}

/* What happens when `first` acts and then `then`. */
static struct decay_matrix after(struct decay_matrix then, struct decay_matrix first) {
    return (struct decay_matrix){
        .ww = then.ww * first.ww + then.wv * first.vw,
        .wv = then.ww * first.wv + then.wv * first.vv,
        .vw = then.vw * first.ww + then.vv * first.vw,
        .vv = then.vw * first.wv + then.vv * first.vv,
    };
}

void decay_path_set(struct decay_path *path, uint32_t index, struct decay_matrix matrix) {
    REQUIRE(index < 1u << path->levels, "a step lies inside the window");
    if (path->window == 0 || index <= path->last)
        path->window++; /* what is known is of other steps */
    path->last = index;
    path->level[0][index] = matrix;
    for (unsigned level = 1; level <= path->levels && (index + 1) % (1u << level) == 0; level++) {
        uint32_t node = index >> level;
        const struct decay_matrix *below = &path->level[level - 1][2 * (size_t)node];
        path->level[level][node] = after(below[1], below[0]);
    }
}

/* The level of the largest node that starts at `from` and does not reach beyond `to`. */
static unsigned widest(uint32_t from, uint32_t to) {
    unsigned fits = 31 - (unsigned)__builtin_clz(to - from);
    unsigned aligned = from == 0 ? fits : (unsigned)__builtin_ctz(from);
    return aligned < fits ? aligned : fits;
}

static struct decay_matrix multiply(const struct decay_path *path, uint32_t from, uint32_t to) {
    unsigned level = widest(from, to);
    struct decay_matrix product = path->level[level][from >> level];
    for (from += 1u << level; from < to; from += 1u << level) {
        level = widest(from, to);
        product = after(path->level[level][from >> level], product);
    }
    return product;
}

struct decay_matrix decay_path_between(const struct decay_path *path, uint32_t from, uint32_t to) {
    REQUIRE(from < to && to <= 1u << path->levels, "a gap lies inside the window");
    struct known_product *known = &path->known[from];
    if (known->to != to || known->window != path->window)
        *known = (struct known_product){multiply(path, from, to), to, path->window};
    return known->matrix;
}
