#include "monitor/post.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/memory.h"

/* A letter and, behind it, what it points at. */
struct sheet {
    struct letter letter;
    size_t capacity; /* bytes behind it */
};

/* Where one kind of news waits. A sheet that has been read, or that a newer one has overtaken, is written on again. */
struct tray {
    _Atomic(struct sheet *) waiting, blank;
};

struct post {
    int wake;
    atomic_uint_fast64_t dropped;
    struct tray progress, model, over;
    _Atomic(struct sheet *) ring[POST_LETTERS];
    atomic_size_t written, read; /* sheets ever put into the ring, and taken from it */
    struct sheet *taken;         /* the one that is being read; the taker's own */
    struct tray *taken_from;     /* NULL: the ring */
};

struct post *post_new(struct status *status) {
    struct post *post = memory_take(sizeof *post, "the monitor's post", status);
    if (post == NULL)
        return NULL;
    post->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (post->wake >= 0)
        return post;
    status_fail_errno(status, STATUS_NO_MEMORY, "cannot make an event descriptor");
    memory_release(post);
    return NULL;
}

int post_fd(const struct post *post) {
    return post->wake;
}

uint64_t post_dropped(const struct post *post) {
    return atomic_load(&post->dropped);
}

/* ---- posting ---- */

/* Room for that many bytes behind the letter; NULL, and one more is dropped, when there is none. */
static struct sheet *new_sheet(struct post *post, size_t bytes) {
    struct status ignored;
    struct sheet *sheet = memory_take_raw(sizeof *sheet + bytes, "a letter", &ignored);
    if (sheet == NULL)
        atomic_fetch_add(&post->dropped, 1);
    else
        sheet->capacity = bytes;
    return sheet;
}

void post_knock(struct post *post) {
    uint64_t one = 1;
    ssize_t written = write(post->wake, &one, sizeof one);
    (void)written; /* it can only be full of words already */
}

static void put_in_ring(struct post *post, struct sheet *sheet) {
    size_t at = atomic_load_explicit(&post->written, memory_order_relaxed);
    if (at - atomic_load_explicit(&post->read, memory_order_acquire) == POST_LETTERS) {
        atomic_fetch_add(&post->dropped, 1);
        memory_release(sheet);
        return;
    }
    atomic_store_explicit(&post->ring[at % POST_LETTERS], sheet, memory_order_relaxed);
    atomic_store_explicit(&post->written, at + 1, memory_order_release);
    post_knock(post);
}

/* A sheet for a tray: one that has been read, if it is large enough. */
static struct sheet *blank_sheet(struct post *post, struct tray *tray, size_t bytes) {
    struct sheet *sheet = atomic_exchange(&tray->blank, NULL);
    if (sheet != NULL && sheet->capacity >= bytes)
        return sheet;
    memory_release(sheet);
    return new_sheet(post, bytes);
}

static void put_in_tray(struct post *post, struct tray *tray, struct sheet *sheet) {
    struct sheet *overtaken = atomic_exchange(&tray->waiting, sheet);
    if (overtaken != NULL)
        memory_release(atomic_exchange(&tray->blank, overtaken));
    post_knock(post);
}

void post_line(struct post *post, double seconds, const char *line) {
    size_t bytes = strlen(line) + 1;
    struct sheet *sheet = new_sheet(post, bytes);
    if (sheet == NULL)
        return;
    sheet->letter = (struct letter){.kind = LETTER_LINE, .seconds = seconds};
    sheet->letter.line = memcpy(sheet + 1, line, bytes);
    put_in_ring(post, sheet);
}

void post_epoch(struct post *post, double seconds, const struct epoch_report *report) {
    struct sheet *sheet = new_sheet(post, 0);
    if (sheet == NULL)
        return;
    sheet->letter = (struct letter){.kind = LETTER_EPOCH, .seconds = seconds, .epoch = *report};
    put_in_ring(post, sheet);
}

void post_over(struct post *post, double seconds, const struct status *outcome) {
    struct sheet *sheet = new_sheet(post, 0);
    if (sheet == NULL)
        return;
    sheet->letter = (struct letter){.kind = LETTER_OVER, .seconds = seconds, .over = *outcome};
    put_in_tray(post, &post->over, sheet);
}

static const double *copy_numbers(char **to, const double *from, size_t count) {
    if (from == NULL)
        return NULL;
    double *copy = memcpy(*to, from, count * sizeof *from);
    *to += count * sizeof *from;
    return copy;
}

