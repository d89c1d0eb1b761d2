/* The page of `dotbias report`: one HTML file that needs nothing else, neither script nor network; light and dark, and fit for
 * paper. */
#ifndef CLI_REPORT_PAGE_H
#define CLI_REPORT_PAGE_H

#include "cli/report_facts.h"
#include "core/status.h"
#include "monitor/scroll.h"

/* Stands in the head of every report, by which a report is known again. */
#define REPORT_GENERATOR "<meta name=\"generator\" content=\"dotbias report\">"

/* Errors as report_movies_put; STATUS_NO_MEMORY. */
bool report_page_put(struct scroll *page, const struct report_facts *facts, struct status *status);

/* Its parts, in their order. */
void report_style_put(struct scroll *page);
void report_summary_put(struct scroll *page, const struct report_facts *facts);
bool report_curves_put(struct scroll *page, const struct report_facts *facts, struct status *status);
void report_epochs_put(struct scroll *page, const struct report_facts *facts);
void report_shards_put(struct scroll *page, const struct report_facts *facts);
void report_workers_put(struct scroll *page, const struct report_facts *facts);
void report_events_put(struct scroll *page, const struct report_facts *facts);

#endif
