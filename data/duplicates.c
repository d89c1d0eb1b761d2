#include "data/duplicates.h"

#include "core/memory.h"

/* The last rating seen of a movie by the user at hand, and how many values it stands for. */
struct seen {
    uint32_t user_plus_one;
    uint32_t rating;
    uint32_t values;
    double sum;
};

struct search {
    struct rating_list *list;
    enum duplicate_rule rule;
    uint32_t users;
    uint64_t *ends;    /* per user, where its ratings end in by_user */
    uint32_t *by_user; /* rating numbers grouped by user, rising within one */
    uint8_t *dropped;  /* per rating */
    struct seen *seen; /* per movie */
    struct duplicates *found;
};

/* A counting sort. */
static void group_by_user(struct search *search) {
    uint64_t begin = 0;
    for (uint64_t i = 0; i < search->list->count; i++)
        search->ends[rating_list_at(search->list, i)->user]++;
    for (uint32_t user = 0; user < search->users; user++) {
        uint64_t count = search->ends[user];
        search->ends[user] = begin;
        begin += count;
    }
    for (uint64_t i = 0; i < search->list->count; i++)
        search->by_user[search->ends[rating_list_at(search->list, i)->user]++] = (uint32_t)i;
}

static void note(struct search *search, uint32_t earlier, uint32_t later) {
    struct duplicates *found = search->found;
    if (found->shown < DUPLICATES_SHOWN) {
        struct duplicate *example = &found->examples[found->shown++];
        example->earlier_line = rating_list_line(search->list, earlier, &example->earlier_file);
        example->line = rating_list_line(search->list, later, &example->file);
    }
    found->count++;
}

static void visit(struct search *search, uint32_t i) {
    struct rating *rating = rating_list_at(search->list, i);
    struct seen *seen = &search->seen[rating->movie];
    if (seen->user_plus_one != rating->user + 1) {
        *seen = (struct seen){rating->user + 1, i, 1, (double)rating->value};
        return;
    }
    note(search, seen->rating, i);
    search->dropped[seen->rating] = 1;
    seen->rating = i;
    seen->values++;
    seen->sum += (double)rating->value;
    if (search->rule == DUPLICATE_TAKE_MEAN)
        rating->value = (float)(seen->sum / seen->values);
}

static bool take_scratch(struct search *search, uint32_t movies, struct status *status) {
    uint64_t count = search->list->count;
    search->ends = memory_take_array(search->users, sizeof *search->ends, "users' ratings", status);
    if (search->ends == NULL)
        return false;
    search->by_user = memory_take_array(count, sizeof *search->by_user, "ratings by user", status);
    if (search->by_user == NULL)
        return false;
    search->dropped = memory_take(count, "marks of duplicates", status);
    if (search->dropped == NULL)
        return false;
    search->seen = memory_take_array(movies, sizeof *search->seen, "movies seen", status);
    return search->seen != NULL;
}

bool pair_watch_grow(struct pair_watch *watch, size_t movies, struct status *status) {
    void *last_user = watch->last_user;
    bool grown =
        memory_grow(&last_user, &watch->capacity, movies, sizeof *watch->last_user, "movies seen", status);
    watch->last_user = last_user;
    return grown;
}

bool pair_watch_sees(struct pair_watch *watch, const struct rating *ratings, size_t count) {
    uint32_t user_plus_one = watch->user_plus_one, *last_user = watch->last_user;
    for (size_t i = 0; i < count; i++) {
        /* Rows are numbered by first appearance: a user who comes back has a smaller number. */
        if (ratings[i].user + 1 < user_plus_one || last_user[ratings[i].movie] == ratings[i].user + 1)
            return false;
        user_plus_one = ratings[i].user + 1;
        last_user[ratings[i].movie] = user_plus_one;
    }
    watch->user_plus_one = user_plus_one;
    return true;
}

void pair_watch_clear(struct pair_watch *watch) {
    memory_release(watch->last_user);
    *watch = (struct pair_watch){0};
}

static bool look_quickly(const struct rating_list *list, uint32_t movies, bool *is_free,
                         struct status *status) {
    struct pair_watch watch = {0};
    if (!pair_watch_grow(&watch, movies, status))
        return false;
    *is_free = true;
    for (uint64_t i = 0, run; i < list->count && *is_free; i += run) {
        run = rating_list_run(list, i);
        *is_free = pair_watch_sees(&watch, rating_list_at(list, i), run);
    }
    pair_watch_clear(&watch);
    return true;
}

bool duplicates_settle(struct duplicates *found, enum duplicate_rule rule, struct rating_list *list,
                       uint32_t users, uint32_t movies, struct status *status) {
    struct search search = {.list = list, .rule = rule, .users = users, .found = found};
    bool is_free;
    *found = (struct duplicates){0};
    if (!look_quickly(list, movies, &is_free, status))
        return false;
    if (is_free)
        return true;
    bool done = take_scratch(&search, movies, status);
    if (done) {
        group_by_user(&search);
        for (uint64_t i = 0; i < list->count; i++)
            visit(&search, search.by_user[i]);
        if (found->count > 0 && rule != DUPLICATE_REFUSE)
            rating_list_drop(list, search.dropped);
    }
    memory_release(search.ends);
    memory_release(search.by_user);
    memory_release(search.dropped);
    memory_release(search.seen);
    if (done && found->count > 0 && rule == DUPLICATE_REFUSE)
        return status_fail(status, STATUS_BAD_DATA,
                           "%llu ratings repeat a (user, movie) pair; the first: line %llu repeats line %llu",
                           (unsigned long long)found->count, (unsigned long long)found->examples[0].line,
                           (unsigned long long)found->examples[0].earlier_line);
    return done;
}
