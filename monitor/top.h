/* The picture of `dotbias top`: the run's status as JSON (docs/MONITORING.md, /api/v1/status) in, text out. Pure.
 *
 *   lesson-a-001  training  epoch 3/10  ━━━━━━━━━━━━━━────────────   58%  eta 01:12
 *   loss 0.71   valid rmse 0.873   lr 4.1e-3   1.8M ratings/s   pservers 4/4   workers 2/2   checkpoint 3, 00:12 ago
 *
 *   pserver                     state      pulls/s pushes/s  load  pull p99 apply p99 ...
 *         0  ━━━━━━━━━────────  up           12.1k    12.1k  1.00     850us     120us ...
 *   worker                      state    ratings/s  median lanes   lag ...
 *         1  ━━━━━────────────  straggler     310k     33%     1     4 ...
 *   events ...
 *
 * A member's bar is the share of this epoch's steps it has done. Columns that do not fit are left out from the right. What a
 * status has not, or has otherwise than the reference says, is a dash. */
#ifndef MONITOR_TOP_H
#define MONITOR_TOP_H

#include <jansson.h>
#include <stdbool.h>

#include "monitor/live.h"
#include "monitor/text.h"

enum { TOP_TEXT_BYTES = 1024 * 1024, TOP_COLUMNS_MAX = 400 };

struct top_view {
    const char
        *sort; /* a name of top_sort_name: members in falling order, those that are named "index" in rising */
    bool reversed;
    const char *notice; /* stands in the last line instead of the keys; NULL: none */
    unsigned first;     /* line of the members and events that is shown first, when not all fit */
};

/* Appends the picture, every line ended by "\n". A style of 0 lines is for a pipe: all of it, at any length. Otherwise at most
 * style.lines lines, each cleared to its end, the last one the keys and without "\n". Takes view.first back to what there is,
 * and colours and box characters as the style has them. */
void top_compose(struct text *text, const json_t *status, struct top_view *view,
                 const struct live_style *style);

/* The columns that can be sorted by: "index", "state", "pulls", ...; NULL behind the last. */
const char *top_sort_name(unsigned i);

#endif
