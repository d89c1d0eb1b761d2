#include "analysis/movie_search.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "analysis/titles.h"
#include "analysis/top_list.h"
#include "core/edits.h"

/* A title made comparable: words of lower case with a space between them, not terminated. */
struct folded {
    char bytes[EDITS_TEXT_BYTES];
    size_t length;
    size_t year; /* where " 1999" begins, or the length */
};

/* Letters, digits and whatever is not ASCII belong to words. */
static bool is_word(unsigned char byte) {
    return isalnum(byte) || byte >= 0x80;
}

static void add_words(struct folded *folded, const char *bytes, size_t length) {
    for (size_t i = 0; i < length && folded->length + 2 < sizeof folded->bytes; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (!is_word(byte))
            continue;
        /* "Schindler's" is one word. */
        bool begins = i == 0 || (!is_word((unsigned char)bytes[i - 1]) && bytes[i - 1] != '\'');
        if (begins && folded->length > 0)
            folded->bytes[folded->length++] = ' ';
        folded->bytes[folded->length++] = (char)tolower(byte);
    }
}

/* Where a year in brackets begins that ends the title, or its length. */
static size_t year_of(const char *title, size_t length) {
    while (length > 0 && title[length - 1] == ' ')
        length--;
    if (length < 6 || title[length - 6] != '(' || title[length - 1] != ')')
        return length;
    for (size_t i = length - 5; i < length - 1; i++)
        if (!isdigit((unsigned char)title[i]))
            return length;
    return length - 6;
}

/* The length of ", The" at the end of length bytes, 0 when there is none. */
static size_t article_of(const char *title, size_t length) {
    static const char *const ARTICLES[] = {", The", ", A",   ", An",  ", Le", ", La",
                                           ", Les", ", Der", ", Die", ", Das"};
    while (length > 0 && title[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < sizeof ARTICLES / sizeof ARTICLES[0]; i++) {
        size_t size = strlen(ARTICLES[i]);
        if (length > size && strncasecmp(title + length - size, ARTICLES[i], size) == 0)
            return size;
    }
    return 0;
}

static void fold(struct folded *folded, const char *title, size_t length) {
    size_t year = year_of(title, length), end = year;
    while (end > 0 && title[end - 1] == ' ')
        end--;
    size_t article = article_of(title, end);
    folded->length = 0;
    if (article > 0)
        add_words(folded, title + end - article + 2, article - 2);
    add_words(folded, title, end - article);
    folded->year = folded->length;
    add_words(folded, title + year, length - year);
}

/* What somebody asks for; digits alone ask for no title. */
static void fold_text(struct folded *folded, const char *text, size_t length) {
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)text[digits]))
        digits++;
    fold(folded, text, digits == length ? 0 : length);
}

static bool fold_movie(struct folded *folded, const struct model_file *model, uint32_t movie) {
    size_t length;
    const char *title = string_table_get(&model->movie_titles, movie, &length);
    fold(folded, title, length);
    return folded->length > 0;
}

/* How well a title answers: not at all, by a piece of it, by all of it. */
enum answer { ANSWER_NONE, ANSWER_PIECE, ANSWER_WHOLE };

static enum answer judge(const struct folded *title, const struct folded *text) {
    if (text->length == 0 || text->length > title->length)
        return ANSWER_NONE;
    bool begins = memcmp(title->bytes, text->bytes, text->length) == 0;
    if (begins && (text->length == title->length || text->length == title->year))
        return ANSWER_WHOLE;
    return begins || memmem(title->bytes, title->length, text->bytes, text->length) != NULL ? ANSWER_PIECE
                                                                                            : ANSWER_NONE;
}

/* The movies that answer best, and how many there are. */
struct search {
    enum answer best;
    uint32_t count;
    struct top_entry entries[MOVIE_SEARCH_SHOWN];
    struct top_list list; /* by training ratings */
};

