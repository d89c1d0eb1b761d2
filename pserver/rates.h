/* The learning rates of the steps to come, as far as the coordinator has told: a window of bounded size. */
#ifndef PSERVER_RATES_H
#define PSERVER_RATES_H

#include "model/spec.h"
#include "proto/message.h"

enum { RATES_WINDOW = 2 * RATES_MAX };

struct rates {
    struct step_rate window[RATES_WINDOW]; /* of step s at s % RATES_WINDOW */
    uint64_t end;                          /* the first step whose rate is not known */
    bool asked;                            /* a RATES_WANTED is on its way */
};

/* The rate of a step, if it is known. */
bool rates_get(const struct rates *rates, uint64_t step, struct step_rate *rate);

/* Whether it is time to ask for more, `applied` steps being done. */
bool rates_low(const struct rates *rates, uint64_t applied);
void rates_asked(struct rates *rates);

uint64_t rates_end(const struct rates *rates);

/* Takes a RATES message; false with a sentence when it does not continue where the window ends, or a rate is
 * not a number >= 0. */
bool rates_add(struct rates *rates, const struct message *message, struct status *status);

#endif
