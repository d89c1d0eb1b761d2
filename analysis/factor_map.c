#include "analysis/factor_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/factor_ranking.h"
#include "core/memory.h"

enum { NAME_CELLS = 52, LINE_CELLS = 22, NAME_BYTES = 4 * NAME_CELLS + 8, TEXT_BYTES = 256 };

/* What belongs to a plot while it is drawn. */
struct drawing {
    struct plot plot;
    uint32_t *movies;          /* those that are named first; owned, as points and names */
    struct plot_point *points; /* [movies] */
    char (*names)[NAME_BYTES];
    char subtitle[TEXT_BYTES], titles[2][TEXT_BYTES], cold[TEXT_BYTES], warm[TEXT_BYTES];
};

/* Cuts brackets off the end, as long as something is left in front of them. */
static size_t without_brackets(const char *title, size_t length) {
    while (length > 0 && title[length - 1] == ')') {
        size_t open = length;
        while (open > 0 && title[open - 1] != '(')
            open--;
        if (open < 3 || title[open - 2] != ' ')
            break;
        length = open - 2;
    }
    return length;
}

/* The length of a title's ", The" and the like, 0 without. */
static size_t article_bytes(const char *title, size_t length) {
    static const char *const ARTICLES[] = {", The", ", A",   ", An",  ", Les", ", Le", ", La",
                                           ", L'",  ", Der", ", Die", ", Das", ", El", ", Il"};
    for (size_t i = 0; i < sizeof ARTICLES / sizeof ARTICLES[0]; i++) {
        size_t bytes = strlen(ARTICLES[i]);
        if (length > bytes && memcmp(title + length - bytes, ARTICLES[i], bytes) == 0)
            return bytes;
    }
    return 0;
}

/* How bad a line break at the space `at` is: far from the middle, in front of a dash rather than behind one. */
static long break_cost(const char *name, size_t length, size_t at) {
    long cost = labs((long)(2 * at) - (long)length);
    if (name[at - 1] == ':' || name[at - 1] == '-')
        return cost - (long)length / 3;
    return name[at + 1] == '-' ? cost + (long)length : cost;
}

/* Turns the best space of a long name into a line break. */
static void break_line(char *name) {
    size_t length = strlen(name), best = 0;
    if (length <= LINE_CELLS)
        return;
    for (size_t i = 1; i < length; i++)
        if (name[i] == ' ' && (best == 0 || break_cost(name, length, i) < break_cost(name, length, best)))
            best = i;
    if (best > 0)
        name[best] = '\n';
}

static void turn_name(const char *title, size_t length, size_t cells, char *out, size_t capacity) {
    char turned[1024];
    size_t kept = without_brackets(title, length), article = article_bytes(title, kept);
    if (article == 0 || kept >= sizeof turned) {
        titles_fit(title, kept, cells, out, capacity);
        return;
    }
    bool elides = title[kept - 1] == '\'';
    size_t front = article - 2, rest = kept - article;
    memcpy(turned, title + kept - front, front);
    if (!elides)
        turned[front++] = ' ';
    memcpy(turned + front, title, rest);
    titles_fit(turned, front + rest, cells, out, capacity);
}

void factor_map_name(const char *title, size_t length, size_t cells, char *out, size_t capacity) {
    turn_name(title, length, cells, out, capacity);
    break_line(out);
}

static double bias_of(const struct model_file *model, uint32_t movie) {
    uint32_t factors = model->spec.factors;
    return (double)model->movie_rows[(size_t)movie * (factors + 1) + factors];
}

/* The largest bias of those shown, either way. */
static double bias_scale(const struct factor_map *map) {
    double largest = 0;
    for (uint32_t i = 0; i < map->popular->count; i++)
        largest = fmax(largest, fabs(bias_of(map->model, map->popular->movies[i])));
    return largest;
}

static struct plot_point point_of(const struct factor_map *map, uint32_t movie, double scale) {
    const struct model_file *model = map->model;
    const double *scores = map->components->scores + (size_t)movie * map->components->count;
    double most = model->movie_counts[map->popular->movies[0]];
    return (struct plot_point){
        .x = scores[map->axes[0]],
        .y = scores[map->axes[1]],
        .tone = scale > 0 ? bias_of(model, movie) / scale : 0,
        .weight = sqrt(model->movie_counts[movie] / most),
    };
}

