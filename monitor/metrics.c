#include "monitor/metrics.h"

#include <math.h>
#include <stdio.h>

#include "monitor/process_figures.h"

enum { REAL_DIGITS = 12, SUM_DIGITS = 15, BOUND_BYTES = 16 };

enum scope { SCOPE_RUN, SCOPE_SHARD, SCOPE_WORKER, SCOPE_MEMBER, SCOPE_PSERVER, SCOPE_LABOUR, SCOPE_PROCESS };

/* What the numbers of the table are taken from; NULL what is not in sight. */
struct sight {
    const struct board *run;
    const struct board_shard *shard;
    const struct board_worker *worker;
    const struct figures *own;
    const struct process_figures *process;
};

/* ---- the table: a function for each line's number, and what is known of it ---- */

#define OF_LINE_(word, line) word##_##line
#define OF_LINE(word, line)  OF_LINE_(word, line)
#define IN_SIGHT                                                                                             \
    __attribute__((unused)) const struct board *run = at->run;                                               \
    __attribute__((unused)) const struct board_shard *shard = at->shard;                                     \
    __attribute__((unused)) const struct board_worker *worker = at->worker;                                  \
    __attribute__((unused)) const struct figures *own = at->own;                                             \
    __attribute__((unused)) const struct process_figures *process = at->process;

#define NUMBER(scope, type, name, number, help)                                                              \
    static double OF_LINE(value, __LINE__)(const struct sight *at) {                                         \
        IN_SIGHT                                                                                             \
        return number;                                                                                       \
    }
#define MICROS(scope, name, number, help) NUMBER(scope, counter, name, (double)(number) / 1e6, help)
#define TALLY(scope, name, held, scale, slots, help)                                                         \
    static const struct tally *OF_LINE(slots_of, __LINE__)(const struct sight *at) {                         \
        IN_SIGHT                                                                                             \
        return held;                                                                                         \
    }
#include "monitor/metrics.def"

struct metric {
    enum scope scope;
    const char *type, *name, *help;
    double (*number)(const struct sight *at);             /* a gauge or counter */
    const struct tally *(*tally)(const struct sight *at); /* a histogram */
    double scale;
    unsigned slots;
};

