#include "model/patience.h"

#include <math.h>

static bool improves(const struct patience *patience, double threshold, double loss) {
    if (!isfinite(loss))
        return false;
    return patience->epochs_seen == 0 || !isfinite(patience->best_loss) ||
           loss < patience->best_loss * (1 - threshold);
}

bool patience_told(struct patience *patience, double threshold, double loss) {
    bool better = improves(patience, threshold, loss);
    if (better || patience->epochs_seen == 0)
        patience->best_loss = loss;
    patience->epochs_seen++;
    patience->epochs_waiting = better ? 0 : patience->epochs_waiting + 1;
    return better;
}
