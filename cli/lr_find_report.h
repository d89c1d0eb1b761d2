/* The curve of `dotbias lr-find` for people and for programs. */
#ifndef CLI_LR_FIND_REPORT_H
#define CLI_LR_FIND_REPORT_H

#include "core/status.h"
#include "model/lr_find.h"

/* On standard output: every fourth point or so with a bar of its smoothed loss, then the suggestions and how it ended. */
void lr_find_report_text(const struct lr_find *curve);

/* On standard output: all points, the suggestions (null without any), whether it diverged. */
bool lr_find_report_json(const struct lr_find *curve, struct status *status);

/* All points into a file that appears whole or not at all. */
bool lr_find_report_csv(const struct lr_find *curve, const char *path, struct status *status);

#endif
