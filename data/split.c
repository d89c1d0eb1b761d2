#include "data/split.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/numpy_random.h"
#include "data/select.h"

static const char *const NAMES[SPLIT_METHODS] = {"numpy", "hash", "time", "leave-last-out", "files"};

const char *split_name(enum split_method method) {
    return (unsigned)method < SPLIT_METHODS ? NAMES[method] : "unknown split";
}

static bool same_name(const char *a, const char *b) {
    for (; *a != '\0' && (*a == *b || (*a == '_' && *b == '-')); a++)
        b++;
    return *a == '\0' && *b == '\0';
}

bool split_named(const char *name, enum split_method *method) {
    for (int i = 0; i < SPLIT_METHODS; i++)
        if (same_name(name, NAMES[i])) {
            *method = (enum split_method)i;
            return true;
        }
    return false;
}

bool split_wants_times(enum split_method method) {
    return method == SPLIT_BY_TIME || method == SPLIT_BY_LEAVE_LAST_OUT;
}

static void mark(struct split *split, uint64_t i) {
    split->is_valid[i] = 1;
    split->valid_count++;
}

static uint64_t fraction_of(const struct split_spec *spec, uint64_t count) {
    return (uint64_t)(spec->fraction * (double)count);
}

static bool by_numpy(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                     struct status *status) {
    struct numpy_random random;
    split->order = memory_take_array(list->count, sizeof *split->order, "a permutation", status);
    if (split->order == NULL)
        return false;
    numpy_random_seed(&random, (uint32_t)spec->seed);
    numpy_random_permutation(&random, split->order, (uint32_t)list->count);
    uint64_t wanted = fraction_of(spec, list->count);
    while (split->valid_count < wanted)
        mark(split, split->order[split->valid_count]);
    return true;
}

/* Ratings [from, from + count) of the list, which lie one behind the other. A user's ratings often do too, so
 * the user's part of the hash is kept. */
static uint64_t mark_hashed(uint8_t *is_valid, const struct split_spec *spec, const struct rating *ratings,
                            size_t count, const struct string_list *user_ids,
                            const struct string_list *movie_ids) {
    uint64_t of_user = 0, valid_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct string_span *movie = &movie_ids->spans[ratings[i].movie];
        if (i == 0 || ratings[i].user != ratings[i - 1].user) {
            const struct string_span *user = &user_ids->spans[ratings[i].user];
            of_user = split_hash_of_user(spec, user_ids->bytes + user->offset, user->length);
        }
        is_valid[i] = split_hash_admits(spec, of_user, movie_ids->bytes + movie->offset, movie->length);
        valid_count += is_valid[i];
    }
    return valid_count;
}

static void by_hash(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                    const struct string_list *user_ids, const struct string_list *movie_ids) {
    for (uint64_t i = 0, run; i < list->count; i += run) {
        run = rating_list_run(list, i);
        split->valid_count +=
            mark_hashed(split->is_valid + i, spec, rating_list_at(list, i), run, user_ids, movie_ids);
    }
}

/* The time of the oldest rating among the newest `wanted`. */
static bool find_threshold(const struct rating_list *list, uint64_t wanted, int64_t *threshold,
                           struct status *status) {
    int64_t *times = memory_take_array(list->count, sizeof *times, "timestamps", status);
    if (times == NULL)
        return false;
    for (uint64_t i = 0; i < list->count; i++)
        times[i] = rating_list_time(list, i);
    *threshold = select_place(times, list->count, list->count - wanted);
    memory_release(times);
    return true;
}

static void since(struct split *split, const struct rating_list *list, int64_t threshold) {
    for (uint64_t i = 0; i < list->count; i++)
        if (rating_list_time(list, i) >= threshold)
            mark(split, i);
}

static bool by_time(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                    struct status *status) {
    uint64_t wanted = fraction_of(spec, list->count);
    int64_t threshold = spec->since;
    if (!list->has_times)
        return status_fail(status, STATUS_BAD_DATA, "split time needs a column of timestamps");
    if (!spec->has_since && wanted == 0)
        return true;
    if (!spec->has_since && !find_threshold(list, wanted, &threshold, status))
        return false;
    since(split, list, threshold);
    /* Of equal times the later in the file count as newer: the first ones go back to training. */
    for (uint64_t i = 0; !spec->has_since && split->valid_count > wanted; i++)
        if (rating_list_time(list, i) == threshold) {
            split->is_valid[i] = 0;
            split->valid_count--;
        }
    return true;
}

static bool is_newer(const struct rating_list *list, uint64_t i, uint64_t other) {
    return !list->has_times || rating_list_time(list, i) >= rating_list_time(list, other);
}

static bool by_leaving_last_out(struct split *split, const struct rating_list *list, size_t users,
                                struct status *status) {
    struct last {
        uint32_t rating, count;
    } *lasts = memory_take_array(users, sizeof *lasts, "each user's last rating", status);
    if (lasts == NULL)
        return false;
    for (uint64_t i = 0; i < list->count; i++) {
        struct last *last = &lasts[rating_list_at(list, i)->user];
        if (last->count++ == 0 || is_newer(list, i, last->rating))
            last->rating = (uint32_t)i;
    }
    for (size_t user = 0; user < users; user++)
        if (lasts[user].count > 1)
            mark(split, lasts[user].rating);
    memory_release(lasts);
    return true;
}

static bool divide(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                   const struct string_list *user_ids, const struct string_list *movie_ids,
                   struct status *status) {
    switch (spec->method) {
    case SPLIT_BY_NUMPY:
        return by_numpy(split, spec, list, status);
    case SPLIT_BY_HASH:
        by_hash(split, spec, list, user_ids, movie_ids);
        return true;
    case SPLIT_BY_TIME:
        return by_time(split, spec, list, status);
    case SPLIT_BY_LEAVE_LAST_OUT:
        return by_leaving_last_out(split, list, user_ids->count, status);
    default:
        for (uint64_t i = list->first_file_count; i < list->count; i++)
            mark(split, i);
        return true;
    }
}

bool split_make(struct split *split, const struct split_spec *spec, const struct rating_list *list,
                const struct string_list *user_ids, const struct string_list *movie_ids,
                struct status *status) {
    REQUIRE(list->count > 0 && list->count <= UINT32_MAX, "there are ratings, and their numbers are u32");
    *split = (struct split){.is_valid = memory_take(list->count, "the marks of a split", status)};
    bool done = split->is_valid != NULL && divide(split, spec, list, user_ids, movie_ids, status);
    if (done && split->valid_count == list->count)
        done = status_fail(status, STATUS_BAD_DATA, "split %s leaves no rating to train on",
                           split_name(spec->method));
    if (!done)
        split_clear(split);
    return done;
}

void split_clear(struct split *split) {
    memory_release(split->is_valid);
    memory_release(split->order);
    *split = (struct split){0};
}