static const struct metric METRICS[] = {
#define NUMBER(scope, type, name, number, help)                                                              \
    {SCOPE_##scope, #type, name, help, OF_LINE(value, __LINE__), NULL, 0, 0},
#define MICROS(scope, name, number, help) NUMBER(scope, counter, name, number, help)
#define TALLY(scope, name, tally, scale, slots, help)                                                        \
    {SCOPE_##scope, "histogram", name, help, NULL, OF_LINE(slots_of, __LINE__), scale, slots},
#include "monitor/metrics.def"
};

enum { METRIC_COUNT = sizeof METRICS / sizeof METRICS[0] };

/* ---- lines ---- */

static void put_number(struct scroll *scroll, double value) {
    if (value >= 0 && value < 0x1p53 && value == floor(value))
        scroll_uint(scroll, (uint64_t)value);
    else
        scroll_real(scroll, value, REAL_DIGITS);
}

static void put_head(struct scroll *scroll, const struct metric *metric) {
    scroll_add(scroll, "# HELP %s %s.\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
               metric->type);
}

/* `name` or `name{label}`; label is "" or `shard="0"`. */
static void put_name(struct scroll *scroll, const char *name, const char *label) {
    scroll_text(scroll, name);
    if (label[0] != '\0') {
        scroll_put(scroll, "{", 1);
        scroll_text(scroll, label);
        scroll_put(scroll, "}", 1);
    }
    scroll_put(scroll, " ", 1);
}

static void put_sample(struct scroll *scroll, const struct metric *metric, const char *label,
                       const struct sight *at) {
    double value = metric->number(at);
    if (!isfinite(value))
        return;
    put_name(scroll, metric->name, label);
    put_number(scroll, value);
    scroll_put(scroll, "\n", 1);
}

/* `name_bucket{shard="0",le="`, up to the bound. */
static size_t bucket_begin(char text[128], const struct metric *metric, const char *label) {
    return (size_t)snprintf(text, 128, "%s_bucket{%s%sle=\"", metric->name, label,
                            label[0] == '\0' ? "" : ",");
}

static void put_bucket(struct scroll *scroll, const char *begin, size_t length, const char *bound,
                       uint64_t count) {
    scroll_put(scroll, begin, length);
    scroll_text(scroll, bound);
    scroll_put(scroll, "\"} ", 3);
    scroll_uint(scroll, count);
    scroll_put(scroll, "\n", 1);
}

/* Prometheus' buckets count all up to their bound. */
static void put_histogram(struct scroll *scroll, const struct metric *metric, const char *label,
                          const struct sight *at, char (*bounds)[BOUND_BYTES]) {
    const struct tally *tally = metric->tally(at);
    uint64_t total = tally_count(tally), below = 0;
    char begin[128], name[80];
    size_t length = bucket_begin(begin, metric, label);
    for (unsigned slot = 0; slot + 1 < metric->slots; slot++) {
        below += tally->counts[slot];
        put_bucket(scroll, begin, length, bounds[slot], below);
    }
    put_bucket(scroll, begin, length, "+Inf", total);
    snprintf(name, sizeof name, "%s_sum", metric->name);
    put_name(scroll, name, label);
    scroll_real(scroll, (double)tally->sum * metric->scale, SUM_DIGITS);
    snprintf(name, sizeof name, "\n%s_count", metric->name);
    put_name(scroll, name, label);
    scroll_uint(scroll, total);
    scroll_put(scroll, "\n", 1);
}

/* ---- families ---- */

/* All members' lines of one metric stand together under its head, as the format demands. */
struct family {
    const struct metric *metric;
    char bounds[TALLY_SLOTS][BOUND_BYTES];
};

static void open_family(struct family *family, struct scroll *scroll, const struct metric *metric) {
    family->metric = metric;
    for (unsigned slot = 0; slot + 1 < metric->slots; slot++)
        snprintf(family->bounds[slot], BOUND_BYTES, "%.9g", (double)tally_bound(slot) * metric->scale);
    put_head(scroll, metric);
}

static void put_one(struct family *family, struct scroll *scroll, const char *label, const struct sight *at) {
    if (family->metric->tally != NULL)
        put_histogram(scroll, family->metric, label, at, family->bounds);
    else
        put_sample(scroll, family->metric, label, at);
}

static void put_shards(struct family *family, struct scroll *scroll, const struct board *board) {
    char label[32];
    for (uint32_t i = 0; i < board->shard_count; i++) {
        snprintf(label, sizeof label, "shard=\"%u\"", i);
        put_one(family, scroll, label, &(struct sight){.shard = &board->shards[i]});
    }
}

static void put_workers(struct family *family, struct scroll *scroll, const struct board *board) {
    char label[32];
    for (uint32_t i = 0; i < board->worker_count; i++) {
        snprintf(label, sizeof label, "worker=\"%u\"", i);
        put_one(family, scroll, label, &(struct sight){.worker = &board->workers[i]});
    }
}

static void put_build(struct scroll *scroll) {
    scroll_text(scroll, "# HELP dotbias_build_info Which program this is; always 1.\n"
                        "# TYPE dotbias_build_info gauge\n"
                        "dotbias_build_info{version=\"" DOTBIAS_VERSION "\"} 1\n");
}

void metrics_run(struct scroll *scroll, const struct board *board) {
    struct family family;
    struct process_figures process;
    struct sight run = {.run = board, .process = &process};
    bool known = process_figures_read(&process);
    put_build(scroll);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        enum scope scope = METRICS[i].scope;
        bool is_own = scope == SCOPE_RUN || (scope == SCOPE_PROCESS && known);
        if (!is_own && scope != SCOPE_SHARD && scope != SCOPE_WORKER)
            continue;
        open_family(&family, scroll, &METRICS[i]);
        if (scope == SCOPE_SHARD)
            put_shards(&family, scroll, board);
        else if (scope == SCOPE_WORKER)
            put_workers(&family, scroll, board);
        else
            put_one(&family, scroll, "", &run);
    }
}

void metrics_member(struct scroll *scroll, enum role role, const struct figures *figures) {
    struct family family;
    struct process_figures process;
    struct sight at = {.own = figures, .process = &process};
    enum scope own = role == ROLE_PSERVER ? SCOPE_PSERVER : SCOPE_LABOUR;
    bool known = process_figures_read(&process);
    put_build(scroll);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        enum scope scope = METRICS[i].scope;
        if ((scope == SCOPE_PROCESS && known) ||
            (figures != NULL && (scope == own || scope == SCOPE_MEMBER))) {
            open_family(&family, scroll, &METRICS[i]);
            put_one(&family, scroll, "", &at);
        }
    }
}
