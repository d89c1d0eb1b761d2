#include "analysis/recommend.h"

#include <math.h>
#include <string.h>

#include "analysis/top_list.h"
#include "core/contract.h"
#include "core/memory.h"
#include "data/ordered_work.h"
#include "model/dot_bias.h"
#include "model/products.h"

/* Large enough for sgemm to reach its rate, small enough for the scores to stay in the L2 cache. */
enum { BLOCK_USERS = 256, BLOCK_MOVIES = 512 };
enum { ENTRIES_MAX = 1 << 19, SEEN_BITS_MAX = 1 << 27 };

/* The product below which no movie can enter a user's list is its least score less what all its movies have in
 * common and what the product may err by. */
struct bar {
    double common, error;
};

/* What a block of users needs; used again and again. */
struct room {
    float *users;     /* [users][factors + 1]: [p, 1] */
    float *scores;    /* [users][BLOCK_MOVIES] */
    uint32_t *places; /* [BLOCK_MOVIES] */
    float *rows;      /* [users + 1][stride]: the users' rows and a movie's, padded */
    struct bar *bars; /* [users] */
    struct top_entry *entries;
    struct top_list *lists; /* [users] */
    uint64_t *seen;         /* [users][seen_words], one bit a movie */
    struct recommendation *best;
    bool is_broken; /* a score was no finite number */
};

struct recommender {
    const struct recommend_request *request;
    const struct model_spec *spec;
    uint32_t top, block_users;
    size_t seen_words;
    struct ordered_work work;
    struct room rooms[ORDERED_WINDOW_MAX];
};

static uint32_t users_in_block(const struct recommend_request *request, uint32_t top) {
    size_t users = BLOCK_USERS, movies = request->catalogue->model->movies;
    if (users > request->user_count)
        users = request->user_count;
    if (users > ENTRIES_MAX / top)
        users = ENTRIES_MAX / top;
    if (request->seen != NULL && users > SEEN_BITS_MAX / movies)
        users = SEEN_BITS_MAX / movies;
    return users > 0 ? (uint32_t)users : 1;
}

static bool take_room(struct recommender *self, struct room *room, struct status *status) {
    static const char WHAT[] = "a block of recommendations";
    size_t users = self->block_users, columns = self->spec->factors + 1, kept = users * self->top;
    room->users = memory_take_array(users, columns * sizeof(float), WHAT, status);
    room->scores = memory_take_array(users, BLOCK_MOVIES * sizeof(float), WHAT, status);
    room->places = memory_take_array(BLOCK_MOVIES, sizeof *room->places, WHAT, status);
    room->rows = memory_take_array(users + 1, row_stride(self->spec->factors) * sizeof(float), WHAT, status);
    room->bars = memory_take_array(users, sizeof *room->bars, WHAT, status);
    room->entries = memory_take_array(kept, sizeof *room->entries, WHAT, status);
    room->lists = memory_take_array(users, sizeof *room->lists, WHAT, status);
    room->seen = memory_take_array(users, self->seen_words * sizeof *room->seen, WHAT, status);
    room->best = memory_take_array(kept, sizeof *room->best, WHAT, status);
    return room->users != NULL && room->scores != NULL && room->places != NULL && room->rows != NULL &&
           room->bars != NULL && room->entries != NULL && room->lists != NULL && room->seen != NULL &&
           room->best != NULL;
}

static void release_room(struct room *room) {
    void *const parts[] = {room->users,   room->scores, room->places, room->rows, room->bars,
                           room->entries, room->lists,  room->seen,   room->best};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        memory_release(parts[i]);
}

static const float *user_row(const struct recommender *self, uint32_t user) {
    return self->request->rows + (size_t)user * (self->spec->factors + 1);
}

static void note_seen(const struct recommender *self, struct room *room, uint32_t i, uint32_t user) {
    const struct seen *seen = self->request->seen;
    uint64_t *bits = room->seen + i * self->seen_words;
    if (seen == NULL)
        return;
    memset(bits, 0, self->seen_words * sizeof *bits);
    for (uint64_t at = seen->starts[user]; at < seen->starts[user + 1]; at++)
        bits[seen->movies[at] / 64] |= UINT64_C(1) << seen->movies[at] % 64;
}

static bool has_seen(const struct recommender *self, const struct room *room, uint32_t i, uint32_t movie) {
    const uint64_t *bits = room->seen + i * self->seen_words;
    return self->request->seen != NULL && (bits[movie / 64] >> movie % 64 & 1) != 0;
}

/* Rounded down to a float. */
static float height(const struct bar *bar, const struct top_list *list) {
    return nextafterf((float)(top_list_least(list) - bar->common - bar->error), -INFINITY);
}

