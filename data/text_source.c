#include "data/text_source.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/decoder.h"

enum { BUFFER_BYTES = TEXT_BLOCK_BYTES_MAX };

struct text_source {
    struct decoder *decoder;
    uint64_t lines;    /* handed out so far */
    size_t begin, end; /* of the bytes not yet handed out */
    bool ended, failed;
    struct status failure; /* of reading on; told when the lines before it have been handed out */
    char path[PATH_MAX];
    char buffer[BUFFER_BYTES];
};

/* Reads more behind what is there; the rest of a line moves to the front first. */
static bool read_more(struct text_source *source, struct status *status) {
    size_t length;
    if (source->failed) {
        *status = source->failure;
        return false;
    }
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    if (!decoder_read(source->decoder, source->buffer + source->end, BUFFER_BYTES - source->end, &length,
                      status))
        return status_context(status, "%s", source->path);
    source->ended = length == 0;
    source->end += length;
    return true;
}

static bool skip_mark(struct text_source *source, struct status *status) {
    while (source->end < 3 && !source->ended)
        if (!read_more(source, status))
            return false;
    if (source->end >= 3 && memcmp(source->buffer, "\xEF\xBB\xBF", 3) == 0)
        source->begin = 3;
    return true;
}

struct text_source *text_source_open(const char *path, struct status *status) {
    struct text_source *source = memory_take(sizeof *source, "a text reader", status);
    if (source == NULL)
        return NULL;
    snprintf(source->path, sizeof source->path, "%s", path);
    source->decoder = decoder_open(path, status);
    if (source->decoder == NULL)
        status_context(status, "%s", path);
    if (source->decoder != NULL && skip_mark(source, status))
        return source;
    text_source_close(source);
    return NULL;
}

/* Finds the end of the line that begins at `begin`, reading on as needed. *end gets the place of the \n or of
 * the file's end; of a line that is too long, some place beyond the limit. */
static bool find_end(struct text_source *source, size_t *end, struct status *status) {
    size_t seen = 0;
    for (;;) {
        size_t rest = source->end - source->begin;
        char *newline = memchr(source->buffer + source->begin + seen, '\n', rest - seen);
        if (newline != NULL || source->ended || rest > TEXT_LINE_BYTES_MAX + 1) {
            *end = newline != NULL ? (size_t)(newline - source->buffer) : source->end;
            return true;
        }
        seen = rest;
        if (!read_more(source, status))
            return false;
    }
}

/* Drops the rest of a line that is too long, up to and with its newline. */
static bool skip_rest(struct text_source *source, struct status *status) {
    for (;;) {
        char *newline = memchr(source->buffer + source->begin, '\n', source->end - source->begin);
        source->begin = newline != NULL ? (size_t)(newline - source->buffer) + 1 : source->end;
        if (newline != NULL || source->ended)
            return true;
        if (!read_more(source, status))
            return false;
    }
}

struct text_line text_line_of(char *bytes, size_t length, uint64_t number) {
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    bool too_long = length > TEXT_LINE_BYTES_MAX;
    return (struct text_line){bytes, too_long ? 0 : length, number, too_long};
}

enum text_outcome text_source_next(struct text_source *source, struct text_line *line,
                                   struct status *status) {
    size_t end;
    if (!find_end(source, &end, status))
        return TEXT_FAILED;
    if (source->begin == source->end)
        return TEXT_END;
    *line = text_line_of(source->buffer + source->begin, end - source->begin, ++source->lines);
    if (line->too_long)
        return skip_rest(source, status) ? TEXT_LINE : TEXT_FAILED;
    source->begin = end < source->end ? end + 1 : end;
    return TEXT_LINE;
}

/* Fills room[capacity] behind the `length` bytes that are there, as far as the file goes. */
static size_t fill(struct text_source *source, char *room, size_t length, size_t capacity) {
    while (length < capacity && !source->ended && !source->failed) {
        size_t more;
        if (!decoder_read(source->decoder, room + length, capacity - length, &more, &source->failure)) {
            source->failed = true;
            status_context(&source->failure, "%s", source->path);
            break;
        }
        source->ended = more == 0;
        length += more;
    }
    return length;
}

/* The whole lines of bytes[length]. */
static size_t whole_lines(const char *bytes, size_t length) {
    const char *newline = memrchr(bytes, '\n', length);
    return newline == NULL ? 0 : (size_t)(newline - bytes) + 1;
}

/* What is in the buffer goes first; the beginning of a line goes back there. */
bool text_source_block(struct text_source *source, char *room, size_t capacity, size_t *length) {
    REQUIRE(capacity <= TEXT_BLOCK_BYTES_MAX, "what is left of a block finds room in the buffer");
    size_t rest = source->end - source->begin, there = rest < capacity ? rest : capacity;
    memcpy(room, source->buffer + source->begin, there);
    source->begin += there;
    if (there < rest) {
        *length = whole_lines(room, there);
        source->begin -= there - *length;
        return *length > 0;
    }
    there = fill(source, room, there, capacity);
    *length = whole_lines(room, there);
    source->begin = 0;
    source->end = there - *length;
    memcpy(source->buffer, room + *length, source->end);
    return *length > 0;
}

uint64_t text_source_count(struct text_source *source, uint64_t lines) {
    uint64_t first = source->lines + 1;
    source->lines += lines;
    return first;
}

void text_source_close(struct text_source *source) {
    if (source == NULL)
        return;
    decoder_close(source->decoder);
    memory_release(source);
}
