#include "node/event_log.h"

#include <string.h>
#include <time.h>

#include "monitor/event_pair.h"
#include "monitor/json_put.h"

enum { TIME_BYTES = 48, KEY_BYTES = 64 };

static void now_text(char text[TIME_BYTES]) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t length = strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, TIME_BYTES - length, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Digits, and more behind a point: what JSON takes as it is. A leading zero would be none of its numbers. */
static bool is_decimal(const struct event_pair *pair) {
    const char *at = pair->value, *end = at + pair->value_length;
    size_t whole = strspn(at, "0123456789");
    if (pair->quoted || whole == 0 || whole > 15 || (*at == '0' && whole > 1))
        return false;
    at += whole;
    if (at < end && *at == '.') {
        size_t decimals = strspn(at + 1, "0123456789");
        at += decimals > 0 ? 1 + decimals : 0;
    }
    return at == end;
}

static void put_pair(struct scroll *line, const struct event_pair *pair) {
    char key[KEY_BYTES];
    snprintf(key, sizeof key, "%.*s", pair->key_length, pair->key);
    json_put_key(line, key);
    if (is_decimal(pair))
        scroll_put(line, pair->value, (size_t)pair->value_length);
    else
        json_put_bytes(line, pair->value, (size_t)pair->value_length);
}

/* Keys are words: what is anything else is no pair of ours. */
static bool is_word(const struct event_pair *pair) {
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    return pair->key_length > 0 && pair->key_length < KEY_BYTES &&
           strspn(pair->key, ALLOWED) == (size_t)pair->key_length;
}

static void put_sentence(struct scroll *line, const char *sentence) {
    struct event_pair pair;
    const char *at = sentence;
    for (; event_pair_read(&pair, at) && is_word(&pair); at = pair.end)
        put_pair(line, &pair);
    at += strspn(at, " ");
    if (*at != '\0') {
        json_put_key(line, "text");
        json_put_text(line, at);
    }
}

static void write_json(const struct event_log *log, const char *when, const char *sentence) {
    struct scroll line = {0};
    json_put_open(&line, '{');
    json_put_key(&line, "time");
    json_put_text(&line, when);
    json_put_key(&line, "process");
    json_put_text(&line, log->process);
    put_sentence(&line, sentence);
    json_put_close(&line, '}');
    if (!line.failed)
        fprintf(log->file, "%.*s\n", (int)line.length, line.bytes);
    scroll_free(&line);
}

void event_log_line(const struct event_log *log, const char *sentence) {
    char when[TIME_BYTES];
    if (log->file == NULL)
        return;
    now_text(when);
    if (log->format == LOG_JSON)
        write_json(log, when, sentence);
    else
        fprintf(log->file, "time=%s %s\n", when, sentence);
    fflush(log->file);
}
