/* What a stream can show, and how much of it: asked of the stream and the environment. */
#ifndef MONITOR_TERMINAL_H
#define MONITOR_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "monitor/live.h"

/* A terminal that can go back over what it has shown: TERM is set, and not "dumb". */
bool terminal_can_redraw(FILE *stream);

/* Colours where it can redraw and NO_COLOR is unset or empty, box characters where the locale is UTF-8, the size as it is now;
 * 80 by 24 where that is not known. */
struct live_style terminal_style(FILE *stream);

/* Asks anew for the size alone: people resize windows. */
void terminal_measure(FILE *stream, struct live_style *style);

#endif
