#include "analysis/titles.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

const char *titles_name(const struct titles *titles, uint32_t movie, size_t *length) {
    if (titles->titles != NULL && movie < titles->titles->count) {
        const char *title = string_table_get(titles->titles, movie, length);
        if (*length > 0)
            return title;
    }
    return string_table_get(titles->ids, movie, length);
}

/* Whether two bytes can begin a character of three or four: not an overlong form, a surrogate, or beyond U+10FFFF. */
static bool is_well_begun(unsigned char first, unsigned char second) {
    return !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f) &&
           !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
}

/* The bytes of the character at `at`: 1 for ASCII and for what is no UTF-8. */
static size_t character_bytes(const unsigned char *at, size_t left) {
    size_t wanted = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : *at >= 0xc2 ? 2 : 1;
    if (*at > 0xf4 || wanted > left || (wanted > 2 && !is_well_begun(at[0], at[1])))
        return 1;
    for (size_t i = 1; i < wanted; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 1;
    return wanted;
}

static bool is_control(const unsigned char *at, size_t bytes) {
    if (bytes == 1)
        return *at < 0x20 || *at >= 0x7f;
    return bytes == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

static size_t characters(const unsigned char *bytes, size_t length) {
    size_t count = 0;
    for (size_t at = 0; at < length; at += character_bytes(bytes + at, length - at))
        count++;
    return count;
}

size_t titles_fit(const char *bytes, size_t length, size_t cells, char *out, size_t capacity) {
    static const char ELLIPSIS[] = "\u2026";
    const unsigned char *from = (const unsigned char *)bytes;
    size_t whole = characters(from, length), written = 0, to = 0, at = 0;
    size_t kept = whole <= cells ? whole : cells > 0 ? cells - 1 : 0;
    for (; written < kept; written++) {
        size_t size = character_bytes(from + at, length - at);
        if (to + size + sizeof ELLIPSIS > capacity)
            break;
        if (is_control(from + at, size)) {
            out[to++] = '?';
        } else {
            memcpy(out + to, from + at, size);
            to += size;
        }
        at += size;
    }
    if (written < whole && cells > 0 && to + sizeof ELLIPSIS <= capacity) {
        memcpy(out + to, ELLIPSIS, sizeof ELLIPSIS - 1);
        to += sizeof ELLIPSIS - 1;
        written++;
    }
    out[to] = '\0';
    return written;
}

size_t titles_fit_movie(const struct titles *titles, uint32_t movie, size_t cells, char *out,
                        size_t capacity) {
    size_t length;
    const char *name = titles_name(titles, movie, &length);
    return titles_fit(name, length, cells, out, capacity);
}

static int by_count(const void *left, const void *right, void *context) {
    const uint32_t *counts = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (counts[a] != counts[b])
        return counts[a] > counts[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

bool selection_most_rated(struct selection *selection, const uint32_t *counts, uint32_t movies, uint32_t most,
                          struct status *status) {
    selection->count = 0;
    selection->movies = memory_take_array(movies, sizeof *selection->movies, "the most-rated movies", status);
    if (selection->movies == NULL)
        return false;
    for (uint32_t movie = 0; movie < movies; movie++)
        if (counts[movie] > 0)
            selection->movies[selection->count++] = movie;
    qsort_r(selection->movies, selection->count, sizeof *selection->movies, by_count,
            (void *)(uintptr_t)counts);
    if (selection->count > most)
        selection->count = most;
    return true;
}

void selection_free(struct selection *selection) {
    memory_release(selection->movies);
    *selection = (struct selection){0};
}