static void search_titles(struct search *search, const struct model_file *model, const struct folded *text) {
    struct folded title;
    *search = (struct search){.best = ANSWER_PIECE, .list = {search->entries, 0, MOVIE_SEARCH_SHOWN}};
    for (uint32_t movie = 0; movie < model->movies; movie++) {
        enum answer answer = fold_movie(&title, model, movie) ? judge(&title, text) : ANSWER_NONE;
        if (answer > search->best) {
            search->best = answer;
            search->count = search->list.count = 0;
        }
        if (answer == search->best) {
            search->count++;
            top_list_offer(&search->list, model->movie_counts[movie], movie);
        }
    }
    top_list_sort(&search->list);
}

static void write_lines(const struct model_file *model, const struct top_list *list,
                        char lines[MOVIE_SEARCH_BYTES]) {
    struct titles titles = {&model->movie_titles, &model->movie_ids};
    size_t used = 0;
    lines[0] = '\0';
    for (uint32_t i = 0; i < list->count && used < MOVIE_SEARCH_BYTES; i++) {
        size_t id_length;
        char id[40], title[88];
        const char *bytes = string_table_get(&model->movie_ids, list->entries[i].row, &id_length);
        titles_fit(bytes, id_length, 20, id, sizeof id);
        titles_fit_movie(&titles, list->entries[i].row, 60, title, sizeof title);
        used += (size_t)snprintf(lines + used, MOVIE_SEARCH_BYTES - used, "\n  %-8s %s", id, title);
    }
}

void movie_search_near(const struct model_file *model, const char *text, size_t length,
                       char lines[MOVIE_SEARCH_BYTES]) {
    struct folded wanted, title;
    struct top_entry entries[MOVIE_SEARCH_SHOWN];
    struct top_list list = {entries, 0, MOVIE_SEARCH_SHOWN};
    fold_text(&wanted, text, length);
    for (uint32_t movie = 0; movie < model->movies && wanted.length > 0; movie++) {
        if (!fold_movie(&title, model, movie))
            continue;
        unsigned edits = edits_within(wanted.bytes, wanted.length, title.bytes, title.year);
        /* Of equally near ones first those that are not much longer, then the more-rated. */
        double longer = title.year > wanted.length ? (double)(title.year - wanted.length) : 0;
        double rated = model->movie_counts[movie] / (model->movie_counts[movie] + 100.0);
        top_list_offer(&list, -(double)edits - longer / 64 + rated, movie);
    }
    top_list_sort(&list);
    write_lines(model, &list, lines);
}

/* Only bytes that are fit for a terminal are shown of what was asked for. */
static enum movie_match refuse(const struct model_file *model, const struct search *search, const char *text,
                               size_t length, struct status *status) {
    char lines[MOVIE_SEARCH_BYTES], shown[96];
    titles_fit(text, length, 60, shown, sizeof shown);
    if (search->count > 0) {
        write_lines(model, &search->list, lines);
        status_fail(status, STATUS_BAD_DATA, "'%s' is in %u titles; name one by its id:%s%s", shown,
                    search->count, lines, search->count > MOVIE_SEARCH_SHOWN ? "\n  ..." : "");
        return MOVIE_AMBIGUOUS;
    }
    movie_search_near(model, text, length, lines);
    status_fail(status, STATUS_BAD_DATA, "unknown movie '%s'%s%s", shown,
                lines[0] != '\0' ? "; the nearest titles are:" : "", lines);
    return MOVIE_UNKNOWN;
}

enum movie_match movie_search_find(const struct model_file *model, const struct id_index *ids,
                                   const char *text, size_t length, uint32_t *movie, struct status *status) {
    struct search search;
    struct folded wanted;
    *movie = id_index_find(ids, text, length);
    if (*movie != ID_UNKNOWN)
        return MOVIE_FOUND;
    fold_text(&wanted, text, length);
    search_titles(&search, model, &wanted);
    if (search.count != 1)
        return refuse(model, &search, text, length, status);
    *movie = search.entries[0].row;
    return MOVIE_FOUND;
}
