#include <stdlib.h>

#include "core/memory.h"
#include "monitor/api.h"
#include "monitor/json_put.h"

/* Movies in an order: by ratings, then some of them by bias. Equals come by row. */
struct standing {
    double height;
    uint32_t movie;
};

struct points {
    struct standing *order;
    uint32_t count;
};

static int highest_first(const void *a, const void *b) {
    const struct standing *left = a, *right = b;
    if (left->height != right->height)
        return left->height < right->height ? 1 : -1;
    return (left->movie > right->movie) - (left->movie < right->movie);
}

static bool order_by_ratings(struct points *points, const struct http_source *source) {
    const struct model_report *model = &source->board->model;
    struct status ignored;
    struct http_movie named;
    *points = (struct points){.count = source->movie == NULL || model->epoch == 0 ? 0 : model->movies};
    points->order = memory_take_array(points->count, sizeof *points->order, "movies in order", &ignored);
    if (points->order == NULL)
        return false;
    for (uint32_t i = 0; i < points->count; i++) {
        source->movie(source->context, i, &named);
        points->order[i] = (struct standing){named.ratings, i};
    }
    qsort(points->order, points->count, sizeof *points->order, highest_first);
    return true;
}

/* Of the most-rated; those that are left are all ordered by bias. */
static void order_by_bias(struct points *points, const struct http_source *source) {
    const double *biases = source->board->model.biases;
    if (source->popular != 0 && source->popular < points->count)
        points->count = source->popular;
    for (uint32_t i = 0; i < points->count; i++)
        points->order[i].height = biases[points->order[i].movie];
    qsort(points->order, points->count, sizeof *points->order, highest_first);
}

static void put_point(struct scroll *scroll, const struct http_source *source, uint32_t movie) {
    const struct model_report *model = &source->board->model;
    struct http_movie named = {0};
    source->movie(source->context, movie, &named);
    json_put_open(scroll, '{');
    json_put_key(scroll, "id");
    json_put_bytes(scroll, named.id, named.id_length);
    json_put_key(scroll, "title");
    json_put_bytes(scroll, named.title, named.title_length);
    json_put_key(scroll, "ratings");
    json_put_uint(scroll, named.ratings);
    json_put_key(scroll, "bias");
    if (model->biases == NULL)
        json_put_null(scroll);
    else
        json_put_real(scroll, model->biases[movie]);
    json_put_key(scroll, "scores");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < model->components; i++)
        json_put_real(scroll, model->scores[(size_t)movie * model->components + i]);
    json_put_close(scroll, ']');
    json_put_close(scroll, '}');
}

/* Points from the first, forwards, or from the last, backwards. */
static void put_points(struct scroll *scroll, const char *key, const struct http_source *source,
                       const struct points *points, uint32_t most, bool backwards) {
    json_put_key(scroll, key);
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < points->count && i < most; i++)
        put_point(scroll, source, points->order[backwards ? points->count - 1 - i : i].movie);
    json_put_close(scroll, ']');
}

static void put_components(struct scroll *scroll, const struct model_report *model) {
    json_put_key(scroll, "epoch");
    json_put_uint(scroll, model->epoch);
    json_put_key(scroll, "components");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < model->components; i++) {
        json_put_open(scroll, '{');
        json_put_key(scroll, "share");
        json_put_real(scroll, model->share[i]);
        json_put_close(scroll, '}');
    }
    json_put_close(scroll, ']');
}

bool api_model(struct scroll *scroll, const struct http_source *source) {
    struct points points;
    if (!order_by_ratings(&points, source))
        return false;
    json_put_open(scroll, '{');
    put_components(scroll, &source->board->model);
    put_points(scroll, "points", source, &points, API_POINTS, false);
    if (source->board->model.biases == NULL)
        points.count = 0;
    else
        order_by_bias(&points, source);
    put_points(scroll, "best", source, &points, API_EXTREMES, false);
    put_points(scroll, "worst", source, &points, API_EXTREMES, true);
    json_put_close(scroll, '}');
    scroll_put(scroll, "\n", 1);
    memory_release(points.order);
    return true;
}
