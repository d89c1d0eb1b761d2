#include "analysis/factor_report.h"

#include <string.h>

#include "analysis/factor_ranking.h"
#include "core/memory.h"

enum { TITLE_CELLS = 36, TITLE_BYTES = 4 * TITLE_CELLS + 8 };

static void print_padded(FILE *out, const char *text, size_t characters) {
    fputs(text, out);
    for (; characters < TITLE_CELLS; characters++)
        fputc(' ', out);
}

/* One movie of one side; `last` leaves the padding away. */
static void print_movie(const struct factor_report *report, const struct factor_ranking *ranking,
                        uint32_t movie, bool with_numbers, bool last, FILE *out) {
    char title[TITLE_BYTES];
    size_t characters = titles_fit_movie(&report->titles, movie, TITLE_CELLS, title, sizeof title);
    fprintf(out, "%+7.3f", factor_ranking_value(ranking, movie));
    if (with_numbers) {
        if (report->means != NULL)
            fprintf(out, "  %5.2f", report->means[movie]);
        fprintf(out, "  %7u", report->counts[movie]);
    }
    fputs("  ", out);
    print_padded(out, title, last ? TITLE_CELLS : characters);
}

/* The two ends side by side: the highest on the left, the lowest (lowest first) on the right. */
static void print_ends(const struct factor_report *report, const struct factor_ranking *ranking,
                       bool with_numbers, FILE *out) {
    struct ranking_ends ends = factor_ranking_ends(ranking, report->show);
    for (uint32_t i = 0; i < ends.high; i++) {
        fputs("  ", out);
        print_movie(report, ranking, ranking->movies[i], with_numbers, i >= ends.low, out);
        if (i < ends.low) {
            fputs("  ", out);
            print_movie(report, ranking, ranking->movies[ranking->count - 1 - i], with_numbers, true, out);
        }
        fputc('\n', out);
    }
}

static bool print_component(const struct factor_report *report, uint32_t component, FILE *out,
                            struct status *status) {
    struct factor_ranking ranking;
    if (!factor_ranking_make(&ranking, report->scores + component, report->components, &report->popular,
                             status))
        return false;
    fprintf(out, "\ncomponent %u: %.1f %% of the variance\n", component + 1, 100 * report->share[component]);
    print_ends(report, &ranking, false, out);
    factor_ranking_free(&ranking);
    return true;
}

/* One side's column heads; the title's column is as wide as TITLE_CELLS except at the end of a line. */
static void print_bias_head(const struct factor_report *report, bool last, FILE *out) {
    fprintf(out, "  %7s", "bias");
    if (report->means != NULL)
        fprintf(out, "  %5s", "mean");
    fprintf(out, "  %7s  %-*s", "ratings", last ? 0 : TITLE_CELLS, last ? "worst" : "best");
}

static bool end_print(FILE *out, struct status *status) {
    return (fflush(out) == 0 && !ferror(out)) ||
           status_fail_errno(status, STATUS_IO, "cannot print the factors");
}

bool factor_report_components(const struct factor_report *report, FILE *out, struct status *status) {
    fprintf(out, "principal components of the movie factors (of the %u most-rated movies)\n",
            report->popular.count);
    for (uint32_t component = 0; component < report->components; component++)
        if (!print_component(report, component, out, status))
            return false;
    return end_print(out, status);
}

bool factor_report_biases(const struct factor_report *report, FILE *out, struct status *status) {
    struct factor_ranking ranking;
    if (!factor_ranking_make(&ranking, report->biases, 1, &report->popular, status))
        return false;
    fputs("movie biases: liked and disliked beyond what the factors say\n", out);
    print_bias_head(report, false, out);
    print_bias_head(report, true, out);
    fputc('\n', out);
    print_ends(report, &ranking, true, out);
    factor_ranking_free(&ranking);
    return end_print(out, status);
}

bool factor_report_print(const struct factor_report *report, FILE *out, struct status *status) {
    if (report->popular.count == 0) {
        fputs("no movie has a training rating: there is nothing to say of factors\n", out);
        return end_print(out, status);
    }
    if (report->components > 0 && !factor_report_components(report, out, status))
        return false;
    if (report->biases == NULL)
        return true;
    if (report->components > 0)
        fputc('\n', out);
    return factor_report_biases(report, out, status);
}

void factor_report_means(const struct packed_set *set, double *means) {
    memset(means, 0, set->movies * sizeof *means);
    for (uint64_t i = 0; i < set->train_count; i++)
        means[set->train[i].movie] += (double)set->train[i].value;
    for (uint32_t movie = 0; movie < set->movies; movie++)
        if (set->movie_counts[movie] > 0)
            means[movie] /= set->movie_counts[movie];
}

bool factor_report_means_by_id(const struct predictor *predictor, const struct packed_set *set, double *means,
                               struct status *status) {
    double *own = memory_take_array(set->movies, sizeof *own, "movie means", status);
    if (own == NULL)
        return false;
    factor_report_means(set, own);
    memset(means, 0, predictor->model->movies * sizeof *means);
    for (uint32_t row = 0; row < set->movies; row++) {
        size_t length;
        const char *id = string_table_get(&set->movie_ids, row, &length);
        uint32_t movie = id_index_find(&predictor->indexes[TABLE_MOVIES], id, length);
        if (movie != ID_UNKNOWN)
            means[movie] = own[row];
    }
    memory_release(own);
    return true;
}
