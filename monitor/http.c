#include "monitor/http.h"

#include <stdio.h>

#include "core/memory.h"
#include "monitor/api.h"
#include "monitor/log_tail.h"
#include "monitor/metrics.h"
#include "monitor/server.h"

enum { LINES_USUAL = 200, SENTENCE_BYTES = 256 };

static const char TYPE_JSON[] = "application/json";
static const char TYPE_TEXT[] = "text/plain; charset=utf-8";

struct http {
    struct http_source source;
    uint64_t changes;
    struct server *server;
};

/* ---- what an answer depends on ---- */

static uint64_t version_board(const void *context) {
    const struct http *http = context;
    return http->changes;
}

static uint64_t version_series(const void *context) {
    const struct http *http = context;
    return http->source.series->taken;
}

static uint64_t version_model(const void *context) {
    const struct http *http = context;
    return http->source.board->model.epoch;
}

/* ---- answers ---- */

static unsigned no_memory(struct scroll *scroll) {
    scroll_free(scroll);
    scroll_text(scroll, "there is not enough memory for this answer");
    return 503;
}

static unsigned finished(struct scroll *scroll) {
    return scroll->failed ? no_memory(scroll) : 200;
}

static unsigned answer_status(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    api_status(scroll, http->source.board);
    return finished(scroll);
}

static bool read_after(const void *context, struct server_request *request, struct scroll *sentence) {
    const struct http *http = context;
    uint64_t after;
    if (!server_number(request, "after", 0, UINT64_MAX, 0, &after, sentence))
        return false;
    request->variant = api_series_first(http->source.series, after);
    return true;
}

static unsigned answer_series(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    api_series(scroll, http->source.series, (uint32_t)request->variant);
    return finished(scroll);
}

static unsigned answer_model(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    return api_model(scroll, &http->source) ? finished(scroll) : no_memory(scroll);
}

static unsigned answer_metrics(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    metrics_run(scroll, http->source.board);
    return finished(scroll);
}

static unsigned answer_logs(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    log_tail_list(scroll, http->source.logs);
    return finished(scroll);
}

static bool read_lines(const void *context, struct server_request *request, struct scroll *sentence) {
    (void)context;
    return server_number(request, "lines", 1, LOG_TAIL_LINES, LINES_USUAL, &request->variant, sentence);
}

static unsigned answer_log(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    return log_tail_read(scroll, http->source.logs, request->rest, request->variant);
}

/* 200 "ok", or 503 and why not. */
static unsigned answer_whether(const struct http *http,
                               bool (*well)(void *context, char *sentence, size_t capacity),
                               struct scroll *scroll) {
    char sentence[SENTENCE_BYTES] = "no";
    bool good = well == NULL || well(http->source.context, sentence, sizeof sentence);
    scroll_text(scroll, good ? "ok\n" : sentence);
    return good ? 200 : 503;
}

static unsigned answer_health(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    return answer_whether(http, http->source.healthy, scroll);
}

static unsigned answer_readiness(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct http *http = context;
    (void)request;
    return answer_whether(http, http->source.ready, scroll);
}

static const struct server_route ROUTES[] = {
    {"/api/v1/status", TYPE_JSON, version_board, NULL, answer_status, false},
    {"/api/v1/series", TYPE_JSON, version_series, read_after, answer_series, false},
    {"/api/v1/model", TYPE_JSON, version_model, NULL, answer_model, false},
    {"/api/v1/logs", TYPE_JSON, NULL, NULL, answer_logs, false},
    {"/api/v1/logs/", TYPE_TEXT, NULL, read_lines, answer_log, false},
    {"/metrics", METRICS_TYPE, version_board, NULL, answer_metrics, false},
    {"/healthz", TYPE_TEXT, NULL, NULL, answer_health, true},
    {"/readyz", TYPE_TEXT, NULL, NULL, answer_readiness, true},
};

/* ---- life ---- */

struct http *http_open(const char *listen, int preferred_port, const struct http_source *source,
                       struct status *status) {
    struct http *http = memory_take(sizeof *http, "a page", status);
    if (http == NULL)
        return NULL;
    http->source = *source;
    http->server = server_open(&(struct server_spec){.listen = listen,
                                                     .preferred_port = preferred_port,
                                                     .routes = ROUTES,
                                                     .route_count = sizeof ROUTES / sizeof ROUTES[0],
                                                     .asset = page_asset_find,
                                                     .context = http,
                                                     .token = source->token},
                               status);
    if (http->server != NULL)
        return http;
    memory_release(http);
    return NULL;
}

const char *http_address(const struct http *http) {
    return server_address(http->server);
}

int http_fd(const struct http *http) {
    return server_fd(http->server);
}

int http_timeout_ms(const struct http *http) {
    return server_timeout_ms(http->server);
}

void http_turn(struct http *http) {
    server_turn(http->server);
}

void http_changed(struct http *http) {
    http->changes++;
}

void http_close(struct http *http) {
    if (http == NULL)
        return;
    server_close(http->server);
    memory_release(http);
}
