/* What a run shows to the person who started it, on one stream (stderr).
 *
 * On a terminal: the lesson's table, and below it a live area redrawn in place (monitor/live.h). Elsewhere,
 * and where TERM is "dumb" or unset: the same table, and a stable line per interval (monitor/lines.h).
 * NO_COLOR is respected. Every call writes at once, as one piece. One owner, one thread; a stream that fails
 * is ignored, since a run must not die of a closed terminal. */
#ifndef MONITOR_DISPLAY_H
#define MONITOR_DISPLAY_H

#include <stdio.h>

#include "core/reports.h"
#include "core/status.h"

enum display_level {
    DISPLAY_QUIET,  /* nothing */
    DISPLAY_NORMAL, /* table, progress, notes, the last words */
    DISPLAY_VERBOSE /* and what the engines log */
};

struct display;

/* Borrows stream, which must outlive the display, and looks at it and the environment. NULL and status on
 * failure. */
struct display *display_new(FILE *stream, enum display_level level, struct status *status);

/* Leaves the last live area away and frees; NULL is allowed. */
void display_free(struct display *display);

/* A line for people at DISPLAY_NORMAL, and a line of an engine at DISPLAY_VERBOSE. Without a newline. */
void display_note(struct display *display, const char *sentence);
void display_log(struct display *display, const char *sentence);

/* A moment (one before or after training is not shown), a finished epoch, the end. */
void display_progress(struct display *display, const struct progress_report *report);
void display_epoch(struct display *display, const struct epoch_report *report);
void display_final(struct display *display, const struct final_report *report);

/* Takes the live area off the screen, so that something else (an error) can be printed; the next progress
 * draws it again. */
void display_clear(struct display *display);

#endif
