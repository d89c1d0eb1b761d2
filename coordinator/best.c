#include "coordinator/best.h"

#include <string.h>

#include "core/memory.h"

bool best_init(struct best *best, const struct best_spec *spec, struct status *status) {
    *best = (struct best){.spec = *spec};
    best->answered = memory_take(spec->pservers, "shards", status);
    return best->answered != NULL;
}

void best_free(struct best *best) {
    memory_release(best->answered);
    *best = (struct best){0};
}

void best_describe(const struct best *best, struct run_position *position) {
    position->best_loss = best->lowest.best_loss;
    position->best_epoch = best->epoch;
    position->stop_loss = best->patience.best_loss;
    position->stop_seen = best->patience.epochs_seen;
    position->stop_waiting = best->patience.epochs_waiting;
}

void best_take_up(struct best *best, const struct run_position *position) {
    best->lowest = (struct patience){position->best_loss, position->stop_seen, 0};
    best->epoch = position->best_epoch;
    best->patience = (struct patience){position->stop_loss, position->stop_seen, position->stop_waiting};
}

void best_told(struct best *best, uint32_t epoch, double validation_loss) {
    if (patience_told(&best->lowest, 0, validation_loss))
        best->epoch = epoch;
    patience_told(&best->patience, best->spec.threshold, validation_loss);
}

bool best_is_over(const struct best *best) {
    return best->spec.patience != 0 && best->patience.epochs_waiting >= best->spec.patience;
}

bool best_must_keep(const struct best *best, uint32_t epoch) {
    return best->spec.keeps && best->epoch == epoch;
}

bool best_must_take_back(const struct best *best, uint32_t epoch) {
    return best->spec.keeps && best->epoch != 0 && best->epoch != epoch;
}

void best_ask(struct best *best, bool back, const struct roster *roster, struct outbox *out) {
    best->back = back;
    best->digest = 0;
    best->left = best->spec.pservers;
    memset(best->answered, 0, best->spec.pservers);
    best_repeat(best, roster, out);
}

void best_repeat(const struct best *best, const struct roster *roster, struct outbox *out) {
    struct message keep = {.kind = MESSAGE_KEEP, .keep = {best->epoch, best->back}};
    for (uint32_t i = 0; i < best->spec.pservers; i++)
        if (!best->answered[i])
            outbox_send(out, roster_pserver(roster, i)->link, &keep);
}

void best_kept(struct best *best, uint32_t pserver, const struct kept_message *kept, bool *repeated) {
    *repeated = best->answered[pserver] || kept->epoch != best->epoch || kept->back != best->back;
    if (*repeated)
        return;
    best->answered[pserver] = 1;
    best->digest += kept->digest;
    best->left--;
}
