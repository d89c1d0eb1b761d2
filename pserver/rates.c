#include "pserver/rates.h"

#include <math.h>

void rates_start(struct rates *rates, uint64_t step) {
    rates->end = step;
    rates->asked = rates->overdue = false;
}

bool rates_get(const struct rates *rates, uint64_t step, struct step_rate *rate) {
    if (step >= rates->end)
        return false;
    *rate = rates->window[step % RATES_WINDOW];
    return true;
}

bool rates_low(const struct rates *rates, uint64_t applied) {
    return !rates->asked && rates->end - applied <= RATES_WINDOW - RATES_MAX;
}

void rates_asked(struct rates *rates) {
    rates->overdue = rates->asked;
    rates->asked = true;
}

bool rates_overdue(struct rates *rates) {
    bool overdue = rates->asked && rates->overdue;
    rates->overdue = rates->asked;
    return overdue;
}

bool rates_known(const struct rates *rates, const struct message *message) {
    return message->rates.first_step < rates->end;
}

uint64_t rates_end(const struct rates *rates) {
    return rates->end;
}

static bool is_rate(double value) {
    return isfinite(value) && value >= 0;
}

bool rates_add(struct rates *rates, const struct message *message, struct status *status) {
    const double *pairs = message->body;
    uint32_t count = message->rates.count;
    if (message->body_bytes != (size_t)count * 2 * sizeof(double))
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes for %u rates", message->body_bytes,
                           count);
    if (message->rates.first_step != rates->end || !rates->asked)
        return status_fail(status, STATUS_PROTOCOL,
                           "rates from step %llu on, wanted were those from step %llu on",
                           (unsigned long long)message->rates.first_step, (unsigned long long)rates->end);
    for (uint32_t i = 0; i < 2 * count; i++)
        if (!is_rate(pairs[i]))
            return status_fail(status, STATUS_PROTOCOL, "a rate is negative or not finite");
    for (uint32_t i = 0; i < count; i++)
        rates->window[(rates->end + i) % RATES_WINDOW] = (struct step_rate){pairs[2 * i], pairs[2 * i + 1]};
    rates->end += count;
    rates->asked = false;
    return true;
}
