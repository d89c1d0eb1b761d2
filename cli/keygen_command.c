/* dotbias keygen: the keys of a cluster. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "data/atomic_folder.h"
#include "net/keys.h"

enum { TOKEN_RANDOM_BYTES = 32 };

struct keygen_arguments {
    const char *folder;
    bool adds_worker;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias keygen keys                the keys of a new cluster\n"
    "  dotbias keygen keys --add-worker   one more key, for the workers of another host\n"
    "\v"
    "Makes a folder with a secret key for each role (coordinator.secret, pserver.secret, worker.secret) and "
    "public.keys, the list of "
    "those who may take part. Name the folder as security.keys. monitor.token is a word that the monitor's "
    "page can ask for. A host needs public.keys, the same "
    "everywhere, and the secret of "
    "what runs there, which nobody else may read.\n\n"
    "--add-worker draws a key that goes to a host as its worker.secret. Striking its line off public.keys "
    "shuts that "
    "host out when the cluster starts again. To change all keys make a new folder.";

static const struct argp_option OPTIONS[] = {
    {"add-worker", 'w', NULL, 0, "Add a worker's key to the folder, as worker-2.secret, worker-3.secret, ...",
     0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct keygen_arguments *arguments = state->input;
    switch (key) {
    case 'w':
        arguments->adds_worker = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->folder != NULL)
            argp_error(state, "one folder at a time: what is '%s'?", value);
        arguments->folder = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->folder == NULL)
            argp_error(state, "which folder?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Ends the file. */
static bool write_text(struct atomic_file *file, const char *text, size_t length, struct status *status) {
    if (file == NULL)
        return false;
    if (atomic_file_write(file, text, length, status))
        return atomic_file_commit(file, status);
    atomic_file_abandon(file);
    return false;
}

/* ---- a new folder ---- */

static bool write_secret(const struct atomic_folder *folder, enum role role, const key_text secret,
                         struct status *status) {
    char name[32], line[KEY_CHARACTERS + 2];
    snprintf(name, sizeof name, "%s.secret", role_name(role));
    int length = snprintf(line, sizeof line, "%s\n", secret);
    bool good = write_text(atomic_folder_file(folder, name, status), line, (size_t)length, status);
    explicit_bzero(line, sizeof line);
    return good;
}

static bool fill(const struct atomic_folder *folder, struct status *status) {
    char list[ROLE_COUNT * 64 + 128] =
        "# Who may take part: a role and a public key a line. The same on every host.\n";
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        key_text open, secret;
        keys_draw(open, secret);
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s %s\n", role_name(role), open);
        bool good = write_secret(folder, role, secret, status);
        explicit_bzero(secret, sizeof secret);
        if (!good)
            return false;
    }
    return write_text(atomic_folder_file(folder, KEYS_LIST_FILE, status), list, strlen(list), status);
}

/* 256 bits, as digits that go into a header and an address as they are. */
static bool write_token(const struct atomic_folder *folder, struct status *status) {
    unsigned char bytes[TOKEN_RANDOM_BYTES];
    char line[2 * TOKEN_RANDOM_BYTES + 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return status_fail_errno(status, STATUS_IO, "no random numbers");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(line + 2 * i, 3, "%02x", bytes[i]);
    line[2 * TOKEN_RANDOM_BYTES] = '\n';
    bool good = write_text(atomic_folder_file(folder, "monitor.token", status), line,
                           2 * TOKEN_RANDOM_BYTES + 1, status);
    explicit_bzero(line, sizeof line);
    return good;
}

static bool make_keys(const char *path, struct status *status) {
    struct atomic_folder folder;
    if (access(path, F_OK) == 0)
        return status_fail(status, STATUS_CANT_CREATE, "%s is there already; keys are never written over",
                           path);
    if (!atomic_folder_begin(&folder, path, status))
        return false;
    if (fill(&folder, status) && write_token(&folder, status))
        return atomic_folder_commit(&folder, false, status);
    atomic_folder_abandon(&folder);
    return false;
}

/* ---- one more worker ---- */

enum { WORKERS_MAX = 65536 };

static bool place_in(char path[PATH_MAX], const char *folder, const char *name, struct status *status) {
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ||
           status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", folder);
}

static bool copy_list(const char *path, struct atomic_file *to, struct status *status) {
    char bytes[4096];
    size_t got;
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", path);
    bool good = true;
    while (good && (got = fread(bytes, 1, sizeof bytes, from)) > 0)
        good = atomic_file_write(to, bytes, got, status);
    if (good && ferror(from))
        good = status_fail_errno(status, STATUS_IO, "cannot read %s", path);
    fclose(from);
    return good;
}

static bool append_to_list(const char *path, const key_text open, struct status *status) {
    char line[KEY_CHARACTERS + 16];
    int length = snprintf(line, sizeof line, "%s %s\n", role_name(ROLE_WORKER), open);
    struct atomic_file *file = atomic_file_create(path, status);
    if (file == NULL)
        return false;
    if (copy_list(path, file, status))
        return write_text(file, line, (size_t)length, status);
    atomic_file_abandon(file);
    return false;
}

/* The first name worker-N.secret that is free. */
static bool free_secret(char path[PATH_MAX], const char *folder, struct status *status) {
    char name[32];
    for (unsigned number = 2; number < WORKERS_MAX; number++) {
        snprintf(name, sizeof name, "worker-%u.secret", number);
        if (!place_in(path, folder, name, status))
            return false;
        if (access(path, F_OK) != 0)
            return true;
    }
    return status_fail(status, STATUS_CANT_CREATE, "%s has %d workers' keys already", folder, WORKERS_MAX);
}

/* The secret first: a key on the list that nobody has is harmless, and goes again when the list cannot be written. */
static bool add_worker(const char *folder, struct status *status) {
    char list[PATH_MAX], path[PATH_MAX], line[KEY_CHARACTERS + 2];
    key_text open, secret;
    if (!place_in(list, folder, KEYS_LIST_FILE, status) || !free_secret(path, folder, status))
        return false;
    if (access(list, R_OK) != 0)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", list);
    keys_draw(open, secret);
    int length = snprintf(line, sizeof line, "%s\n", secret);
    bool good = write_text(atomic_file_create(path, status), line, (size_t)length, status);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(line, sizeof line);
    if (good && !append_to_list(list, open, status)) {
        unlink(path);
        return false;
    }
    if (good)
        fprintf(stderr, "written: %s, for the host's worker.secret\n", path);
    return good;
}

int command_keygen(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "DIR", DOC, NULL, NULL, NULL};
    struct keygen_arguments arguments = {0};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    umask(077);
    bool good =
        arguments.adds_worker ? add_worker(arguments.folder, &status) : make_keys(arguments.folder, &status);
    if (good && !arguments.adds_worker)
        fprintf(stderr, "written: %s; set security.keys to it\n", arguments.folder);
    return good ? STATUS_OK : command_report(&status);
}
