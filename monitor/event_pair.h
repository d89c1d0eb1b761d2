/* Lines of engines and of the supervisor, "event=lost role=worker index=2 reason=\"silent for 5 s\"", pair by pair. */
#ifndef MONITOR_EVENT_PAIR_H
#define MONITOR_EVENT_PAIR_H

#include <stdbool.h>

/* Points into the line; without the quotes. */
struct event_pair {
    const char *key, *value;
    int key_length, value_length;
    bool quoted;
    const char *end; /* of the whole pair: where the next one is looked for */
};

/* The pair that begins at `at`, or behind spaces there; false at the end, or where there is none. A quoted value ends at a
 * quote that a space or the end follows: sentences may hold quotes of their own. */
bool event_pair_read(struct event_pair *pair, const char *at);

#endif
