#include "data/fields.h"

#include <ctype.h>
#include <string.h>

enum field_separator fields_separator(const char *line, size_t length) {
    if (memmem(line, length, "::", 2) != NULL)
        return FIELDS_COLONS;
    return memchr(line, '\t', length) != NULL ? FIELDS_TAB : FIELDS_COMMA;
}

static bool add(struct fields *fields, char *begin, char *end, const char **reason) {
    *reason = "has too many fields";
    if (fields->count == FIELDS_MAX)
        return false;
    fields->items[fields->count++] = (struct field){begin, (size_t)(end - begin)};
    return true;
}

static char *find_separator(enum field_separator separator, char *at, size_t length) {
    if (separator == FIELDS_COLONS)
        return memmem(at, length, "::", 2);
    return memchr(at, separator == FIELDS_TAB ? '\t' : ',', length);
}

/* A field that begins with a quote: moves its content over the quotes. Returns what follows it, a comma or
 * the end. */
static char *cut_quoted(struct fields *fields, char *at, char *end, const char **reason) {
    char *begin = at + 1, *to = begin, *from = begin;
    for (; from < end; from++) {
        if (*from == '"' && from + 1 < end && from[1] == '"')
            from++;
        else if (*from == '"')
            break;
        *to++ = *from;
    }
    *reason = "has a quote that is not closed";
    if (from == end)
        return NULL;
    *reason = "has text after a closing quote";
    if (from + 1 < end && from[1] != ',')
        return NULL;
    return add(fields, begin, to, reason) ? from + 1 : NULL;
}

bool fields_cut(struct fields *fields, enum field_separator separator, char *line, size_t length,
                const char **reason) {
    char *at = line, *end = line + length;
    size_t width = separator == FIELDS_COLONS ? 2 : 1;
    fields->count = 0;
    for (;;) {
        char *stop;
        if (separator == FIELDS_COMMA && at < end && *at == '"') {
            stop = cut_quoted(fields, at, end, reason);
            if (stop == NULL)
                return false;
        } else {
            stop = find_separator(separator, at, (size_t)(end - at));
            stop = stop == NULL ? end : stop;
            if (!add(fields, at, stop, reason))
                return false;
        }
        if (stop == end)
            return true;
        at = stop + width;
    }
}

static bool same_name(const struct field *field, const char *name) {
    for (size_t i = 0; i < field->length; i++) {
        char letter = field->bytes[i];
        if (letter == ' ' || letter == '_' || letter == '-')
            continue;
        if (*name == '\0' || tolower((unsigned char)letter) != *name++)
            return false;
    }
    return *name == '\0';
}

int fields_find(const struct fields *header, const char *const *names) {
    for (size_t i = 0; i < header->count; i++)
        for (const char *const *name = names; *name != NULL; name++)
            if (same_name(&header->items[i], *name))
                return (int)i;
    return -1;
}
