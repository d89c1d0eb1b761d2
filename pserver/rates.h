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
    bool overdue;                          /* and was so at the last heartbeat already */
};

/* Nothing is known yet, and `step` is the first step to be asked for. */
void rates_start(struct rates *rates, uint64_t step);

/* The rate of a step, if it is known. */
bool rates_get(const struct rates *rates, uint64_t step, struct step_rate *rate);

/* Whether it is time to ask for more, `applied` steps being done. */
bool rates_low(const struct rates *rates, uint64_t applied);
void rates_asked(struct rates *rates);

/* Called at every heartbeat: whether an answer has not come for a whole heartbeat, so that it is time to ask again. */
bool rates_overdue(struct rates *rates);

uint64_t rates_end(const struct rates *rates);

/* Whether a RATES message tells of a step that is known already: the answer to a question asked twice. */
bool rates_known(const struct rates *rates, const struct message *message);

/* Takes a RATES message; false with a sentence when it does not continue where the window ends, or a rate is
 * not a number >= 0. */
bool rates_add(struct rates *rates, const struct message *message, struct status *status);

#endif
