/* What a search came to, as a table or as JSON, on standard output. */
#ifndef CLI_TUNE_REPORT_H
#define CLI_TUNE_REPORT_H

#include "cli/tune_plan.h"

/* A line about a trial that has come to rest, on stderr. */
void tune_report_trial(const struct trial *trial, uint32_t count, uint32_t axes);

/* The table, best first, and the best finished trial as a line of --set; false and status when it cannot be written. */
bool tune_report_print(const struct tune_plan *plan, bool json, struct status *status);

#endif