void post_model(struct post *post, double seconds, const struct model_report *report) {
    size_t scores = (size_t)report->movies * report->components;
    struct sheet *sheet =
        blank_sheet(post, &post->model, (scores + report->components + report->movies) * sizeof(double));
    if (sheet == NULL)
        return;
    char *to = (char *)(sheet + 1);
    sheet->letter = (struct letter){.kind = LETTER_MODEL, .seconds = seconds, .model = *report};
    sheet->letter.model.scores = copy_numbers(&to, report->scores, scores);
    sheet->letter.model.share = copy_numbers(&to, report->share, report->components);
    sheet->letter.model.biases = copy_numbers(&to, report->biases, report->movies);
    put_in_tray(post, &post->model, sheet);
}

/* ---- posting progress ---- */

static size_t text_bytes(const char *text) {
    return text == NULL ? 1 : strlen(text) + 1;
}

static size_t member_bytes(const struct member_report *member) {
    return text_bytes(member->host) + text_bytes(member->page);
}

static size_t progress_bytes(const struct progress_report *report) {
    size_t bytes =
        report->pserver_count * sizeof *report->shards + report->worker_count * sizeof *report->workers;
    for (uint32_t i = 0; i < report->pserver_count; i++)
        bytes += member_bytes(&report->shards[i].member);
    for (uint32_t i = 0; i < report->worker_count; i++)
        bytes += member_bytes(&report->workers[i].member);
    return bytes;
}

static const char *copy_text(char **to, const char *text) {
    size_t bytes = text_bytes(text);
    const char *copy = memcpy(*to, text == NULL ? "" : text, bytes);
    *to += bytes;
    return copy;
}

static void copy_member(char **to, struct member_report *member) {
    member->host = copy_text(to, member->host);
    member->page = copy_text(to, member->page);
}

static void copy_progress(struct progress_report *copy, void *room) {
    struct shard_progress *shards = room;
    memcpy(shards, copy->shards, copy->pserver_count * sizeof *shards);
    struct worker_progress *workers = (struct worker_progress *)(shards + copy->pserver_count);
    memcpy(workers, copy->workers, copy->worker_count * sizeof *workers);
    char *texts = (char *)(workers + copy->worker_count);
    for (uint32_t i = 0; i < copy->pserver_count; i++)
        copy_member(&texts, &shards[i].member);
    for (uint32_t i = 0; i < copy->worker_count; i++)
        copy_member(&texts, &workers[i].member);
    copy->shards = shards;
    copy->workers = workers;
}

void post_progress(struct post *post, double seconds, const struct progress_report *report) {
    struct sheet *sheet = blank_sheet(post, &post->progress, progress_bytes(report));
    if (sheet == NULL)
        return;
    sheet->letter = (struct letter){.kind = LETTER_PROGRESS, .seconds = seconds, .progress = *report};
    copy_progress(&sheet->letter.progress, sheet + 1);
    put_in_tray(post, &post->progress, sheet);
}

/* ---- taking ---- */

/* The letter that was taken last has been read. */
static void put_away(struct post *post) {
    struct sheet *sheet = post->taken;
    if (sheet != NULL && post->taken_from != NULL)
        sheet = atomic_exchange(&post->taken_from->blank, sheet);
    memory_release(sheet);
    post->taken = NULL;
}

static struct sheet *take_from_ring(struct post *post) {
    size_t at = atomic_load_explicit(&post->read, memory_order_relaxed);
    if (at == atomic_load_explicit(&post->written, memory_order_acquire))
        return NULL;
    struct sheet *sheet = atomic_load_explicit(&post->ring[at % POST_LETTERS], memory_order_relaxed);
    atomic_store_explicit(&post->read, at + 1, memory_order_release);
    post->taken_from = NULL;
    return sheet;
}

static struct sheet *take_from_tray(struct post *post, struct tray *tray) {
    post->taken_from = tray;
    return atomic_exchange(&tray->waiting, NULL);
}

/* The end is the last letter: what was posted before it is there when it is. */
static struct sheet *take(struct post *post) {
    bool is_over = atomic_load(&post->over.waiting) != NULL;
    struct sheet *sheet = take_from_ring(post);
    if (sheet == NULL)
        sheet = take_from_tray(post, &post->model);
    if (sheet == NULL)
        sheet = take_from_tray(post, &post->progress);
    return sheet == NULL && is_over ? take_from_tray(post, &post->over) : sheet;
}

const struct letter *post_take(struct post *post) {
    uint64_t words;
    put_away(post);
    post->taken = take(post);
    if (post->taken == NULL) {
        ssize_t got = read(post->wake, &words, sizeof words);
        post->taken = got > 0 ? take(post) : NULL; /* a letter may have come before its word was read */
    }
    return post->taken == NULL ? NULL : &post->taken->letter;
}

void post_free(struct post *post) {
    if (post == NULL)
        return;
    while (post_take(post) != NULL)
        continue;
    memory_release(atomic_load(&post->progress.blank));
    memory_release(atomic_load(&post->model.blank));
    memory_release(atomic_load(&post->over.blank));
    close(post->wake);
    memory_release(post);
}
