#include "data/rating_list.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"

static bool add_chunk(struct rating_list *list, struct status *status) {
    void *chunks = list->chunks, *times = list->times;
    size_t needed = list->chunk_count + 1;
    bool grown = memory_grow(&chunks, &list->chunk_capacity, needed, sizeof *list->chunks, "ratings", status);
    list->chunks = chunks;
    grown =
        grown && memory_grow(&times, &list->time_capacity, needed, sizeof *list->times, "timestamps", status);
    list->times = times;
    if (!grown)
        return false;
    struct rating *ratings = memory_take_raw(RATING_CHUNK * sizeof *ratings, "ratings", status);
    int64_t *chunk_times = list->has_times && ratings != NULL
                               ? memory_take_raw(RATING_CHUNK * sizeof(int64_t), "timestamps", status)
                               : NULL;
    if (ratings == NULL || (list->has_times && chunk_times == NULL)) {
        memory_release(ratings);
        return false;
    }
    list->chunks[list->chunk_count] = ratings;
    list->times[list->chunk_count++] = chunk_times;
    return true;
}

/* A new run begins where a line was skipped: a header, a blank line, a reject. */
static bool note_line(struct rating_list *list, uint64_t line, uint32_t file, struct status *status) {
    void *runs = list->runs;
    if (list->run_count > 0) {
        const struct line_run *last = &list->runs[list->run_count - 1];
        if (last->file == file && last->line + (list->count - last->first) == line)
            return true;
    }
    bool grown = memory_grow(&runs, &list->run_capacity, list->run_count + 1, sizeof *list->runs,
                             "line numbers", status);
    list->runs = runs;
    if (grown)
        list->runs[list->run_count++] = (struct line_run){list->count, line, file};
    return grown;
}

bool rating_list_add(struct rating_list *list, struct rating rating, int64_t time, uint64_t line,
                     uint32_t file, struct status *status) {
    uint64_t i = list->count;
    if (i >= RATING_LIST_MAX)
        return status_fail(status, STATUS_BAD_DATA, "more than %u ratings", RATING_LIST_MAX);
    if (i >> RATING_CHUNK_BITS == list->chunk_count && !add_chunk(list, status))
        return false;
    if (!note_line(list, line, file, status))
        return false;
    *rating_list_at(list, i) = rating;
    if (list->has_times)
        list->times[i >> RATING_CHUNK_BITS][i & (RATING_CHUNK - 1)] = time;
    list->count++;
    list->first_file_count += file == 0;
    return true;
}

bool rating_list_append(struct rating_list *list, const struct rating *ratings, const int64_t *times,
                        size_t count, uint64_t line, uint32_t file, struct status *status) {
    if (count > RATING_LIST_MAX - list->count)
        return status_fail(status, STATUS_BAD_DATA, "more than %u ratings", RATING_LIST_MAX);
    while (list->chunk_count << RATING_CHUNK_BITS < list->count + count)
        if (!add_chunk(list, status))
            return false;
    if (count > 0 && !note_line(list, line, file, status))
        return false;
    for (size_t done = 0, part; done < count; done += part) {
        size_t chunk = list->count >> RATING_CHUNK_BITS, at = list->count & (RATING_CHUNK - 1);
        part = count - done < RATING_CHUNK - at ? count - done : RATING_CHUNK - at;
        memcpy(list->chunks[chunk] + at, ratings + done, part * sizeof *ratings);
        if (list->has_times)
            memcpy(list->times[chunk] + at, times + done, part * sizeof *times);
        list->count += part;
        list->first_file_count += file == 0 ? part : 0;
    }
    return true;
}

uint64_t rating_list_line(const struct rating_list *list, uint64_t i, uint32_t *file) {
    REQUIRE(i < list->count && list->run_count > 0, "the lines are known until ratings are dropped");
    size_t low = 0, high = list->run_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list->runs[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    *file = list->runs[low].file;
    return list->runs[low].line + (i - list->runs[low].first);
}

void rating_list_drop(struct rating_list *list, const uint8_t *dropped) {
    uint64_t kept = 0, first_file_kept = 0;
    for (uint64_t i = 0; i < list->count; i++) {
        if (dropped[i] != 0)
            continue;
        *rating_list_at(list, kept) = *rating_list_at(list, i);
        if (list->has_times)
            list->times[kept >> RATING_CHUNK_BITS][kept & (RATING_CHUNK - 1)] = rating_list_time(list, i);
        kept++;
        first_file_kept += i < list->first_file_count;
    }
    list->count = kept;
    list->first_file_count = first_file_kept;
    list->run_count = 0;
}

void rating_list_clear(struct rating_list *list) {
    for (size_t i = 0; i < list->chunk_count; i++) {
        memory_release(list->chunks[i]);
        memory_release(list->times[i]);
    }
    memory_release(list->chunks);
    memory_release(list->times);
    memory_release(list->runs);
    *list = (struct rating_list){.has_times = list->has_times};
}
