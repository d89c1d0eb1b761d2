#include "monitor/desk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/atomic_file.h"
#include "monitor/records.h"
#include "monitor/targets.h"

struct desk {
    struct desk_spec spec;
    char folder[PATH_MAX];
    char url[BOARD_TEXT_BYTES + 16]; /* empty: no page */
    double started_unix;             /* of this process */
    struct board board;
    struct series series;
    struct records *records; /* NULL: something failed */
    struct http *http;       /* NULL: likewise */
    struct scroll targets;   /* as they were written last */
    bool shows_targets;
    bool begun;   /* a report has come */
    bool changed; /* since desk_file */
};

static double unix_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void complain(const struct desk *desk, const char *loss, const struct status *status) {
    char line[STATUS_TEXT_BYTES + 128];
    snprintf(line, sizeof line, "%s: %s", loss, status->text);
    desk->spec.complain(desk->spec.context, line);
}

static bool path_of(const struct desk *desk, const char *name, char path[PATH_MAX]) {
    return snprintf(path, PATH_MAX, "%s/%s", desk->folder, name) < PATH_MAX;
}

static bool write_small(const struct desk *desk, const char *name, const char *text, size_t length,
                        struct status *status) {
    char path[PATH_MAX];
    if (!path_of(desk, name, path))
        return status_fail(status, STATUS_CANT_CREATE, "the path '%.200s...' is too long", desk->folder);
    struct atomic_file *file = atomic_file_create(path, status);
    if (file == NULL)
        return false;
    if (atomic_file_write(file, text, length, status))
        return atomic_file_commit(file, status);
    atomic_file_abandon(file);
    return false;
}

/* ---- targets.json ---- */

static void show_targets(struct desk *desk) {
    struct status status;
    struct scroll text = {.bytes = NULL};
    if (!desk->shows_targets)
        return;
    targets_put(&text, &desk->board, desk->http == NULL ? NULL : http_address(desk->http));
    if (!text.failed && text.length == desk->targets.length &&
        memcmp(text.bytes, desk->targets.bytes, text.length) == 0) {
        scroll_free(&text);
        return;
    }
    bool written = text.failed ? status_fail(&status, STATUS_NO_MEMORY, "no memory for it")
                               : write_small(desk, "targets.json", text.bytes, text.length, &status);
    scroll_free(&desk->targets);
    desk->targets = text;
    if (written)
        return;
    complain(desk, "no more targets.json for Prometheus", &status);
    desk->shows_targets = false;
}

/* ---- the page ---- */

static bool is_ready(void *context, char *sentence, size_t capacity) {
    const struct desk *desk = context;
    const struct progress_report *at = &desk->board.at;
    if (desk->board.over)
        snprintf(sentence, capacity, "the run is over");
    else if (at->stage == RUN_WAITING)
        snprintf(sentence, capacity,
                 "the run waits for members: %u of %u pservers and %u of %u workers are there",
                 at->pservers_up, at->pserver_count, at->workers_up, at->worker_count);
    else
        return true;
    return false;
}

static bool is_healthy(void *context, char *sentence, size_t capacity) {
    const struct desk *desk = context;
    return desk->board.over || desk->spec.healthy(desk->spec.context, sentence, capacity);
}

static void name_movie(void *context, uint32_t movie, struct http_movie *named) {
    const struct desk *desk = context;
    desk->spec.movie(desk->spec.context, movie, named);
}

/* The port that an earlier process of this run had, so that a page that is open finds the next one; 0: none. */
static int former_port(const struct desk *desk) {
    char path[PATH_MAX], url[sizeof desk->url] = "";
    FILE *file = path_of(desk, "url", path) ? fopen(path, "re") : NULL;
    if (file == NULL)
        return 0;
    bool got = fgets(url, sizeof url, file) != NULL;
    fclose(file);
    const char *colon = strrchr(url, ':');
    int port = got && colon != NULL ? atoi(colon + 1) : 0;
    return port > 0 && port <= 65535 ? port : 0;
}

static void open_page(struct desk *desk) {
    struct status status;
    const struct service_spec *service = desk->spec.service;
    struct http_source source = {
        .board = &desk->board,
        .series = &desk->series,
        .logs = service->logs,
        .ready = is_ready,
        .healthy = is_healthy,
        .movie = desk->spec.movie == NULL ? NULL : name_movie,
        .popular = service->popular,
        .token = service->token,
        .context = desk,
    };
    desk->http = http_open(service->listen, former_port(desk), &source, &status);
    if (desk->http == NULL) {
        complain(desk, "the run has no page", &status);
        return;
    }
    snprintf(desk->url, sizeof desk->url, "http://%s/\n", http_address(desk->http));
    if (!write_small(desk, "url", desk->url, strlen(desk->url), &status))
        complain(desk, "the address of the page is not in the run's folder", &status);
    desk->url[strcspn(desk->url, "\n")] = '\0';
}

int desk_fd(const struct desk *desk) {
    return desk->http == NULL ? -1 : http_fd(desk->http);
}

int desk_timeout_ms(const struct desk *desk) {
    return desk->http == NULL ? -1 : http_timeout_ms(desk->http);
}

void desk_answer(struct desk *desk) {
    if (desk->http != NULL)
        http_turn(desk->http);
}

const char *desk_url(const struct desk *desk) {
    return desk->url[0] == '\0' ? NULL : desk->url;
}

/* ---- opening and closing ---- */

