/* How long a validation loss has stood still: what the schedule `plateau` drops the rate by, and early stopping ends a run
 * by. Zeroed at the start of a run. */
#ifndef MODEL_PATIENCE_H
#define MODEL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
    double best_loss; /* meaningful when epochs_seen > 0 */
    uint32_t epochs_seen, epochs_waiting;
};

/* Told the loss of one more epoch. True when it improves on the best one by more than the relative threshold; then that is
 * the best from now on, and the waiting is over. A loss that is not finite never improves. */
bool patience_told(struct patience *patience, double threshold, double loss);

#endif
