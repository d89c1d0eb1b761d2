/* The whole terminal for a while: the alternate screen, keys as they are typed, signals as events. Whatever ends the watch, the
 * terminal is left as it was found. */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "core/status.h"

enum screen_event {
    SCREEN_NOTHING, /* the time is over */
    SCREEN_RESIZED, /* or back from the background: all is to be drawn again */
    SCREEN_SORT,
    SCREEN_REVERSE,
    SCREEN_UP,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END,
    SCREEN_QUIT, /* the key, or Ctrl-C */
    SCREEN_ENDED /* by another signal, see top_screen.signal, or because nobody types any more */
};

struct top_screen {
    struct termios before;
    int signals; /* a descriptor */
    int signal;  /* that has ended the watch; 0: none */
};

/* Takes over standard input and output, which must be terminals, and the signals that end or stop a process.
 * STATUS_UNAVAILABLE. */
bool top_screen_open(struct top_screen *screen, struct status *status);
void top_screen_close(struct top_screen *screen);

/* Waits for a key or a signal, for timeout_ms at most. */
enum screen_event top_screen_wait(struct top_screen *screen, int timeout_ms);

/* Draws from the upper left corner, and clears what is below. */
void top_screen_draw(const char *bytes, size_t length);

#endif
