/* The monitor of a run: a thread that keeps its status, its history and its records (RUN/monitor), and answers over HTTP.
 *
 * The run's thread tells it what happens and never waits for it. A failure of the monitor ends no run: it is said in one
 * sentence, and what failed is done without. All functions are called by the run's thread but service_hurry; all but
 * service_start take NULL for a monitor that there is not. */
#ifndef MONITOR_SERVICE_H
#define MONITOR_SERVICE_H

#include "monitor/board.h"
#include "monitor/http.h"

struct service_spec {
    struct board_run run; /* started_unix and before are found out; run.interval: between two samples */
    uint32_t pservers, workers;
    const char *folder;        /* RUN/monitor, made where it is missing; holds url and targets.json too */
    const char *history;       /* RUN/history.csv */
    const char *logs;          /* RUN/logs */
    const char *listen;        /* as http_open has it */
    const struct token *token; /* as in http_source */
    int words; /* a socket of lines "time=UNIX event=..." from the run's supervisor; -1: none */
    void (*movie)(void *context, uint32_t movie, struct http_movie *named); /* in the monitor's thread */
    uint32_t popular;                                                       /* as in http_source */
    void (*say)(void *context, const char *sentence); /* something failed; in the run's thread */
    void *context;                                    /* for movie and say */
};

struct service;

/* Reads back what an earlier process has left in the folder, takes the port of its url again if that is free, writes url, and
 * starts the thread. The spec's strings are copied or needed during the call alone, but `logs`. NULL and STATUS_NO_MEMORY. */
struct service *service_start(const struct service_spec *spec, struct status *status);

/* "http://127.0.0.1:43211/", NULL when it answers nowhere. */
const char *service_url(const struct service *service);

/* Each copies and returns at once. A line is one of an engine, "event=...". */
void service_line(struct service *service, const char *line);
void service_progress(struct service *service, const struct progress_report *report);
void service_epoch(struct service *service, const struct epoch_report *report);
void service_model(struct service *service, const struct model_report *report);
void service_over(struct service *service, const struct status *outcome);

/* Leaves the page where it is for so long, or until service_hurry, which any thread may call. */
void service_linger(struct service *service, double seconds);
void service_hurry(struct service *service);

/* After what was told has been recorded: ends the thread, removes url, empties targets.json, and frees. */
void service_stop(struct service *service);

#endif
