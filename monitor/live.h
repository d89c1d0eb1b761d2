/* The live area of the terminal view: what is redrawn in place below the table while a run goes on.
 *
 *   epoch 3/10  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────────   58%  eta 01:12
 *   loss 0.71   valid rmse 0.873   lr 4.1e-3   1.8M ratings/s   pservers 4/4   workers 2/2
 *   pserver 0  ━━━━━━━━━━━━━━━━────────────  12.1k pulls/s  12.1k pushes/s  4,533 movies  336 users  1.2 MiB
 *   worker  0  ━━━━━━━━━━━━━━━━────────────   930k ratings/s  2 lanes
 *
 * A member's bar is the share of this epoch's steps it has done, so a straggler is seen; one that is down is
 * red. Pure: report and size in, text out. */
#ifndef MONITOR_LIVE_H
#define MONITOR_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reports.h"
#include "monitor/text.h"

enum { LIVE_COLUMNS_MIN = 20, LIVE_COLUMNS_MAX = 200, LIVE_LINES_MAX = 64 };

struct live_style {
    unsigned columns, lines; /* of the terminal; the text stays within one column less, and two lines less */
    bool colour;             /* may use ANSI colours */
    bool unicode;            /* may use box characters; else '#' and '-' */
};

/* What was drawn, in cells: what display needs to go back over it, also when the terminal has become
 * narrower. */
struct live_extent {
    unsigned line_count;
    uint16_t cells[LIVE_LINES_MAX];
};

/* Appends the area, each line ended by "\x1b[K\n" (clear to the end of the line), and fills in extent.
 * Members that do not fit are summed up in the last line. */
void live_compose(struct text *text, const struct progress_report *report, const struct live_style *style,
                  struct live_extent *extent);

#endif