static void fill_points(const struct factor_map *map, struct drawing *drawing) {
    struct titles titles = {&map->model->movie_titles, &map->model->movie_ids};
    double scale = bias_scale(map);
    for (uint32_t i = 0; i < map->popular->count; i++) {
        size_t length;
        const char *title = titles_name(&titles, drawing->movies[i], &length);
        drawing->points[i] = point_of(map, drawing->movies[i], scale);
        if (i >= drawing->plot.label_count)
            continue;
        factor_map_name(title, length, NAME_CELLS, drawing->names[i], NAME_BYTES);
        drawing->points[i].label = drawing->names[i];
    }
}

/* Moves a movie to the end of those that are named, unless it is one of them. */
static void name_movie(struct drawing *drawing, uint32_t movie) {
    uint32_t at = 0, named = (uint32_t)drawing->plot.label_count;
    while (drawing->movies[at] != movie)
        at++;
    if (at < named)
        return;
    memmove(drawing->movies + named + 1, drawing->movies + named, (at - named) * sizeof *drawing->movies);
    drawing->movies[named] = movie;
    drawing->plot.label_count++;
}

/* Puts those that are named first: the most-rated, then those furthest out on the axes. */
static bool choose_names(const struct factor_map *map, struct drawing *drawing, struct status *status) {
    const struct factor_components *components = map->components;
    uint32_t count = map->popular->count;
    memcpy(drawing->movies, map->popular->movies, count * sizeof *drawing->movies);
    drawing->plot.label_count = map->label_count < count ? map->label_count : count;
    for (int axis = 0; axis < 2; axis++) {
        struct factor_ranking ranking;
        if (!factor_ranking_make(&ranking, components->scores + map->axes[axis], components->count,
                                 map->popular, status))
            return false;
        struct ranking_ends ends = factor_ranking_ends(&ranking, map->end_count);
        for (uint32_t i = 0; i < ends.high; i++)
            name_movie(drawing, ranking.movies[i]);
        for (uint32_t i = 0; i < ends.low; i++)
            name_movie(drawing, ranking.movies[count - 1 - i]);
        factor_ranking_free(&ranking);
    }
    return true;
}

static void fill_texts(const struct factor_map *map, struct drawing *drawing) {
    bool is_lesson = map->components->kind == COMPONENTS_OF_LESSON;
    double scale = bias_scale(map);
    snprintf(drawing->subtitle, TEXT_BYTES,
             "The %u most-rated of %u movies, placed by the taste of those who rated them%s",
             map->popular->count, map->model->movies, is_lesson ? " (the lesson's components)" : "");
    for (int i = 0; i < 2; i++)
        snprintf(drawing->titles[i], TEXT_BYTES, "component %u  (%.1f %% of the variance)", map->axes[i] + 1,
                 100 * map->components->share[map->axes[i]]);
    snprintf(drawing->cold, TEXT_BYTES, "movie bias \u2212%.1f", scale);
    snprintf(drawing->warm, TEXT_BYTES, "+%.1f", scale);
    drawing->plot.title = "A map of movies";
    drawing->plot.subtitle = drawing->subtitle;
    drawing->plot.x_title = drawing->titles[0];
    drawing->plot.y_title = drawing->titles[1];
    drawing->plot.cold = map->model->spec.has_bias ? drawing->cold : NULL;
    drawing->plot.warm = drawing->warm;
}

static bool take_drawing(struct drawing *drawing, uint32_t count, struct status *status) {
    drawing->plot.point_count = count;
    drawing->movies = memory_take_array(count, sizeof *drawing->movies, "the order of a plot", status);
    drawing->points = memory_take_array(count, sizeof *drawing->points, "points of a plot", status);
    drawing->names = memory_take_array(count, sizeof *drawing->names, "names of a plot", status);
    drawing->plot.points = drawing->points;
    return drawing->movies != NULL && drawing->points != NULL && drawing->names != NULL;
}

bool factor_map_draw(const struct factor_map *map, const char *path, enum plot_format format, size_t *hidden,
                     struct status *status) {
    struct drawing drawing = {0};
    bool well = take_drawing(&drawing, map->popular->count, status) && choose_names(map, &drawing, status);
    if (well) {
        fill_points(map, &drawing);
        fill_texts(map, &drawing);
        well = plot_write(&drawing.plot, path, format, hidden, status);
    }
    memory_release(drawing.movies);
    memory_release(drawing.points);
    memory_release(drawing.names);
    return well;
}
