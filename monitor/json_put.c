#include "monitor/json_put.h"

#include <math.h>
#include <string.h>

#include "monitor/quantity.h"

/* A value or key that is not the first of its brackets comes behind a comma; a value behind its key does not. */
static void separate(struct scroll *scroll) {
    char last = scroll->length == 0 ? '[' : scroll->bytes[scroll->length - 1];
    if (last != '[' && last != '{' && last != ':')
        scroll_put(scroll, ",", 1);
}

void json_put_open(struct scroll *scroll, char bracket) {
    separate(scroll);
    scroll_put(scroll, &bracket, 1);
}

void json_put_close(struct scroll *scroll, char bracket) {
    scroll_put(scroll, &bracket, 1);
}

void json_put_key(struct scroll *scroll, const char *key) {
    separate(scroll);
    scroll_put(scroll, "\"", 1);
    scroll_text(scroll, key);
    scroll_put(scroll, "\":", 2);
}

/* ---- strings ---- */

/* One character, escaped where JSON wants it (or a browser could take it for markup). */
static void put_character(struct scroll *scroll, const char *at, size_t length) {
    unsigned char first = (unsigned char)at[0];
    if (length == 0)
        scroll_text(scroll, "\\ufffd");
    else if (first == '"' || first == '\\')
        scroll_add(scroll, "\\%c", first);
    else if (first < 0x20 || first == 0x7F || first == '<')
        scroll_add(scroll, "\\u%04x", first);
    else
        scroll_put(scroll, at, length);
}

void json_put_bytes(struct scroll *scroll, const char *bytes, size_t length) {
    separate(scroll);
    scroll_put(scroll, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t one = scroll_character(bytes + i, length - i);
        put_character(scroll, bytes + i, one);
        i += one == 0 ? 1 : one;
    }
    scroll_put(scroll, "\"", 1);
}

void json_put_text(struct scroll *scroll, const char *text) {
    json_put_bytes(scroll, text, strlen(text));
}

/* ---- numbers and words ---- */

void json_put_uint(struct scroll *scroll, uint64_t value) {
    separate(scroll);
    scroll_uint(scroll, value);
}

void json_put_bool(struct scroll *scroll, bool value) {
    separate(scroll);
    scroll_text(scroll, value ? "true" : "false");
}

void json_put_null(struct scroll *scroll) {
    separate(scroll);
    scroll_put(scroll, "null", 4);
}

void json_put_real(struct scroll *scroll, double value) {
    if (!isfinite(value)) {
        json_put_null(scroll);
        return;
    }
    separate(scroll);
    scroll_real(scroll, value, 9);
}

void json_put_exact(struct scroll *scroll, double value) {
    quantity text;
    if (!isfinite(value)) {
        json_put_null(scroll);
        return;
    }
    separate(scroll);
    scroll_text(scroll, quantity_exact(text, value));
}

/* ---- fields ---- */

static void put_field(struct scroll *scroll, enum json_kind kind, const char *at) {
    const void *raw = at;
    const char *string;
    switch (kind) {
    case JSON_PUT_U32:
        json_put_uint(scroll, *(const uint32_t *)raw);
        return;
    case JSON_PUT_U64:
        json_put_uint(scroll, *(const uint64_t *)raw);
        return;
    case JSON_PUT_BOOL:
        json_put_bool(scroll, *(const bool *)raw);
        return;
    case JSON_PUT_REAL:
        json_put_real(scroll, *(const double *)raw);
        return;
    case JSON_PUT_EXACT:
        json_put_exact(scroll, *(const double *)raw);
        return;
    case JSON_PUT_NAME:
        json_put_text(scroll, at);
        return;
    case JSON_PUT_STRING:
        memcpy(&string, at, sizeof string);
        json_put_text(scroll, string == NULL ? "" : string);
        return;
    }
}

void json_put_fields(struct scroll *scroll, const void *object, const struct json_field *fields,
                     size_t count) {
    for (size_t i = 0; i < count; i++) {
        json_put_key(scroll, fields[i].key);
        put_field(scroll, fields[i].kind, (const char *)object + fields[i].offset);
    }
}
