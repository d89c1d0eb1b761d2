#include "monitor/json_put.h"

#include <math.h>
#include <string.h>

#include "monitor/quantity.h"

/* A value or key that is not the first of its brackets comes behind a comma; a value behind its key does not. */
static void separate(struct sheet *sheet) {
    char last = sheet->length == 0 ? '[' : sheet->bytes[sheet->length - 1];
    if (last != '[' && last != '{' && last != ':')
        sheet_put(sheet, ",", 1);
}

void json_put_open(struct sheet *sheet, char bracket) {
    separate(sheet);
    sheet_put(sheet, &bracket, 1);
}

void json_put_close(struct sheet *sheet, char bracket) {
    sheet_put(sheet, &bracket, 1);
}

void json_put_key(struct sheet *sheet, const char *key) {
    separate(sheet);
    sheet_put(sheet, "\"", 1);
    sheet_text(sheet, key);
    sheet_put(sheet, "\":", 2);
}

/* ---- strings ---- */

/* The number of bytes of the UTF-8 character at `at`, 0 when these bytes are none (overlong, a surrogate, cut off). */
static size_t character(const unsigned char *at, size_t left) {
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } FORMS[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                 {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                 {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    size_t form = 0, count = sizeof FORMS / sizeof FORMS[0];
    while (form < count && (at[0] < FORMS[form].first_low || at[0] > FORMS[form].first_high))
        form++;
    if (form == count || FORMS[form].length > left)
        return 0;
    for (size_t i = 1; i < FORMS[form].length; i++) {
        unsigned char low = i == 1 ? FORMS[form].second_low : 0x80;
        unsigned char high = i == 1 ? FORMS[form].second_high : 0xBF;
        if (at[i] < low || at[i] > high)
            return 0;
    }
    return FORMS[form].length;
}

/* One character, escaped where JSON wants it (or a browser could take it for markup). */
static void put_character(struct sheet *sheet, const char *at, size_t length) {
    unsigned char first = (unsigned char)at[0];
    if (length == 0)
        sheet_text(sheet, "\\ufffd");
    else if (first == '"' || first == '\\')
        sheet_add(sheet, "\\%c", first);
    else if (first < 0x20 || first == 0x7F || first == '<')
        sheet_add(sheet, "\\u%04x", first);
    else
        sheet_put(sheet, at, length);
}

void json_put_bytes(struct sheet *sheet, const char *bytes, size_t length) {
    separate(sheet);
    sheet_put(sheet, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t one = character((const unsigned char *)bytes + i, length - i);
        put_character(sheet, bytes + i, one);
        i += one == 0 ? 1 : one;
    }
    sheet_put(sheet, "\"", 1);
}

void json_put_text(struct sheet *sheet, const char *text) {
    json_put_bytes(sheet, text, strlen(text));
}

/* ---- numbers and words ---- */

void json_put_uint(struct sheet *sheet, uint64_t value) {
    separate(sheet);
    sheet_uint(sheet, value);
}

void json_put_bool(struct sheet *sheet, bool value) {
    separate(sheet);
    sheet_text(sheet, value ? "true" : "false");
}

void json_put_null(struct sheet *sheet) {
    separate(sheet);
    sheet_put(sheet, "null", 4);
}

void json_put_real(struct sheet *sheet, double value) {
    if (!isfinite(value)) {
        json_put_null(sheet);
        return;
    }
    separate(sheet);
    sheet_real(sheet, value, 9);
}

void json_put_exact(struct sheet *sheet, double value) {
    quantity text;
    if (!isfinite(value)) {
        json_put_null(sheet);
        return;
    }
    separate(sheet);
    sheet_text(sheet, quantity_exact(text, value));
}

/* ---- fields ---- */

static void put_field(struct sheet *sheet, enum json_kind kind, const char *at) {
    const void *raw = at;
    const char *string;
    switch (kind) {
    case JSON_PUT_U32:
        json_put_uint(sheet, *(const uint32_t *)raw);
        return;
    case JSON_PUT_U64:
        json_put_uint(sheet, *(const uint64_t *)raw);
        return;
    case JSON_PUT_BOOL:
        json_put_bool(sheet, *(const bool *)raw);
        return;
    case JSON_PUT_REAL:
        json_put_real(sheet, *(const double *)raw);
        return;
    case JSON_PUT_EXACT:
        json_put_exact(sheet, *(const double *)raw);
        return;
    case JSON_PUT_NAME:
        json_put_text(sheet, at);
        return;
    case JSON_PUT_STRING:
        memcpy(&string, at, sizeof string);
        json_put_text(sheet, string == NULL ? "" : string);
        return;
    }
}

void json_put_fields(struct sheet *sheet, const void *object, const struct json_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        json_put_key(sheet, fields[i].key);
        put_field(sheet, fields[i].kind, (const char *)object + fields[i].offset);
    }
}
