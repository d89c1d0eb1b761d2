#include "analysis/fold_in.h"

#include <stdio.h>
#include <string.h>

#include "analysis/movie_search.h"
#include "analysis/titles.h"
#include "core/memory.h"
#include "data/fields.h"
#include "data/number.h"
#include "data/text_source.h"

struct reader {
    const struct model_file *model;
    const struct id_index *ids;
    struct fold_in_ratings *given;
    const char *name; /* of the file, in sentences */
    enum field_separator separator;
    size_t movie_field, rating_field;
};

/* Puts file:line:column in front of the sentence. */
static bool at_field(const struct reader *reader, const struct text_line *line, const struct field *field,
                     struct status *status) {
    return status_context(status, "%s:%llu:%zu", reader->name, (unsigned long long)line->number,
                          (size_t)(field->bytes - line->bytes) + 1);
}

/* Whether the first line names columns; then it says which. */
static bool take_header(struct reader *reader, const struct fields *fields) {
    static const char *const MOVIE[] = {"movieid", "movie", "mid", "itemid", "item", "iid", "title", NULL};
    static const char *const RATING[] = {"rating", "ratings", "score", "stars", NULL};
    int movie = fields_find(fields, MOVIE), rating = fields_find(fields, RATING);
    if (movie < 0 || rating < 0)
        return false;
    reader->movie_field = (size_t)movie;
    reader->rating_field = (size_t)rating;
    return true;
}

static bool take_value(const struct reader *reader, const struct field *field, float *value,
                       struct status *status) {
    const struct model_spec *spec = &reader->model->spec;
    const char *reason;
    double number;
    char shown[64];
    titles_fit(field->bytes, field->length, 32, shown, sizeof shown);
    if (!number_parse(field->bytes, field->length, &number, &reason))
        return status_fail(status, STATUS_BAD_DATA, "the rating '%s' %s", shown, reason);
    if (spec->has_range && (number < (double)spec->range_low || number > (double)spec->range_high))
        return status_fail(status, STATUS_BAD_DATA, "the rating %s is outside the model's range, %g to %g",
                           shown, (double)spec->range_low, (double)spec->range_high);
    *value = (float)number;
    return *value - *value == 0 ||
           status_fail(status, STATUS_BAD_DATA, "the rating '%s' is too large", shown);
}

static bool is_new(const struct reader *reader, uint32_t movie, struct status *status) {
    const struct fold_in_ratings *given = reader->given;
    for (size_t i = 0; i < given->count; i++)
        if (given->movies[i] == movie)
            return status_fail(status, STATUS_BAD_DATA, "this movie is rated twice, first on line %llu",
                               (unsigned long long)given->lines[i]);
    return true;
}

static bool add(const struct reader *reader, uint32_t movie, float value, uint64_t line,
                struct status *status) {
    struct fold_in_ratings *given = reader->given;
    size_t needed = given->count + 1, columns = reader->model->spec.factors + 1;
    if (!memory_grow((void **)&given->movies, &given->movies_capacity, needed, sizeof *given->movies,
                     "the new ratings", status) ||
        !memory_grow((void **)&given->ratings, &given->ratings_capacity, needed, sizeof *given->ratings,
                     "the new ratings", status) ||
        !memory_grow((void **)&given->lines, &given->lines_capacity, needed, sizeof *given->lines,
                     "the new ratings", status))
        return false;
    given->movies[given->count] = movie;
    given->ratings[given->count] =
        (struct fold_in_rating){reader->model->movie_rows + movie * columns, value};
    given->lines[given->count++] = line;
    return true;
}

static bool take_fields(const struct reader *reader, const struct text_line *line,
                        const struct fields *fields, struct status *status) {
    size_t last = reader->movie_field > reader->rating_field ? reader->movie_field : reader->rating_field;
    uint32_t movie;
    float value = 0;
    if (fields->count <= last)
        return status_fail(status, STATUS_BAD_DATA, "%s:%llu:%zu: expected a movie and a rating",
                           reader->name, (unsigned long long)line->number, line->length + 1);
    const struct field *named = &fields->items[reader->movie_field];
    const struct field *rated = &fields->items[reader->rating_field];
    if (movie_search_find(reader->model, reader->ids, named->bytes, named->length, &movie, status) !=
            MOVIE_FOUND ||
        !is_new(reader, movie, status))
        return at_field(reader, line, named, status);
    if (!take_value(reader, rated, &value, status))
        return at_field(reader, line, rated, status);
    return add(reader, movie, value, line->number, status);
}

static bool take_line(struct reader *reader, const struct text_line *line, struct status *status) {
    struct fields fields;
    const char *reason;
    if (line->too_long)
        return status_fail(status, STATUS_BAD_DATA, "%s:%llu:1: the line is too long", reader->name,
                           (unsigned long long)line->number);
    if (line->length == 0)
        return true;
    if (line->number == 1)
        reader->separator = fields_separator(line->bytes, line->length);
    if (!fields_cut(&fields, reader->separator, line->bytes, line->length, &reason))
        return status_fail(status, STATUS_BAD_DATA, "%s:%llu:1: the line %s", reader->name,
                           (unsigned long long)line->number, reason);
    if (line->number == 1 && take_header(reader, &fields))
        return true;
    return take_fields(reader, line, &fields, status);
}

bool fold_in_read(struct fold_in_ratings *given, const struct model_file *model, const struct id_index *ids,
                  const char *path, struct status *status) {
    bool standard = strcmp(path, "-") == 0, well = true;
    struct reader reader = {.model = model,
                            .ids = ids,
                            .given = given,
                            .name = standard ? "standard input" : path,
                            .rating_field = 1};
    struct text_line line;
    enum text_outcome outcome = TEXT_LINE;
    *given = (struct fold_in_ratings){0};
    struct text_source *source = text_source_open(standard ? "/dev/stdin" : path, status);
    if (source == NULL)
        return false;
    while (well && (outcome = text_source_next(source, &line, status)) == TEXT_LINE)
        well = take_line(&reader, &line, status);
    text_source_close(source);
    well = well && outcome == TEXT_END;
    if (well && given->count == 0)
        well = status_fail(status, STATUS_BAD_DATA,
                           "%s: there is no rating in it: nothing is known of this user", reader.name);
    if (!well)
        fold_in_free(given);
    return well;
}

void fold_in_free(struct fold_in_ratings *given) {
    memory_release(given->movies);
    memory_release(given->ratings);
    memory_release(given->lines);
    *given = (struct fold_in_ratings){0};
}

bool fold_in_row(const struct fold_in_ratings *given, const struct model_file *model, double l2, float *row,
                 struct fold_in_solution *solution, struct status *status) {
    size_t columns = model->spec.factors + 1, stride = row_stride(model->spec.factors);
    struct fold_in_problem problem = {&model->spec, given->ratings, given->count, l2};
    double *exact = memory_take_array(columns, sizeof *exact, "a new row", status);
    bool well = exact != NULL && fold_in_solve(&problem, exact, solution, status);
    memset(row, 0, stride * sizeof *row);
    for (size_t k = 0; k < columns && well; k++)
        row[k] = (float)exact[k];
    memory_release(exact);
    return well;
}
