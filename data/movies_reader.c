#include "data/movies_reader.h"

#include "data/fields.h"
#include "data/text_source.h"

struct columns {
    enum field_separator separator;
    int id, title, genres; /* genres -1: there are none */
};

static const char *const ID_NAMES[] = {"movieid", "movie", "mid", "itemid", "item", "iid", "id", NULL};
static const char *const TITLE_NAMES[] = {"title", "movietitle", "name", NULL};
static const char *const GENRE_NAMES[] = {"genres", "genre", NULL};

/* The length of the UTF-8 sequence at bytes[0], 0 when it is none (overlong forms and surrogates are none).
 */
static size_t utf8_length(const unsigned char *bytes, size_t left) {
    unsigned char lead = bytes[0];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xC2 ? 0
                    : lead < 0xE0 ? 2
                    : lead < 0xF0 ? 3
                    : lead < 0xF5 ? 4
                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    if ((lead == 0xE0 && bytes[1] < 0xA0) || (lead == 0xED && bytes[1] > 0x9F) ||
        (lead == 0xF0 && bytes[1] < 0x90) || (lead == 0xF4 && bytes[1] > 0x8F))
        return 0;
    return length;
}

static bool is_utf8(const struct field *field) {
    size_t step;
    for (size_t i = 0; i < field->length; i += step) {
        step = utf8_length((const unsigned char *)field->bytes + i, field->length - i);
        if (step == 0)
            return false;
    }
    return true;
}

static size_t latin1_to_utf8(const struct field *field, char *text) {
    size_t length = 0;
    for (size_t i = 0; i < field->length; i++) {
        unsigned char letter = (unsigned char)field->bytes[i];
        if (letter >= 0x80)
            text[length++] = (char)(0xC0 | (letter >> 6));
        text[length++] = letter < 0x80 ? (char)letter : (char)(0x80 | (letter & 0x3F));
    }
    return length;
}

static bool set_name(struct string_list *list, uint32_t row, const struct field *field,
                     struct status *status) {
    char text[2 * TEXT_LINE_BYTES_MAX];
    if (is_utf8(field))
        return string_list_set(list, row, field->bytes, field->length, status);
    return string_list_set(list, row, text, latin1_to_utf8(field, text), status);
}

static bool take_columns(struct columns *columns, const struct text_line *line, struct status *status) {
    struct fields header;
    const char *reason;
    columns->separator = fields_separator(line->bytes, line->length);
    *columns = (struct columns){columns->separator, 0, 1, 2};
    if (columns->separator == FIELDS_COLONS)
        return true;
    if (!fields_cut(&header, columns->separator, line->bytes, line->length, &reason))
        return status_fail(status, STATUS_BAD_DATA, "the first line %s", reason);
    columns->id = fields_find(&header, ID_NAMES);
    columns->title = fields_find(&header, TITLE_NAMES);
    columns->genres = fields_find(&header, GENRE_NAMES);
    return (columns->id >= 0 && columns->title >= 0) ||
           status_fail(status, STATUS_BAD_DATA,
                       "the header names no column of movies (movieId) or of titles (title)");
}

static bool reject(struct movie_names *names, uint64_t line) {
    if (names->rejects++ == 0)
        names->first_reject_line = line;
    return true;
}

static bool take_line(struct movie_names *names, const struct columns *columns, const struct text_line *line,
                      const struct id_map *movies, struct status *status) {
    struct fields fields;
    const char *reason;
    uint32_t row;
    if (line->too_long || !fields_cut(&fields, columns->separator, line->bytes, line->length, &reason) ||
        (size_t)columns->id >= fields.count || (size_t)columns->title >= fields.count)
        return reject(names, line->number);
    const struct field *id = &fields.items[columns->id];
    if (!id_map_find(movies, id->bytes, id->length, &row)) {
        names->unrated++;
        return true;
    }
    names->known++;
    if (!set_name(&names->titles, row, &fields.items[columns->title], status))
        return false;
    return columns->genres < 0 || (size_t)columns->genres >= fields.count ||
           set_name(&names->genres, row, &fields.items[columns->genres], status);
}

static bool read_lines(struct movie_names *names, struct text_source *source, const struct id_map *movies,
                       struct status *status) {
    struct columns columns;
    struct text_line line;
    enum text_outcome outcome = text_source_next(source, &line, status);
    if (outcome == TEXT_END)
        return status_fail(status, STATUS_BAD_DATA, "the file is empty");
    if (outcome == TEXT_FAILED || !take_columns(&columns, &line, status))
        return false;
    if (columns.separator == FIELDS_COLONS && !take_line(names, &columns, &line, movies, status))
        return false;
    while ((outcome = text_source_next(source, &line, status)) == TEXT_LINE)
        if (line.length > 0 && !take_line(names, &columns, &line, movies, status))
            return false;
    return outcome == TEXT_END;
}

bool movies_read(struct movie_names *names, const char *path, const struct id_map *movies,
                 struct status *status) {
    struct text_source *source = text_source_open(path, status);
    if (source == NULL)
        return false;
    bool done = read_lines(names, source, movies, status);
    text_source_close(source);
    return done || status_context(status, "%s", path);
}

void movie_names_clear(struct movie_names *names) {
    string_list_clear(&names->titles);
    string_list_clear(&names->genres);
    *names = (struct movie_names){0};
}
