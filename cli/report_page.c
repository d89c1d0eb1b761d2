#include "cli/report_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/report_movies.h"
#include "cli/report_text.h"
#include "monitor/quantity.h"

static void put_head(struct scroll *page, const struct report_facts *facts) {
    scroll_text(page,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" REPORT_GENERATOR
                "\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    report_string(page, facts->name);
    scroll_text(page, " - dotbias report</title>\n");
    report_style_put(page);
    scroll_text(page, "</head>\n<body>\n");
}

static void put_day(struct scroll *page, double unix_time) {
    time_t when = (time_t)unix_time;
    struct tm parts;
    char text[64];
    gmtime_r(&when, &parts);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
    scroll_text(page, text);
}

/* The name, how it ended, and what it was. */
static void put_title(struct scroll *page, const struct report_facts *facts) {
    const char *reason, *outcome = report_facts_outcome(facts, &reason);
    const char *transport = json_string_value(json_object_get(facts->summary, "transport"));
    scroll_text(page, "<header><h1>");
    report_string(page, facts->name);
    scroll_add(page, "<span class=\"state %s\">%s</span></h1>\n<p class=\"faint\">", outcome, outcome);
    if (facts->has_records) {
        scroll_text(page, "Started ");
        put_day(page, facts->board.run.started_unix);
        scroll_text(page, " &middot; ");
    }
    scroll_add(page, "%llu factors", (unsigned long long)facts->config.model_factors);
    if (transport != NULL) {
        scroll_text(page, " &middot; transport ");
        report_string(page, transport);
    }
    scroll_text(page, "</p>\n");
    if (reason[0] != '\0') {
        scroll_add(page, "<p class=\"%s\">The run %s: ", outcome,
                   strcmp(outcome, "running") == 0 ? "is running" : outcome);
        report_string(page, reason);
        scroll_text(page, ".</p>\n");
    }
    if (!facts->has_records)
        scroll_text(page,
                    "<p class=\"ended\">The run has no monitor folder: what is shown is that of its "
                    "history.csv and summary.json alone, without series, events and curves over time.</p>\n");
    report_summary_put(page, facts);
    scroll_text(page, "</header>\n");
}

static void put_config(struct scroll *page, const struct report_facts *facts) {
    scroll_text(page, "<section class=\"long\"><h2>Configuration, resolved</h2>\n<pre>");
    report_text(page, facts->config_text, facts->config_length);
    scroll_text(page, "</pre></section>\n");
}

static void put_foot(struct scroll *page, const struct report_facts *facts) {
    scroll_text(page, "<footer>The numbers as files, in ");
    report_string(page, facts->folder);
    scroll_text(page, ": history.csv (epochs)");
    if (facts->has_records)
        scroll_text(page, ", monitor/run.csv, shards.csv, workers.csv (series), monitor/events.csv");
    if (facts->summary != NULL)
        scroll_text(page, ", summary.json");
    scroll_text(page, ". Written by dotbias " DOTBIAS_VERSION " on ");
    put_day(page, (double)time(NULL));
    scroll_text(page, ".</footer>\n</body>\n</html>\n");
}

bool report_page_put(struct scroll *page, const struct report_facts *facts, struct status *status) {
    put_head(page, facts);
    put_title(page, facts);
    if (!report_curves_put(page, facts, status))
        return false;
    report_epochs_put(page, facts);
    report_shards_put(page, facts);
    report_workers_put(page, facts);
    if (facts->summary != NULL &&
        !report_movies_put(page, facts->folder, (uint32_t)facts->config.run_popular, status))
        return false;
    report_events_put(page, facts);
    put_config(page, facts);
    put_foot(page, facts);
    return !page->failed || status_fail(status, STATUS_NO_MEMORY, "no memory for the report");
}
