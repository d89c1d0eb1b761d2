/* Movies at both ends of a ranking, as JSON. */
#ifndef CLI_FACTOR_JSON_H
#define CLI_FACTOR_JSON_H

#include <jansson.h>

#include "analysis/factor_ranking.h"
#include "analysis/factor_report.h"

/* Adds the arrays `high` and `low`, best and worst first, each of at most report->show movies with their id, title,
 * ratings, the value under its name, and the mean rating where the report has means. */
void factor_json_add_ends(json_t *object, const char *high, const char *low, const char *value,
                          const struct factor_report *report, const struct factor_ranking *ranking);

#endif
