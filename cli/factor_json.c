#include "cli/factor_json.h"

#include <string.h>

#include "cli/json_text.h"

static json_t *json_movie(const char *value, const struct factor_report *report,
                          const struct factor_ranking *ranking, uint32_t movie) {
    char title[1024];
    size_t length;
    const char *id = string_table_get(report->titles.ids, movie, &length);
    json_t *object = json_object();
    titles_fit_movie(&report->titles, movie, SIZE_MAX, title, sizeof title);
    json_object_set_new(object, "movie", json_text(id, length));
    json_object_set_new(object, "title", json_text(title, strlen(title)));
    json_object_set_new(object, value, json_real(factor_ranking_value(ranking, movie)));
    if (report->means != NULL)
        json_object_set_new(object, "mean", json_real(report->means[movie]));
    json_object_set_new(object, "ratings", json_integer(report->counts[movie]));
    return object;
}

void factor_json_add_ends(json_t *object, const char *high, const char *low, const char *value,
                          const struct factor_report *report, const struct factor_ranking *ranking) {
    struct ranking_ends ends = factor_ranking_ends(ranking, report->show);
    json_t *highest = json_array(), *lowest = json_array();
    for (uint32_t i = 0; i < ends.high; i++)
        json_array_append_new(highest, json_movie(value, report, ranking, ranking->movies[i]));
    for (uint32_t i = 0; i < ends.low; i++)
        json_array_append_new(lowest,
                              json_movie(value, report, ranking, ranking->movies[ranking->count - 1 - i]));
    json_object_set_new(object, high, highest);
    json_object_set_new(object, low, lowest);
}
