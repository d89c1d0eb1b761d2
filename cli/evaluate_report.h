/* What `dotbias evaluate` prints: a table for people, or one JSON object. */
#ifndef CLI_EVALUATE_REPORT_H
#define CLI_EVALUATE_REPORT_H

#include "analysis/evaluation.h"
#include "analysis/ranking_run.h"

/* What was measured on what. */
struct evaluate_result {
    const char *model, *data;
    double truth_rmse; /* NaN unless the set was generated */
    struct evaluation evaluation;
    struct popularity_extent extents[POPULARITY_COUNT];
    bool has_ranking;
    struct ranking_spec ranking_spec;
    struct ranking ranking;
};

void evaluate_report_text(const struct evaluate_result *result);

/* Metrics of nothing are null. */
void evaluate_report_json(const struct evaluate_result *result);

#endif
