/* JSON onto a scroll, value by value: made for answers of megabytes, where a tree in memory would cost more than the text. Commas
 * are put where they belong; that keys and brackets match is the caller's to see to. */
#ifndef MONITOR_JSON_PUT_H
#define MONITOR_JSON_PUT_H

#include "monitor/scroll.h"

/* '{' or '[', and '}' or ']'. */
void json_put_open(struct scroll *scroll, char bracket);
void json_put_close(struct scroll *scroll, char bracket);

/* A key of an object, which needs no escapes. The next thing put is its value. */
void json_put_key(struct scroll *scroll, const char *key);

/* Any bytes as a string: what is not UTF-8 becomes U+FFFD. */
void json_put_bytes(struct scroll *scroll, const char *bytes, size_t length);
void json_put_text(struct scroll *scroll, const char *text);

void json_put_uint(struct scroll *scroll, uint64_t value);
void json_put_bool(struct scroll *scroll, bool value);
void json_put_null(struct scroll *scroll);

/* With nine significant digits, with all of them; null when it is not finite. */
void json_put_real(struct scroll *scroll, double value);
void json_put_exact(struct scroll *scroll, double value);

/* The fields of a struct as keys of the object that is open. */
enum json_kind {
    JSON_PUT_U32,
    JSON_PUT_U64,
    JSON_PUT_BOOL,
    JSON_PUT_REAL, /* a double, nine digits */
    JSON_PUT_EXACT,
    JSON_PUT_NAME,  /* a char array */
    JSON_PUT_STRING /* a char pointer; NULL is "" */
};

struct json_field {
    const char *key;
    enum json_kind kind;
    size_t offset;
};

void json_put_fields(struct scroll *scroll, const void *object, const struct json_field *fields,
                     size_t count);

#endif
