#include "monitor/event_pair.h"

#include <stddef.h>
#include <string.h>

static const char *end_of_quoted(const char *at) {
    for (; *at != '\0'; at++)
        if (at[0] == '"' && (at[1] == ' ' || at[1] == '\0'))
            return at;
    return NULL;
}

bool event_pair_read(struct event_pair *pair, const char *at) {
    at += strspn(at, " ");
    const char *equals = at + strcspn(at, "= ");
    if (*equals != '=')
        return false;
    const char *value = equals + 1;
    bool quoted = *value == '"';
    const char *stop = quoted ? end_of_quoted(++value) : value + strcspn(value, " ");
    if (stop == NULL)
        return false;
    *pair = (struct event_pair){at, value, (int)(equals - at), (int)(stop - value), quoted, stop + quoted};
    return true;
}
