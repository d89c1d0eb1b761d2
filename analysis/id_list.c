#include "analysis/id_list.h"

#include <string.h>

#include "analysis/titles.h"
#include "core/memory.h"
#include "data/text_source.h"

static bool take(struct id_list *list, const struct id_index *ids, const struct text_line *line,
                 struct status *status) {
    if (line->length == 0)
        return true;
    uint32_t row = id_index_find(ids, line->bytes, line->length);
    if (row == ID_UNKNOWN) {
        if (list->unknown_count++ == 0) {
            list->first_unknown_line = line->number;
            titles_fit(line->bytes, line->length, 40, list->first_unknown, sizeof list->first_unknown);
        }
        return true;
    }
    if (!memory_grow((void **)&list->rows, &list->capacity, list->count + 1, sizeof *list->rows,
                     "a list of ids", status))
        return false;
    list->rows[list->count++] = row;
    return true;
}

bool id_list_read(struct id_list *list, const struct id_index *ids, const char *path, struct status *status) {
    struct text_line line;
    enum text_outcome outcome = TEXT_LINE;
    bool well = true;
    *list = (struct id_list){0};
    struct text_source *source = text_source_open(strcmp(path, "-") == 0 ? "/dev/stdin" : path, status);
    if (source == NULL)
        return false;
    while (well && (outcome = text_source_next(source, &line, status)) == TEXT_LINE)
        well = line.too_long ? status_fail(status, STATUS_BAD_DATA, "%s:%llu:1: the line is too long", path,
                                           (unsigned long long)line.number)
                             : take(list, ids, &line, status);
    text_source_close(source);
    if (well && outcome == TEXT_END)
        return true;
    id_list_free(list);
    return false;
}

void id_list_free(struct id_list *list) {
    memory_release(list->rows);
    *list = (struct id_list){0};
}
