/* Where the monitor's thread works: letters come in (monitor/post.h), and the run's status, history, records and page are kept
 * by them. For monitor/service.c alone; no thread of its own. */
#ifndef MONITOR_DESK_H
#define MONITOR_DESK_H

#include "monitor/post.h"
#include "monitor/service.h"

struct desk_spec {
    const struct service_spec *service; /* needed during desk_open alone, but for `logs` */
    /* Something failed, and is done without from here on. */
    void (*complain)(void *context, const char *sentence);
    /* Whether the run's loop turns, as in http_source. */
    bool (*healthy)(void *context, char *sentence, size_t capacity);
    void (*movie)(void *context, uint32_t movie, struct http_movie *named);
    void *context;
};

struct desk;

/* NULL and STATUS_NO_MEMORY; other failures are complaints. */
struct desk *desk_open(const struct desk_spec *spec, struct status *status);

/* "http://127.0.0.1:43211/", or NULL. */
const char *desk_url(const struct desk *desk);

void desk_letter(struct desk *desk, const struct letter *letter);

/* A line of the supervisor, with its own time: "time=1700000000.125 event=lost ...". */
void desk_word(struct desk *desk, const char *line);

/* After some of these: what they changed is recorded and shown. */
void desk_file(struct desk *desk);

/* To be polled for reading (-1: none) for at most that long, and then desk_answer. */
int desk_fd(const struct desk *desk);
int desk_timeout_ms(const struct desk *desk);
void desk_answer(struct desk *desk);

/* Removes url, empties targets.json. NULL is allowed. */
void desk_close(struct desk *desk);

#endif