/* Whose coordinator was lost, and is back with this one. */
static void say_back(struct desk *desk) {
    struct board *board = &desk->board;
    const struct board_event *event = NULL;
    char line[128];
    for (uint64_t serial = board->event_count; serial > 0 && (event = board_event_at(board, serial)) != NULL;
         serial--)
        if (strcmp(event->role, "coordinator") == 0)
            break;
    if (event == NULL || strcmp(event->role, "coordinator") != 0 || strcmp(event->event, "lost") != 0)
        return;
    snprintf(line, sizeof line, "event=recovered role=coordinator index=0 seconds=%.1f checkpoint=%llu",
             board->at.seconds - event->seconds, (unsigned long long)board->run.checkpoint);
    board_event(board, line, board->at.seconds);
}

static void open_records(struct desk *desk) {
    struct status status;
    desk->records = records_open(desk->folder, desk->spec.service->history, desk->started_unix, &desk->board,
                                 &desk->series, &status);
    desk->shows_targets = desk->records != NULL;
    if (desk->records == NULL)
        complain(desk, "nothing is recorded for the page", &status);
}

struct desk *desk_open(const struct desk_spec *spec, struct status *status) {
    const struct service_spec *service = spec->service;
    struct desk *desk = memory_take(sizeof *desk, "the monitor", status);
    if (desk == NULL)
        return NULL;
    desk->spec = *spec;
    desk->started_unix = unix_now();
    snprintf(desk->folder, sizeof desk->folder, "%s", service->folder);
    if (!board_init(&desk->board, &service->run, status) ||
        !series_init(&desk->series, service->pservers, service->workers, status)) {
        desk_close(desk);
        return NULL;
    }
    desk->board.run.started_unix = desk->started_unix;
    open_records(desk);
    if (!board_expect(&desk->board, service->pservers, service->workers, status)) {
        desk_close(desk);
        return NULL;
    }
    open_page(desk);
    show_targets(desk);
    desk->spec.service = NULL;
    return desk;
}

void desk_close(struct desk *desk) {
    char path[PATH_MAX];
    if (desk == NULL)
        return;
    struct http *http = desk->http;
    desk->board.over = true;
    desk->http = NULL;
    show_targets(desk);
    http_close(http);
    if (desk->url[0] != '\0' && path_of(desk, "url", path))
        unlink(path);
    records_close(desk->records);
    scroll_free(&desk->targets);
    series_free(&desk->series);
    board_free(&desk->board);
    memory_release(desk);
}

/* ---- letters ---- */

static void lose_records(struct desk *desk, const struct status *status) {
    complain(desk, "the run is recorded no further for the page", status);
    records_close(desk->records);
    desk->records = NULL;
}

static bool read_progress(struct desk *desk, const struct letter *letter, struct status *status) {
    struct progress_report report = letter->progress;
    struct board *board = &desk->board;
    report.seconds = letter->seconds; /* one clock for reports and events */
    if (!board_progress(board, &report, status))
        return false;
    if (!desk->begun)
        say_back(desk);
    desk->begun = true;
    if (board->sampled_at == board->at.seconds && series_sample(&desk->series, board) &&
        desk->records != NULL && !records_sample(desk->records, &desk->series, status)) {
        lose_records(desk, status);
    }
    return true;
}

static bool read_epoch(struct desk *desk, const struct letter *letter, struct status *status) {
    const struct epoch_report *epoch = &letter->epoch;
    double seconds = desk->board.run.before + letter->seconds;
    char line[192];
    int length =
        snprintf(line, sizeof line, "event=epoch epoch=%u train_loss=%.5f", epoch->epoch, epoch->train_loss);
    if (epoch->valid_count > 0)
        snprintf(line + length, sizeof line - (size_t)length, " valid_rmse=%.5f", epoch->valid_rmse);
    board_event(&desk->board, line, seconds);
    return board_epoch(&desk->board, epoch, seconds, status);
}

void desk_letter(struct desk *desk, const struct letter *letter) {
    struct status status = {.code = STATUS_OK};
    double seconds = desk->board.run.before + letter->seconds;
    bool good = true;
    switch (letter->kind) {
    case LETTER_LINE:
        board_event(&desk->board, letter->line, seconds);
        break;
    case LETTER_EPOCH:
        good = read_epoch(desk, letter, &status);
        break;
    case LETTER_MODEL:
        good = board_model(&desk->board, &letter->model, &status);
        break;
    case LETTER_PROGRESS:
        good = read_progress(desk, letter, &status);
        break;
    case LETTER_OVER:
        board_over(&desk->board, &letter->over, seconds);
        break;
    }
    if (!good)
        complain(desk, "the page misses something", &status);
    desk->changed = true;
}

void desk_word(struct desk *desk, const char *line) {
    double time;
    int length = 0;
    if (sscanf(line, "time=%lf %n", &time, &length) != 1 || length == 0)
        return;
    double seconds = desk->board.run.before + time - desk->started_unix;
    board_event(&desk->board, line + length, seconds > 0 ? seconds : 0);
    desk->changed = true;
}

void desk_file(struct desk *desk) {
    struct status status;
    if (!desk->changed)
        return;
    desk->changed = false;
    if (desk->records != NULL && !records_events(desk->records, &desk->board, &status))
        lose_records(desk, &status);
    show_targets(desk);
    if (desk->http != NULL)
        http_changed(desk->http);
}
