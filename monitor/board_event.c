/* Lines of engines and of the supervisor, taken apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/board.h"
#include "monitor/event_pair.h"
#include "monitor/text.h"

static bool is_key(const struct event_pair *pair, const char *key) {
    return (size_t)pair->key_length == strlen(key) && memcmp(pair->key, key, (size_t)pair->key_length) == 0;
}

static bool is_role(const struct event_pair *pair) {
    static const char *const ROLES[] = {"coordinator", "pserver", "worker"};
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        if ((size_t)pair->value_length == strlen(ROLES[i]) &&
            memcmp(pair->value, ROLES[i], (size_t)pair->value_length) == 0)
            return true;
    return false;
}

static void copy_value(char *to, size_t capacity, const struct event_pair *pair) {
    struct text text = text_over(to, capacity);
    text_add(&text, "%.*s", pair->value_length, pair->value);
}

bool board_event_read(struct board_event *event, const char *line) {
    struct event_pair pair, reason = {0};
    struct text rest;
    *event = (struct board_event){.index = -1};
    if (!event_pair_read(&pair, line) || !is_key(&pair, "event") || pair.value_length == 0)
        return false;
    copy_value(event->event, sizeof event->event, &pair);
    rest = text_over(event->text, sizeof event->text);
    while (event_pair_read(&pair, pair.end)) {
        if (is_key(&pair, "reason"))
            reason = pair;
        else if (is_key(&pair, "index"))
            event->index = strtoll(pair.value, NULL, 10);
        else if ((is_key(&pair, "role") || is_key(&pair, "what")) && is_role(&pair))
            copy_value(event->role, sizeof event->role, &pair);
        else
            text_add(&rest, "%s%.*s", rest.length == 0 ? "" : " ", (int)(pair.end - pair.key), pair.key);
    }
    if (reason.key != NULL)
        copy_value(event->text, sizeof event->text, &reason);
    return true;
}
