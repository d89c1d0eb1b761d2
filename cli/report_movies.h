/* The best and the worst movies of a finished run's model, for `dotbias report`. */
#ifndef CLI_REPORT_MOVIES_H
#define CLI_REPORT_MOVIES_H

#include <stdint.h>

#include "core/status.h"
#include "monitor/scroll.h"

/* Appends a section; of the `popular` most-rated movies. A run without a model, and a model without biases, have none.
 * STATUS_NO_MEMORY, or errors of the model's file. */
bool report_movies_put(struct scroll *page, const char *folder, uint32_t popular, struct status *status);

#endif
