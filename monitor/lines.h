/* The run as lines of text: the lesson's table, one line per interval, and the last words. Pure text, so that
 * the same words stand on a terminal and in a log.
 *
 *   epoch  train_loss  valid_loss  valid_rmse  valid_mae        lr  ratings/s      time
 *       1     1.00412     0.80812     0.89895    0.69121      1e-2      23.4k      3.5s
 *   epoch=3/10 42% 1.8M ratings/s loss=0.71 valid_rmse=0.873 lr=4.1e-3 pservers=4/4 eta=01:12 workers=2/2
 *
 * Fields of the progress line keep their order and their names; new ones are added at the end. */
#ifndef MONITOR_LINES_H
#define MONITOR_LINES_H

#include "core/reports.h"
#include "monitor/text.h"

/* Each appends lines without their last newline. */
void lines_table_head(struct text *text);
void lines_table_row(struct text *text, const struct epoch_report *report);
void lines_progress(struct text *text, const struct progress_report *report);
void lines_final(struct text *text, const struct final_report *report);

#endif