/* Goes through a user's scores of a block of movies. */
static void select_best(const struct recommender *self, struct room *room, uint32_t i, uint32_t first,
                        uint32_t count) {
    const struct catalogue *catalogue = self->request->catalogue;
    size_t columns = self->spec->factors + 1, stride = row_stride(self->spec->factors);
    const float *scores = room->scores + (size_t)i * count, *user = room->rows + i * stride;
    float *movie_row = room->rows + self->block_users * stride,
          least = height(&room->bars[i], &room->lists[i]);
    size_t found = top_list_reaching(scores, count, least, room->places);
    for (size_t at = 0; at < found; at++) {
        uint32_t place = room->places[at], movie = catalogue_movie(catalogue, first + place);
        if (scores[place] < least || has_seen(self, room, i, movie))
            continue;
        memcpy(movie_row, catalogue->rows + (first + place) * columns, columns * sizeof(float));
        float score = dot_bias_score(self->spec, user, movie_row);
        room->is_broken |= !isfinite(score);
        top_list_offer(&room->lists[i], (double)score, movie);
        least = height(&room->bars[i], &room->lists[i]);
    }
}

static void begin_block(const struct recommender *self, struct room *room, const uint32_t *users,
                        uint32_t count) {
    const struct catalogue *catalogue = self->request->catalogue;
    size_t factors = self->spec->factors, stride = row_stride(self->spec->factors);
    room->is_broken = false;
    for (uint32_t i = 0; i < count; i++) {
        const float *row = user_row(self, users[i]);
        products_user(self->spec->factors, row, room->users + i * (factors + 1));
        memcpy(room->rows + i * stride, row, (factors + 1) * sizeof *row);
        room->bars[i].common = (double)row[factors] + (double)self->spec->mean;
        room->bars[i].error = products_error(self->spec, row, catalogue->norm, catalogue->bias);
        room->lists[i] = (struct top_list){room->entries + (size_t)i * self->top, 0, self->top};
        note_seen(self, room, i, users[i]);
    }
}

static void end_block(const struct recommender *self, struct room *room, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct recommendation *best = room->best + (size_t)i * self->top;
        struct top_list *list = &room->lists[i];
        top_list_sort(list);
        for (uint32_t rank = 0; rank < list->count; rank++) {
            float score = (float)list->entries[rank].score;
            best[rank] = (struct recommendation){list->entries[rank].row, dot_bias_rating(self->spec, score)};
        }
    }
}

static uint32_t block_count(const struct recommender *self, uint64_t task) {
    size_t left = self->request->user_count - task * self->block_users;
    return left < self->block_users ? (uint32_t)left : self->block_users;
}

/* A task: a block of users against all movies of the catalogue. */
static void run_block(void *context, uint64_t task) {
    struct recommender *self = context;
    const struct catalogue *catalogue = self->request->catalogue;
    struct room *room = &self->rooms[task % self->work.window];
    const uint32_t *users = self->request->users + task * self->block_users;
    uint32_t user_count = block_count(self, task), columns = self->spec->factors + 1;
    begin_block(self, room, users, user_count);
    for (uint32_t first = 0; first < catalogue->count; first += BLOCK_MOVIES) {
        uint32_t left = catalogue->count - first, count = left < BLOCK_MOVIES ? left : BLOCK_MOVIES;
        products_scores(self->spec->factors, room->users, user_count,
                        catalogue->rows + (size_t)first * columns, count, room->scores);
        for (uint32_t i = 0; i < user_count; i++)
            select_best(self, room, i, first, count);
    }
    end_block(self, room, user_count);
}

static bool hand_out(const struct recommender *self, uint64_t task, recommend_take *take, void *context,
                     struct status *status) {
    const struct room *room = &self->rooms[task % self->work.window];
    const uint32_t *users = self->request->users + task * self->block_users;
    if (room->is_broken)
        return status_fail(status, STATUS_BAD_DATA,
                           "the model predicts something that is not a finite number");
    for (uint32_t i = 0; i < block_count(self, task); i++)
        if (!take(context, users[i], room->best + (size_t)i * self->top, room->lists[i].count, status))
            return false;
    return true;
}

static bool run_all(struct recommender *self, recommend_take *take, void *context, struct status *status) {
    uint64_t tasks = (self->request->user_count + self->block_users - 1) / self->block_users, offered = 0;
    for (uint64_t task = 0; task < tasks; task++) {
        for (; offered < tasks && offered < task + self->work.window; offered++)
            ordered_work_offer(&self->work);
        ordered_work_await(&self->work, task);
        if (!hand_out(self, task, take, context, status))
            return false;
    }
    return true;
}

bool recommend_run(const struct recommend_request *request, recommend_take *take, void *context,
                   struct status *status) {
    const struct catalogue *catalogue = request->catalogue;
    REQUIRE(catalogue->count > 0 && request->top > 0, "there is something to recommend");
    struct recommender self = {.request = request, .spec = &catalogue->model->spec};
    self.top = request->top < catalogue->count ? request->top : catalogue->count;
    self.block_users = users_in_block(request, self.top);
    self.seen_words = request->seen == NULL ? 0 : ((size_t)catalogue->model->movies + 63) / 64;
    unsigned threads = ordered_work_threads(request->threads);
    if (request->user_count <= self.block_users)
        threads = 1;
    bool well = true;
    for (uint32_t i = 0; i < ordered_work_window(threads) && well; i++)
        well = take_room(&self, &self.rooms[i], status);
    if (well) {
        ordered_work_start(&self.work, threads, run_block, &self);
        well = run_all(&self, take, context, status);
        ordered_work_stop(&self.work);
    }
    for (uint32_t i = 0; i < ORDERED_WINDOW_MAX; i++)
        release_room(&self.rooms[i]);
    return well;
}
