#include "monitor/display.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/memory.h"
#include "monitor/lines.h"
#include "monitor/live.h"
#include "monitor/text.h"

enum { FRAME_BYTES = 128 * 1024, COLUMNS_DEFAULT = 80, LINES_DEFAULT = 24 };

struct display {
    FILE *stream;
    enum display_level level;
    bool live; /* a terminal that can go back over what it has shown */
    bool table_begun;
    struct live_style style;
    struct live_extent drawn; /* line_count 0: nothing is on the screen */
    char frame[FRAME_BYTES];
};

static bool set_in_environment(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool can_redraw(FILE *stream) {
    const char *terminal = getenv("TERM");
    return isatty(fileno(stream)) && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

/* The first of the three that is set decides, as in setlocale(3). */
static bool speaks_utf8(void) {
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (set_in_environment(NAMES[i]))
            return strcasestr(getenv(NAMES[i]), "utf-8") != NULL ||
                   strcasestr(getenv(NAMES[i]), "utf8") != NULL;
    return false;
}

struct display *display_new(FILE *stream, enum display_level level, struct status *status) {
    struct display *display = memory_take(sizeof *display, "the display", status);
    if (display == NULL)
        return NULL;
    display->stream = stream;
    display->level = level;
    display->live = can_redraw(stream);
    display->style.colour = display->live && !set_in_environment("NO_COLOR");
    display->style.unicode = speaks_utf8();
    return display;
}

void display_free(struct display *display) {
    if (display == NULL)
        return;
    display_clear(display);
    memory_release(display);
}

/* Asked anew at each drawing: people resize windows. */
static void measure(struct display *display) {
    struct winsize size = {0};
    bool known = ioctl(fileno(display->stream), TIOCGWINSZ, &size) == 0;
    display->style.columns = known && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
    display->style.lines = known && size.ws_row > 0 ? size.ws_row : LINES_DEFAULT;
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
        measure(display);
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
    measure(display);
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
