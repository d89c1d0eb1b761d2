#include "data/csv_writer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct atomic_file *csv_begin(const char *folder, const char *name, const char *header,
                              struct status *status) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        status_fail(status, STATUS_CANT_CREATE, "%s: the name is too long", folder);
        return NULL;
    }
    struct atomic_file *file = atomic_file_create(path, status);
    if (file == NULL)
        return NULL;
    if (atomic_file_write(file, header, strlen(header), status) && atomic_file_write(file, "\n", 1, status))
        return file;
    atomic_file_abandon(file);
    return NULL;
}

/* printf would take most of the time of ten million lines. */
static char *write_number(char *at, uint64_t number) {
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

bool csv_write_rating(struct atomic_file *file, uint32_t user, uint32_t movie, float half_stars, int64_t time,
                      struct status *status) {
    char line[96], *at = write_number(line, user);
    unsigned halves = (unsigned)(2 * half_stars);
    *at++ = ',';
    at = write_number(at, movie);
    *at++ = ',';
    at = write_number(at, halves / 2);
    *at++ = '.';
    *at++ = halves % 2 == 1 ? '5' : '0';
    *at++ = ',';
    at = write_number(at, (uint64_t)time);
    *at++ = '\n';
    return atomic_file_write(file, line, (size_t)(at - line), status);
}

bool csv_write_text(struct atomic_file *file, const char *text, size_t length, struct status *status) {
    bool plain = true;
    for (size_t i = 0; plain && i < length; i++)
        plain = text[i] == '\0' || strchr(",\"\r\n", text[i]) == NULL;
    if (plain)
        return atomic_file_write(file, text, length, status);
    bool done = atomic_file_write(file, "\"", 1, status);
    for (size_t i = 0; done && i < length; i++)
        done = (text[i] != '"' || atomic_file_write(file, "\"", 1, status)) &&
               atomic_file_write(file, text + i, 1, status);
    return done && atomic_file_write(file, "\"", 1, status);
}

bool csv_write_movie(struct atomic_file *file, uint32_t movie, const char *title, const char *genres,
                     struct status *status) {
    char number[24], *end = write_number(number, movie);
    *end++ = ',';
    return atomic_file_write(file, number, (size_t)(end - number), status) &&
           csv_write_text(file, title, strlen(title), status) && atomic_file_write(file, ",", 1, status) &&
           csv_write_text(file, genres, strlen(genres), status) && atomic_file_write(file, "\n", 1, status);
}
