/* Lines of engines and of the supervisor, taken apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/board.h"
#include "monitor/text.h"

struct pair {
    const char *key, *value;
    int key_length, value_length;
    const char *end; /* of the whole pair */
};

/* A quoted value ends at a quote that a space or the end follows: sentences may hold quotes of their own. */
static const char *end_of_quoted(const char *at) {
    for (; *at != '\0'; at++)
        if (at[0] == '"' && (at[1] == ' ' || at[1] == '\0'))
            return at;
    return NULL;
}

/* The pair that begins at `at`; false at the end, or where there is none. */
static bool read_pair(struct pair *pair, const char *at) {
    at += strspn(at, " ");
    const char *equals = at + strcspn(at, "= ");
    if (*equals != '=')
        return false;
    const char *value = equals + 1;
    bool quoted = *value == '"';
    const char *stop = quoted ? end_of_quoted(++value) : value + strcspn(value, " ");
    if (stop == NULL)
        return false;
    *pair = (struct pair){at, value, (int)(equals - at), (int)(stop - value), stop + quoted};
    return true;
}

static bool is_key(const struct pair *pair, const char *key) {
    return (size_t)pair->key_length == strlen(key) && memcmp(pair->key, key, (size_t)pair->key_length) == 0;
}

static bool is_role(const struct pair *pair) {
    static const char *const ROLES[] = {"coordinator", "pserver", "worker"};
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        if ((size_t)pair->value_length == strlen(ROLES[i]) &&
            memcmp(pair->value, ROLES[i], (size_t)pair->value_length) == 0)
            return true;
    return false;
}

static void copy_value(char *to, size_t capacity, const struct pair *pair) {
    struct text text = text_over(to, capacity);
    text_add(&text, "%.*s", pair->value_length, pair->value);
}

bool board_event_read(struct board_event *event, const char *line) {
    struct pair pair, reason = {0};
    struct text rest;
    *event = (struct board_event){.index = -1};
    if (!read_pair(&pair, line) || !is_key(&pair, "event") || pair.value_length == 0)
        return false;
    copy_value(event->event, sizeof event->event, &pair);
    rest = text_over(event->text, sizeof event->text);
    while (read_pair(&pair, pair.end)) {
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
