#include "cli/report_text.h"

#include <string.h>

static const char *entity(char byte) {
    switch (byte) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static void put_character(struct scroll *page, const char *at, size_t length) {
    const char *named = entity(*at);
    if (length == 0)
        scroll_text(page, "\xef\xbf\xbd");
    else if (named != NULL)
        scroll_text(page, named);
    else if (((unsigned char)*at < ' ' && *at != '\n') || *at == 127)
        scroll_text(page, " ");
    else
        scroll_put(page, at, length);
}

void report_text(struct scroll *page, const char *bytes, size_t length) {
    for (size_t i = 0; i < length;) {
        size_t one = scroll_character(bytes + i, length - i);
        put_character(page, bytes + i, one);
        i += one == 0 ? 1 : one;
    }
}

void report_string(struct scroll *page, const char *text) {
    report_text(page, text, strlen(text));
}
