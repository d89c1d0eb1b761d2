#include "net/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/private_file.h"

enum { LIST_BYTES_MAX = 8 << 20, PATH_BYTES = 4096, KEY_BYTES = 32 };

/* A file of keys while it is read. */
struct source {
    char path[PATH_BYTES];
    char *text; /* ended by a zero */
    size_t bytes;
    unsigned line;
};

void keys_draw(key_text public_key, key_text secret_key) {
    int drawn = zmq_curve_keypair(public_key, secret_key);
    REQUIRE(drawn == 0, "ZeroMQ is built with CURVE");
}

/* ---- files ---- */

static bool name_source(struct source *source, const char *folder, const char *name, const char *ending,
                        struct status *status) {
    *source = (struct source){.line = 1};
    if (snprintf(source->path, sizeof source->path, "%s/%s%s", folder, name, ending) < PATH_BYTES)
        return true;
    return status_fail(status, STATUS_NO_INPUT, "%s: the name is too long", folder);
}

static bool read_all(struct source *source, FILE *file, struct status *status) {
    source->text = memory_take(LIST_BYTES_MAX + 1, "a list of keys", status);
    if (source->text == NULL)
        return false;
    source->bytes = fread(source->text, 1, LIST_BYTES_MAX, file);
    if (ferror(file))
        return status_fail_errno(status, STATUS_IO, "cannot read %s", source->path);
    if (source->bytes == LIST_BYTES_MAX)
        return status_fail(status, STATUS_CONFIG, "%s is longer than %d MiB", source->path,
                           LIST_BYTES_MAX >> 20);
    if (memchr(source->text, 0, source->bytes) != NULL)
        return status_fail(status, STATUS_CONFIG, "%s is no text: it has a zero byte", source->path);
    return true;
}

static bool read_source(struct source *source, bool secret, struct status *status) {
    FILE *file = secret ? private_file_open(source->path, status) : fopen(source->path, "re");
    if (file == NULL)
        return secret ? false : status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", source->path);
    bool good = read_all(source, file, status);
    fclose(file);
    return good;
}

static void wipe(struct source *source) {
    if (source->text != NULL)
        explicit_bzero(source->text, source->bytes);
    memory_release(source->text);
}

/* ---- the secret ---- */

static bool is_key(const char *text) {
    unsigned char bytes[KEY_BYTES];
    return strlen(text) == KEY_CHARACTERS && zmq_z85_decode(bytes, text) != NULL;
}

static bool take_secret(struct keys *keys, const struct source *source, struct status *status) {
    source->text[strcspn(source->text, "\r\n")] = '\0';
    if (!is_key(source->text) || zmq_curve_public(keys->own_public, source->text) != 0)
        return status_fail(status, STATUS_CONFIG,
                           "%s:1:1: no secret key (%d characters of Z85 were expected)", source->path,
                           KEY_CHARACTERS);
    memcpy(keys->own_secret, source->text, sizeof keys->own_secret);
    return true;
}

static bool load_secret(struct keys *keys, const char *folder, struct status *status) {
    struct source source;
    bool good = name_source(&source, folder, role_name(keys->role), ".secret", status) &&
                read_source(&source, true, status) && take_secret(keys, &source, status);
    wipe(&source);
    return good;
}

/* ---- the list ---- */

static bool role_named(const char *name, enum role *role) {
    for (*role = 0; *role < ROLE_COUNT; (*role)++)
        if (strcmp(name, role_name(*role)) == 0)
            return true;
    return false;
}

static bool blame(const struct source *source, size_t column, struct status *status, const char *what,
                  const char *text) {
    return status_fail(status, STATUS_CONFIG, "%s:%u:%zu: %s, not '%.60s'", source->path, source->line,
                       column + 1, what, text);
}

