#include "node/last_words.h"

#include <stdio.h>
#include <string.h>

void last_words(const char *path, long start, char *line, size_t capacity) {
    char text[2048];
    line[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    fseek(file, 0, SEEK_END);
    long end = ftell(file), from = end - (long)(sizeof text - 1);
    fseek(file, from > start ? from : start, SEEK_SET);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\0'))
        length--;
    text[length] = '\0';
    const char *newline = strrchr(text, '\n');
    snprintf(line, capacity, "%.*s", (int)capacity - 1, newline == NULL ? text : newline + 1);
}
