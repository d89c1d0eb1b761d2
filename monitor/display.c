#include "monitor/display.h"

#include <stdbool.h>

#include "core/memory.h"
#include "monitor/lines.h"
#include "monitor/live.h"
#include "monitor/terminal.h"
#include "monitor/text.h"

enum { FRAME_BYTES = 128 * 1024 };

struct display {
    FILE *stream;
    enum display_level level;
    bool live; /* a terminal that can go back over what it has shown */
    bool table_begun;
    struct live_style style;
    struct live_extent drawn; /* line_count 0: nothing is on the screen */
    char frame[FRAME_BYTES];
};

struct display *display_new(FILE *stream, enum display_level level, struct status *status) {
    struct display *display = memory_take(sizeof *display, "the display", status);
    if (display == NULL)
        return NULL;
    display->stream = stream;
    display->level = level;
    display->live = terminal_can_redraw(stream);
    display->style = terminal_style(stream);
    return display;
}

void display_free(struct display *display) {
    if (display == NULL)
        return;
    display_clear(display);
    memory_release(display);
}

/* Goes back to the start of the live area. A line that no longer fits the width has been wrapped by the
 * terminal, so it takes as many rows as its cells need now. */
static void go_back(struct display *display, struct text *text) {
    unsigned rows = 0;
    for (unsigned i = 0; i < display->drawn.line_count; i++)
        rows += display->drawn.cells[i] == 0 ? 1 : (display->drawn.cells[i] - 1) / display->style.columns + 1;
    if (rows > 0)
        text_add(text, "\r\x1b[%uA", rows);
    display->drawn.line_count = 0;
}

static void write_out(struct display *display, const struct text *text) {
    fwrite(text->bytes, 1, text->length, display->stream);
    fflush(display->stream);
}

/* Starts a piece of output at the place where the live area began, with the rest of the screen below it
 * cleared. */
static struct text begin(struct display *display) {
    struct text text = text_over(display->frame, sizeof display->frame);
    if (display->drawn.line_count > 0) {
        terminal_measure(display->stream, &display->style);
        go_back(display, &text);
        text_add(&text, "\x1b[J");
    }
    return text;
}

void display_clear(struct display *display) {
    struct text text = begin(display);
    write_out(display, &text);
}

static void say(struct display *display, const char *sentence) {
    struct text text = begin(display);
    text_add(&text, "%s\n", sentence);
    write_out(display, &text);
}

void display_note(struct display *display, const char *sentence) {
    if (display->level >= DISPLAY_NORMAL)
        say(display, sentence);
}

void display_log(struct display *display, const char *sentence) {
    if (display->level >= DISPLAY_VERBOSE)
        say(display, sentence);
}

static void draw(struct display *display, const struct progress_report *report) {
    struct text text = text_over(display->frame, sizeof display->frame);
    terminal_measure(display->stream, &display->style);
    go_back(display, &text);
    live_compose(&text, report, &display->style, &display->drawn);
    text_add(&text, "\x1b[J");
    write_out(display, &text);
}

void display_progress(struct display *display, const struct progress_report *report) {
    if (display->level < DISPLAY_NORMAL || report->stage < RUN_TRAINING || report->stage > RUN_VALIDATING)
        return;
    if (display->live) {
        draw(display, report);
        return;
    }
    struct text text = text_over(display->frame, sizeof display->frame);
    lines_progress(&text, report);
    text_add(&text, "\n");
    write_out(display, &text);
}

void display_epoch(struct display *display, const struct epoch_report *report) {
    if (display->level < DISPLAY_NORMAL)
        return;
    struct text text = begin(display);
    if (!display->table_begun) {
        lines_table_head(&text);
        text_add(&text, "\n");
    }
    display->table_begun = true;
    lines_table_row(&text, report);
    text_add(&text, "\n");
    write_out(display, &text);
}

void display_final(struct display *display, const struct final_report *report) {
    if (display->level < DISPLAY_NORMAL)
        return;
    struct text text = begin(display);
    lines_final(&text, report);
    text_add(&text, "\n");
    write_out(display, &text);
}
