#include "analysis/top_list.h"

#include <math.h>

#include "core/contract.h"
#include "core/multiversion.h"

static bool is_worse(const struct top_entry *one, const struct top_entry *other) {
    return one->score < other->score || (one->score == other->score && one->row > other->row);
}

double top_list_least(const struct top_list *list) {
    return top_list_is_full(list) ? list->entries[0].score : -INFINITY;
}

/* Puts an entry where the heap has a hole at `at`, or below. */
static void sink(struct top_list *list, uint32_t at, struct top_entry entry) {
    for (uint32_t child; (child = 2 * at + 1) < list->count; at = child) {
        if (child + 1 < list->count && is_worse(&list->entries[child + 1], &list->entries[child]))
            child++;
        if (!is_worse(&list->entries[child], &entry))
            break;
        list->entries[at] = list->entries[child];
    }
    list->entries[at] = entry;
}

static void rise(struct top_list *list, uint32_t at, struct top_entry entry) {
    for (; at > 0 && is_worse(&entry, &list->entries[(at - 1) / 2]); at = (at - 1) / 2)
        list->entries[at] = list->entries[(at - 1) / 2];
    list->entries[at] = entry;
}

void top_list_offer(struct top_list *list, double score, uint32_t row) {
    struct top_entry entry = {score, row};
    REQUIRE(list->capacity > 0, "a list of the best has room for one");
    if (!top_list_is_full(list))
        rise(list, list->count++, entry);
    else if (is_worse(&list->entries[0], &entry))
        sink(list, 0, entry);
}

void top_list_sort(struct top_list *list) {
    uint32_t whole = list->count;
    while (list->count > 1) {
        struct top_entry worst = list->entries[0], last = list->entries[--list->count];
        sink(list, 0, last);
        list->entries[list->count] = worst;
    }
    list->count = whole;
}

/* Whether any of GROUP scores reaches `least`: no branch inside, so that it becomes a few vector operations. */
enum { GROUP = 64 };

static inline __attribute__((always_inline)) bool any_reaches(const float *scores, float least) {
    int any = 0;
    for (size_t i = 0; i < GROUP; i++)
        any |= !(scores[i] < least);
    return any != 0;
}

MULTIVERSION size_t top_list_reaching(const float *scores, size_t count, float least, uint32_t *places) {
    size_t found = 0, at = 0;
    for (; at + GROUP <= count; at += GROUP) {
        if (!any_reaches(scores + at, least))
            continue;
        for (size_t i = at; i < at + GROUP; i++)
            if (!(scores[i] < least))
                places[found++] = (uint32_t)i;
    }
    for (; at < count; at++)
        if (!(scores[at] < least))
            places[found++] = (uint32_t)at;
    return found;
}