static bool take_line(struct keys *keys, size_t *capacity, const struct source *source, char *line,
                      struct status *status) {
    struct allowed_key entry;
    size_t role_bytes = strcspn(line, " \t"), key_at = role_bytes + strspn(line + role_bytes, " \t");
    char *key = line + key_at;
    line[role_bytes] = '\0';
    if (!role_named(line, &entry.role))
        return blame(source, 0, status, "a line begins with coordinator, pserver or worker", line);
    if (!is_key(key))
        return blame(source, key_at, status, "a role is followed by a public key of 40 characters", key);
    memcpy(entry.key, key, sizeof entry.key);
    if (keys->allowed_count == KEYS_ALLOWED_MAX)
        return status_fail(status, STATUS_CONFIG, "%s: more than %d keys", source->path, KEYS_ALLOWED_MAX);
    if (!memory_grow((void **)&keys->allowed, capacity, keys->allowed_count + 1, sizeof entry,
                     "a list of keys", status))
        return false;
    keys->allowed[keys->allowed_count++] = entry;
    return true;
}

static bool take_lines(struct keys *keys, struct source *source, struct status *status) {
    size_t capacity = 0;
    char *line = source->text, *end = source->text + source->bytes;
    for (; line < end; source->line++) {
        char *next = line + strcspn(line, "\n");
        bool is_last = next == end;
        *next = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '#' && line[strspn(line, " \t")] != '\0' &&
            !take_line(keys, &capacity, source, line, status))
            return false;
        line = next + !is_last;
    }
    return true;
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct allowed_key *)a)->key, ((const struct allowed_key *)b)->key);
}

static bool check_unique(const struct keys *keys, const struct source *source, struct status *status) {
    for (size_t i = 1; i < keys->allowed_count; i++)
        if (by_key(&keys->allowed[i - 1], &keys->allowed[i]) == 0)
            return status_fail(status, STATUS_CONFIG, "%s: the key %s stands there twice", source->path,
                               keys->allowed[i].key);
    return true;
}

/* Exactly one key of the coordinator, and one of the pservers. */
static bool find_server(struct keys *keys, enum role role, const struct source *source,
                        struct status *status) {
    unsigned found = 0;
    for (size_t i = 0; i < keys->allowed_count; i++)
        if (keys->allowed[i].role == role) {
            memcpy(keys->servers[role], keys->allowed[i].key, sizeof keys->servers[role]);
            found++;
        }
    if (found == 1)
        return true;
    return status_fail(status, STATUS_CONFIG, "%s has %u keys of the role %s; there must be one",
                       source->path, found, role_name(role));
}

static bool find_self(const struct keys *keys, const struct source *source, struct status *status) {
    enum role role;
    if (keys_find(keys, keys->own_public, &role) && role == keys->role)
        return true;
    return status_fail(status, STATUS_CONFIG,
                       "%s does not list the public half of our %s.secret, %s, as a %s", source->path,
                       role_name(keys->role), keys->own_public, role_name(keys->role));
}

static bool load_list(struct keys *keys, const char *folder, struct status *status) {
    struct source source;
    bool good = name_source(&source, folder, KEYS_LIST_FILE, "", status) &&
                read_source(&source, false, status) && take_lines(keys, &source, status);
    if (good && keys->allowed_count > 0)
        qsort(keys->allowed, keys->allowed_count, sizeof *keys->allowed, by_key);
    good = good && check_unique(keys, &source, status) &&
           find_server(keys, ROLE_COORDINATOR, &source, status) &&
           find_server(keys, ROLE_PSERVER, &source, status) && find_self(keys, &source, status);
    wipe(&source);
    return good;
}

/* ---- life ---- */

bool keys_load(struct keys *keys, const char *folder, enum role role, struct status *status) {
    *keys = (struct keys){.role = role};
    return load_secret(keys, folder, status) && load_list(keys, folder, status);
}

void keys_free(struct keys *keys) {
    memory_release(keys->allowed);
    explicit_bzero(keys, sizeof *keys);
}

bool keys_find(const struct keys *keys, const key_text key, enum role *role) {
    struct allowed_key wanted = {0};
    memcpy(wanted.key, key, sizeof wanted.key);
    const struct allowed_key *found =
        keys->allowed_count == 0
            ? NULL
            : bsearch(&wanted, keys->allowed, keys->allowed_count, sizeof *keys->allowed, by_key);
    if (found != NULL)
        *role = found->role;
    return found != NULL;
}
