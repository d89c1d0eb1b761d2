#include "monitor/log_tail.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "monitor/json_put.h"

static const char ENDING[] = ".log";

bool log_tail_is_name(const char *name) {
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length >= sizeof ENDING && length < LOG_TAIL_NAME_BYTES && name[0] != '.' &&
           strspn(name, ALLOWED) == length && strcmp(name + length - (sizeof ENDING - 1), ENDING) == 0;
}

/* ---- names ---- */

typedef char log_name[LOG_TAIL_NAME_BYTES];

struct log_names {
    log_name *names;
    size_t count, capacity;
};

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static void collect(struct log_names *names, DIR *folder) {
    struct status ignored;
    const struct dirent *entry;
    while (names->count < LOG_TAIL_FILES && (entry = readdir(folder)) != NULL) {
        if (!log_tail_is_name(entry->d_name))
            continue;
        void *items = names->names;
        if (!memory_grow(&items, &names->capacity, names->count + 1, sizeof *names->names, "names of logs",
                         &ignored))
            return;
        names->names = items;
        strcpy(names->names[names->count++], entry->d_name);
    }
}

void log_tail_list(struct scroll *scroll, const char *folder) {
    struct log_names names = {0};
    DIR *open = folder == NULL ? NULL : opendir(folder);
    if (open != NULL) {
        collect(&names, open);
        closedir(open);
    }
    if (names.count > 0)
        qsort(names.names, names.count, sizeof *names.names, by_name);
    json_put_open(scroll, '[');
    for (size_t i = 0; i < names.count; i++)
        json_put_text(scroll, names.names[i]);
    json_put_close(scroll, ']');
    scroll_put(scroll, "\n", 1);
    memory_release(names.names);
}

/* ---- lines ---- */

/* Neither links nor devices: only what our processes have written. -1 when there is no such file. */
static int open_log(const char *folder, const char *name, off_t *length) {
    struct stat found;
    int at = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    close(at);
    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode)) {
        *length = found.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Where the last `lines` lines of a text begin; a newline at its very end begins none. */
static size_t last_lines(const char *bytes, size_t length, size_t lines) {
    size_t at = length;
    if (at > 0 && bytes[at - 1] == '\n')
        at--;
    while (at > 0 && (bytes[at - 1] != '\n' || --lines > 0))
        at--;
    return at;
}

static bool read_end(struct scroll *scroll, int fd, off_t length) {
    off_t first = length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0;
    size_t wanted = (size_t)(length - first);
    char *room = scroll_room(scroll, wanted);
    while (room != NULL && wanted > 0) {
        ssize_t got = pread(fd, room + scroll->length, wanted, first + (off_t)scroll->length);
        if (got < 0)
            return false;
        if (got == 0)
            break; /* somebody has cut it meanwhile */
        scroll->length += (size_t)got;
        wanted -= (size_t)got;
    }
    return !scroll->failed;
}

/* Keeps the last lines of what is on the scroll. Where reading has begun inside a line, the rest of that line goes. */
static void keep_lines(struct scroll *scroll, size_t lines, bool cut) {
    size_t first = lines == 0 ? scroll->length : last_lines(scroll->bytes, scroll->length, lines);
    const char *newline = first == 0 && cut ? memchr(scroll->bytes, '\n', scroll->length) : NULL;
    if (newline != NULL && newline + 1 < scroll->bytes + scroll->length)
        first = (size_t)(newline + 1 - scroll->bytes);
    scroll->length -= first;
    memmove(scroll->bytes, scroll->bytes + first, scroll->length);
}

unsigned log_tail_read(struct scroll *scroll, const char *folder, const char *name, size_t lines) {
    off_t length = 0;
    int fd = log_tail_is_name(name) ? open_log(folder, name, &length) : -1;
    if (fd < 0) {
        scroll_text(scroll, "there is no such log; /api/v1/logs has their names");
        return 404;
    }
    bool good = read_end(scroll, fd, length);
    close(fd);
    if (!good) {
        scroll->length = 0;
        scroll_text(scroll, "the log cannot be read");
        return 500;
    }
    if (scroll->length > 0)
        keep_lines(scroll, lines, length > LOG_TAIL_BYTES);
    return 200;
}
