#include "analysis/factor_report.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { TITLE_CELLS = 36, TITLE_BYTES = 4 * TITLE_CELLS + 8 };

/* One column of numbers over movies, and the selection in its order. */
struct ranking {
    const double *values; /* of movie m: values[m * stride] */
    size_t stride;
    uint32_t *movies; /* by falling value */
    uint32_t count;
};

static double value_of(const struct ranking *ranking, uint32_t movie) {
    return ranking->values[movie * ranking->stride];
}

struct place {
    double value;
    uint32_t rank, movie; /* rank within the selection */
};

static int by_value(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static bool rank_movies(struct ranking *ranking, const struct selection *popular, struct status *status) {
    struct place *places = memory_take_array(popular->count, sizeof *places, "a ranking of movies", status);
    if (places == NULL)
        return false;
    for (uint32_t i = 0; i < popular->count; i++)
        places[i] = (struct place){value_of(ranking, popular->movies[i]), i, popular->movies[i]};
    qsort(places, popular->count, sizeof *places, by_value);
    for (uint32_t i = 0; i < popular->count; i++)
        ranking->movies[i] = places[i].movie;
    ranking->count = popular->count;
    memory_release(places);
    return true;
}

static void print_padded(FILE *out, const char *text, size_t characters) {
    fputs(text, out);
    for (; characters < TITLE_CELLS; characters++)
        fputc(' ', out);
}

/* One movie of one side; `last` leaves the padding away. */
static void print_movie(const struct factor_report *report, const struct ranking *ranking, uint32_t movie,
                        bool with_numbers, bool last, FILE *out) {
    char title[TITLE_BYTES];
    size_t characters = titles_fit_movie(&report->titles, movie, TITLE_CELLS, title, sizeof title);
    fprintf(out, "%+7.3f", value_of(ranking, movie));
    if (with_numbers) {
        if (report->means != NULL)
            fprintf(out, "  %5.2f", report->means[movie]);
        fprintf(out, "  %7u", report->counts[movie]);
    }
    fputs("  ", out);
    print_padded(out, title, last ? TITLE_CELLS : characters);
}

/* The two ends side by side: the highest on the left, the lowest (lowest first) on the right. */
static void print_ends(const struct factor_report *report, const struct ranking *ranking, bool with_numbers,
                       FILE *out) {
    uint32_t half = (ranking->count + 1) / 2;
    uint32_t high = report->show < half ? report->show : half;
    uint32_t low = report->show < ranking->count - high ? report->show : ranking->count - high;
    for (uint32_t i = 0; i < high; i++) {
        fputs("  ", out);
        print_movie(report, ranking, ranking->movies[i], with_numbers, i >= low, out);
        if (i < low) {
            fputs("  ", out);
            print_movie(report, ranking, ranking->movies[ranking->count - 1 - i], with_numbers, true, out);
        }
        fputc('\n', out);
    }
}

static bool print_component(const struct factor_report *report, struct ranking *ranking, uint32_t component,
                            FILE *out, struct status *status) {
    ranking->values = report->scores + component;
    ranking->stride = report->components;
    if (!rank_movies(ranking, &report->popular, status))
        return false;
    fprintf(out, "\ncomponent %u: %.1f %% of the variance\n", component + 1, 100 * report->share[component]);
    print_ends(report, ranking, false, out);
    return true;
}

/* One side's column heads; the title's column is as wide as TITLE_CELLS except at the end of a line. */
static void print_bias_head(const struct factor_report *report, bool last, FILE *out) {
    fprintf(out, "  %7s", "bias");
    if (report->means != NULL)
        fprintf(out, "  %5s", "mean");
    fprintf(out, "  %7s  %-*s", "ratings", last ? 0 : TITLE_CELLS, last ? "worst" : "best");
}

static bool print_biases(const struct factor_report *report, struct ranking *ranking, FILE *out,
                         struct status *status) {
    ranking->values = report->biases;
    ranking->stride = 1;
    if (!rank_movies(ranking, &report->popular, status))
        return false;
    fputs("\nmovie biases: liked and disliked beyond what the factors say\n", out);
    print_bias_head(report, false, out);
    print_bias_head(report, true, out);
    fputc('\n', out);
    print_ends(report, ranking, true, out);
    return true;
}

static bool print_all(const struct factor_report *report, struct ranking *ranking, FILE *out,
                      struct status *status) {
    for (uint32_t component = 0; component < report->components; component++)
        if (!print_component(report, ranking, component, out, status))
            return false;
    return report->biases == NULL || print_biases(report, ranking, out, status);
}

bool factor_report_print(const struct factor_report *report, FILE *out, struct status *status) {
    if (report->popular.count == 0) {
        fputs("no movie has a training rating: there is nothing to say of factors\n", out);
        return true;
    }
    struct ranking ranking = {0};
    ranking.movies =
        memory_take_array(report->popular.count, sizeof *ranking.movies, "a ranking of movies", status);
    if (ranking.movies == NULL)
        return false;
    fprintf(out, "principal components of the movie factors (of the %u most-rated movies)\n",
            report->popular.count);
    bool well = print_all(report, &ranking, out, status);
    memory_release(ranking.movies);
    if (well && (fflush(out) != 0 || ferror(out)))
        return status_fail_errno(status, STATUS_IO, "cannot print the factors");
    return well;
}

void factor_report_means(const struct packed_set *set, double *means) {
    memset(means, 0, set->movies * sizeof *means);
    for (uint64_t i = 0; i < set->train_count; i++)
        means[set->train[i].movie] += (double)set->train[i].value;
    for (uint32_t movie = 0; movie < set->movies; movie++)
        if (set->movie_counts[movie] > 0)
            means[movie] /= set->movie_counts[movie];
}
