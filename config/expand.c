#include "config/expand.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 128 };

_Static_assert(CONFIG_TEXT_BYTES == 1024, "messages say 1023");

const char *expand_lookup(char *const *environment, const char *name) {
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

static size_t name_length(const char *text) {
    size_t length = 0;
    if (isdigit((unsigned char)text[0]))
        return 0;
    while (text[length] == '_' ||
           (isalnum((unsigned char)text[length]) && (unsigned char)text[length] < 0x80))
        length++;
    return length;
}

static bool fail(struct value_mistake *mistake, const char *sentence, const char *at) {
    snprintf(mistake->text, sizeof mistake->text, "%s: '%.60s'", sentence, at);
    return false;
}

static bool fail_unset(struct value_mistake *mistake, const char *name) {
    snprintf(mistake->text, sizeof mistake->text,
             "the environment variable %s is not set (${%s:-default} would give it a default)", name, name);
    return false;
}

/* A text of CONFIG_TEXT_BYTES that is being written. */
struct writing {
    char *text;
    size_t length;
};

static bool put(struct writing *writing, const char *bytes, size_t count) {
    if (writing->length + count >= CONFIG_TEXT_BYTES)
        return false;
    memcpy(writing->text + writing->length, bytes, count);
    writing->length += count;
    writing->text[writing->length] = '\0';
    return true;
}

/* Puts in the variable that starts at *text with "${", and moves *text behind its brace. */
static bool put_variable(char *const *environment, const char **text, struct writing *writing,
                         struct value_mistake *mistake) {
    char name[NAME_BYTES];
    const char *start = *text + 2, *end = strchr(start, '}');
    size_t length = name_length(start);
    if (end == NULL)
        return fail(mistake, "a variable lacks its closing brace", *text);
    bool has_default = start[length] == ':' && start[length + 1] == '-';
    if (length == 0 || length >= NAME_BYTES || (start + length != end && !has_default))
        return fail(mistake, "variables are written ${NAME} or ${NAME:-default}", *text);
    memcpy(name, start, length);
    name[length] = '\0';
    *text = end + 1;
    const char *value = expand_lookup(environment, name);
    if (has_default && (value == NULL || value[0] == '\0')) {
        const char *fallback = start + length + 2;
        return put(writing, fallback, (size_t)(end - fallback)) ||
               fail(mistake, "this text is longer than 1023 bytes", fallback);
    }
    if (value == NULL)
        return fail_unset(mistake, name);
    return put(writing, value, strlen(value)) || fail(mistake, "a variable's value is too long", name);
}

bool expand_variables(char *const *environment, const char *text, char expanded[CONFIG_TEXT_BYTES],
                      struct value_mistake *mistake) {
    struct writing writing = {expanded, 0};
    expanded[0] = '\0';
    while (*text != '\0') {
        bool is_guarded = strncmp(text, "$${", 3) == 0;
        if (strncmp(text, "${", 2) == 0) {
            if (!put_variable(environment, &text, &writing, mistake))
                return false;
            continue;
        }
        if (!put(&writing, is_guarded ? "${" : text, is_guarded ? 2 : 1))
            return fail(mistake, "this text is longer than 1023 bytes", text);
        text += is_guarded ? 3 : 1;
    }
    return true;
}

bool expand_path(const char *folder, char path[CONFIG_TEXT_BYTES]) {
    char joined[CONFIG_TEXT_BYTES];
    if (path[0] == '\0' || path[0] == '/')
        return true;
    const char *slash = folder[0] != '\0' && folder[strlen(folder) - 1] == '/' ? "" : "/";
    int length = snprintf(joined, sizeof joined, "%s%s%s", folder, slash, path);
    if (length < 0 || length >= CONFIG_TEXT_BYTES)
        return false;
    memset(path, 0, CONFIG_TEXT_BYTES);
    memcpy(path, joined, (size_t)length);
    return true;
}
