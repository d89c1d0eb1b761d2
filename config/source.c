#include "config/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW_CHARACTERS = 120 };

/* RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t source_character(const char *at, size_t left) {
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)at;
    if (left == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    size_t width = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || width > left)
        return 0;
    unsigned value = byte[0] & (0x7Fu >> width);
    for (size_t i = 1; i < width; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (byte[i] & 0x3F);
    }
    bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    return value < least[width] || is_surrogate || value > 0x10FFFF ? 0 : width;
}

/* The bytes of the line break at `at`, 0 when there is none: what YAML 1.1 counts as one, so that lines are
 * numbered as libyaml numbers them. */
static size_t line_break(const char *at, size_t left) {
    if (left >= 2 && memcmp(at, "\r\n", 2) == 0)
        return 2;
    if (left >= 1 && (*at == '\n' || *at == '\r'))
        return 1;
    if (left >= 2 && memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

static size_t step_over(const char *at, size_t left) {
    size_t width = source_character(at, left);
    return width == 0 ? 1 : width;
}

struct config_place source_place(const struct config_source *source, size_t offset) {
    struct config_place place = {source, 1, 1};
    for (size_t at = 0; at < source->length && at < offset;) {
        size_t width = line_break(source->text + at, source->length - at);
        place.column = width > 0 ? 1 : place.column + 1;
        place.line += width > 0;
        at += width > 0 ? width : step_over(source->text + at, source->length - at);
    }
    return place;
}

void source_label(const struct config_place *place, char *text, size_t bytes) {
    if (place->source->origin == ORIGIN_FILE)
        snprintf(text, bytes, "%s:%zu:%zu", place->source->name, place->line, place->column);
    else
        snprintf(text, bytes, "%s", place->source->name);
}

/* The bytes [*from, return value) of a line. */
static size_t find_line(const struct config_source *source, size_t line, size_t *from) {
    size_t at = 0;
    for (*from = 0; at < source->length;) {
        size_t width = line_break(source->text + at, source->length - at);
        if (width > 0 && line-- == 1)
            break;
        at += width > 0 ? width : 1;
        if (width > 0)
            *from = at;
    }
    return at;
}

static size_t put_character(char *out, const char *at, size_t width) {
    unsigned char first = (unsigned char)*at;
    if (width == 0 || (first < 0x20 && first != '\t') || first == 0x7F) {
        *out = '?';
        return 1;
    }
    memcpy(out, at, width);
    return width;
}

void source_excerpt(const struct config_place *place, char text[SOURCE_EXCERPT_BYTES]) {
    const struct config_source *source = place->source;
    size_t from, length = 0, pad_length = 0, column = 1;
    char pad[WINDOW_CHARACTERS + 1];
    size_t to = find_line(source, place->line, &from);
    size_t first = place->column > WINDOW_CHARACTERS ? place->column - WINDOW_CHARACTERS / 2 : 1;
    for (; from < to && column < first + WINDOW_CHARACTERS; column++) {
        size_t width = source_character(source->text + from, to - from);
        if (column >= first) {
            if (column < place->column)
                pad[pad_length++] = source->text[from] == '\t' ? '\t' : ' ';
            length += put_character(text + length, source->text + from, width);
        }
        from += width == 0 ? 1 : width;
    }
    text[length] = '\0';
    if (length > 0)
        snprintf(text + length, SOURCE_EXCERPT_BYTES - length, "\n%.*s^", (int)pad_length, pad);
}

void source_tame(char *text) {
    char *out = text;
    for (size_t left = strlen(text); left > 0;) {
        size_t width = source_character(text, left);
        size_t taken = width == 0 ? 1 : width;
        bool is_control = width == 1 && ((unsigned char)*text < 0x20 || *text == 0x7F);
        out += put_character(out, text, is_control ? 0 : width);
        text += taken;
        left -= taken;
    }
    *out = '\0';
}
