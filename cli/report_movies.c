#include "cli/report_movies.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/factor_ranking.h"
#include "cli/finished.h"
#include "cli/report_text.h"
#include "core/memory.h"

enum { SHOWN = 10 };

static void put_rows(struct scroll *page, const char *caption, const struct finished *finished,
                     const struct factor_ranking *ranking, uint32_t count, bool from_end) {
    scroll_add(page,
               "<div><table><caption>%s</caption><thead><tr><th class=\"l\">movie</th><th>ratings</th>"
               "<th>bias</th></tr></thead><tbody>\n",
               caption);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t movie = ranking->movies[from_end ? ranking->count - 1 - i : i];
        size_t length;
        const char *name = titles_name(&finished->predictor.titles, movie, &length);
        scroll_text(page, "<tr><td class=\"l w\">");
        report_text(page, name, length);
        scroll_add(page, "</td><td>%u</td><td>%+.3f</td></tr>\n", finished->model.movie_counts[movie],
                   factor_ranking_value(ranking, movie));
    }
    scroll_text(page, "</tbody></table></div>\n");
}

static bool put_ends(struct scroll *page, const struct finished *finished, const struct selection *popular,
                     struct status *status) {
    double *biases = finished_biases(finished, status);
    struct factor_ranking ranking = {0};
    bool good = biases != NULL && factor_ranking_make(&ranking, biases, 1, popular, status);
    if (good) {
        struct ranking_ends ends = factor_ranking_ends(&ranking, SHOWN);
        scroll_add(
            page,
            "<section><h2>Movies</h2>\n<p>What their ratings have in common beyond users' own habits and "
            "taste, among the %u most rated.</p>\n<div class=\"pair\">\n",
            popular->count);
        put_rows(page, "Best, by bias", finished, &ranking, ends.high, false);
        put_rows(page, "Worst, by bias", finished, &ranking, ends.low, true);
        scroll_text(page, "</div></section>\n");
    }
    factor_ranking_free(&ranking);
    memory_release(biases);
    return good;
}

bool report_movies_put(struct scroll *page, const char *folder, uint32_t popular, struct status *status) {
    struct finished finished;
    struct selection selection = {0};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/model.dotbias", folder);
    if (access(path, F_OK) != 0)
        return true;
    if (!finished_open(&finished, folder, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    const struct model_file *model = &finished.model;
    bool good = !model->spec.has_bias ||
                selection_most_rated(&selection, model->movie_counts, model->movies, popular, status);
    if (good && selection.count > 0)
        good = put_ends(page, &finished, &selection, status);
    selection_free(&selection);
    finished_close(&finished);
    return good;
}
