/* The run over HTTP: page, API, /metrics, logs (docs/MONITORING.md). Made from the board and the series in the thread of
 * whoever owns them: no thread of its own, no lock, and nothing here ever blocks.
 *
 * An answer is rendered at most once per change and path, so a hundred browsers cost one rendering. Connections, sizes of
 * requests and times are bounded (monitor/server.h). */
#ifndef MONITOR_HTTP_H
#define MONITOR_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "monitor/board.h"
#include "monitor/series.h"
#include "monitor/token.h"

/* A movie by its row, for people. Bytes of any kind, borrowed. */
struct http_movie {
    const char *id, *title;
    size_t id_length, title_length;
    uint32_t ratings; /* training and validation */
};

/* All is borrowed until http_close; NULL stands for what there is not. The functions are called in http_turn, by the
 * thread that calls it. */
struct http_source {
    const struct board *board;
    const struct series *series;
    const char *logs; /* a folder */
    /* Whether the run trains; else why not, in a sentence. NULL: always. */
    bool (*ready)(void *context, char *sentence, size_t capacity);
    /* Whether the coordinator's loop turns; likewise. NULL: always. */
    bool (*healthy)(void *context, char *sentence, size_t capacity);
    /* Names a movie of the board's model. NULL: /api/v1/model has no points. */
    void (*movie)(void *context, uint32_t movie, struct http_movie *named);
    const struct token
        *token;       /* NULL or empty: none is asked for; /healthz and /readyz are open in any case */
    uint32_t popular; /* best and worst are chosen among this many most-rated movies; 0: among all */
    void *context;
};

struct http;

/* Listens at "HOST:PORT" ("127.0.0.1:*", "[::1]:8080", "*:8080" for every interface). Where PORT is * and preferred_port is
 * not 0, that one is tried before the system chooses. NULL and STATUS_CONFIG (no such address), STATUS_UNAVAILABLE ("cannot
 * listen on 127.0.0.1:80: ...") or STATUS_NO_MEMORY. */
struct http *http_open(const char *listen, int preferred_port, const struct http_source *source,
                       struct status *status);

/* "127.0.0.1:43211": where it can be reached. A listener on every interface names this host. */
const char *http_address(const struct http *http);

/* To be polled for reading, for at most http_timeout_ms (-1: no end), and then http_turn; it never blocks. */
int http_fd(const struct http *http);
int http_timeout_ms(const struct http *http);
void http_turn(struct http *http);

/* The board or the series has changed: what was rendered before is stale. */
void http_changed(struct http *http);

/* Ends all connections. NULL is allowed. */
void http_close(struct http *http);

#endif
