/* dotbias top: a run that lives, in the terminal. */
#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/live_run.h"
#include "cli/top_screen.h"
#include "config/nearest.h"
#include "core/memory.h"
#include "monitor/terminal.h"
#include "monitor/top.h"

enum {
    KEY_ONCE = 0x100,
    FETCH_MS = 3000,
    SILENCE_MS = 15000, /* after which a run at an address counts as gone; a restart takes less */
    PAGE_LINES = 10
};

struct top_arguments {
    const char *named, *token;
    struct top_view view;
    double interval; /* seconds; NaN: not given */
    bool once, json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias top                          the newest run below ./runs that lives\n"
    "  dotbias top runs/demo-1              or of a folder\n"
    "  dotbias top http://127.0.0.1:43211/  or at an address\n"
    "  dotbias top --once --sort load       one table, the busiest pserver first\n"
    "  dotbias top --json | jq .progress    the status as JSON\n"
    "\v"
    "Keys: s sorts by the next column, r reverses, arrows, page keys and space scroll, q ends. Where the "
    "output is no "
    "terminal, one "
    "table is printed, or with --interval one after the other while the run lives.\n\n"
    "Columns to sort by: index, state (what is wrong first), pulls, pushes, load, p99, apply, queue, busy, "
    "staleness, hot, in, out, movies, users, memory, repeats of pservers; ratings, median, lanes, lag, "
    "compute, wait, gate, "
    "data "
    "of workers. docs/MONITORING.md says what they are.\n\n"
    "Exit codes: 66 when there is no such run or it does not live, 69 when it does not answer.";

static const struct argp_option OPTIONS[] = {
    {"once", KEY_ONCE, NULL, 0, "Print one table and stop", 0},
    {"json", 'j', NULL, 0, "Print the status as JSON, once or with --interval a line each", 0},
    {"interval", 'i', "SECONDS", 0, "Time between two looks (default 1)", 0},
    {"sort", 's', "COLUMN", 0, "Sort members by a column, largest first", 0},
    {"reverse", 'r', NULL, 0, "Smallest first", 0},
    {"token", 't', "FILE", 0,
     "The token that the page asks for; else the one that the run's configuration names", 0},
    {0},
};

static const char *sort_named(struct argp_state *state, const char *word) {
    const char *meant = NULL, *name;
    unsigned best = NEAREST_FAR;
    for (unsigned i = 0; (name = top_sort_name(i)) != NULL; i++) {
        unsigned rank = nearest_rank(word, name);
        if (strcmp(word, name) == 0)
            return name;
        if (rank < best) {
            best = rank;
            meant = name;
        }
    }
    if (meant != NULL)
        argp_error(state, "there is no column '%s' (did you mean '%s'?)", word, meant);
    argp_error(state, "there is no column '%s'; --help names them", word);
    return NULL;
}

static double interval_of(struct argp_state *state, const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0.05 && seconds <= 3600))
        argp_error(state, "--interval: '%s' is not a number of seconds from 0.05 to 3600", text);
    return seconds;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct top_arguments *arguments = state->input;
    switch (key) {
    case KEY_ONCE:
        arguments->once = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case 'i':
        arguments->interval = interval_of(state, value);
        return 0;
    case 's':
        arguments->view.sort = sort_named(state, value);
        return 0;
    case 'r':
        arguments->view.reversed = true;
        return 0;
    case 't':
        arguments->token = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->named != NULL)
            argp_error(state, "one run at a time: what is '%s'?", value);
        arguments->named = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- looking ---- */

struct watch {
    struct top_arguments *arguments;
    struct live_run run;
    char *answer; /* the last status as it came; NULL before the first */
    json_t *status;
    int64_t answered_ms;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Asks for the status; the last one stays when that fails. */
static bool look(struct watch *watch, struct status *status) {
    size_t length;
    json_error_t error;
    char *answer = top_fetch(&watch->run.address, "/api/v1/status", FETCH_MS, &length, status);
    if (answer == NULL)
        return false;
    json_t *read = json_loadb(answer, length, 0, &error);
    if (!json_is_object(read)) {
        json_decref(read);
        memory_release(answer);
        return status_fail(status, STATUS_UNAVAILABLE, "http://%s:%s/ is no page of a run",
                           watch->run.address.host, watch->run.address.port);
    }
    json_decref(watch->status);
    memory_release(watch->answer);
    watch->status = read;
    watch->answer = answer;
    watch->answered_ms = now_ms();
    return true;
}

/* Whether a run that has been silent will not come back. A coordinator that is started again may do so elsewhere. */
static bool is_gone(struct watch *watch) {
    struct status ignored;
    struct live_run found;
    if (!live_run_lives(&watch->run))
        return true;
    found.address.token = watch->run.address.token;
    if (watch->run.folder[0] != '\0' && live_run_find(&found, watch->run.folder, &ignored))
        watch->run = found;
    return now_ms() - watch->answered_ms > SILENCE_MS;
}

/* ---- for a pipe ---- */

static bool print(const struct watch *watch, char *bytes, struct status *status) {
    struct live_style style = terminal_style(stdout);
    struct text text = text_over(bytes, TOP_TEXT_BYTES);
    style.columns = isatty(STDOUT_FILENO) ? style.columns : TOP_COLUMNS_MAX;
    style.lines = 0;
    if (watch->arguments->json)
        printf("%s\n", watch->answer);
    else {
        top_compose(&text, watch->status, &watch->arguments->view, &style);
        fwrite(text.bytes, 1, text.length, stdout);
        if (!watch->arguments->once)
            putchar('\n');
    }
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           status_fail_errno(status, STATUS_IO, "cannot write to standard output");
}

static void rest(double seconds) {
    struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(fmod(seconds, 1) * 1e9)};
    nanosleep(&time, NULL);
}

static bool print_on(struct watch *watch, char *bytes, struct status *status) {
    struct status silence;
    if (!print(watch, bytes, status))
        return false;
    while (!watch->arguments->once) {
        rest(watch->arguments->interval);
        if (look(watch, &silence)) {
            if (!print(watch, bytes, status))
                return false;
        } else if (is_gone(watch))
            break;
    }
    return true;
}

/* ---- on a terminal ---- */

static void draw(struct watch *watch, const struct status *silence, char *bytes) {
    struct live_style style = terminal_style(stdout);
    struct text text = text_over(bytes, TOP_TEXT_BYTES);
    struct top_view *view = &watch->arguments->view;
    view->notice = silence->code != STATUS_OK ? silence->text : NULL;
    top_compose(&text, watch->status, view, &style);
    top_screen_draw(text.bytes, text.length);
}

static const char *next_sort(const char *sort) {
    unsigned i = 0;
    while (strcmp(top_sort_name(i), sort) != 0)
        i++;
    const char *next = top_sort_name(i + 1);
    return next != NULL ? next : top_sort_name(0);
}

static void scroll(struct top_view *view, int lines) {
    view->first = lines < 0 && view->first < (unsigned)-lines ? 0 : view->first + (unsigned)lines;
}

static void act(struct top_view *view, enum screen_event event) {
    switch (event) {
    case SCREEN_SORT:
        view->sort = next_sort(view->sort);
        break;
    case SCREEN_REVERSE:
        view->reversed = !view->reversed;
        break;
    case SCREEN_UP:
    case SCREEN_DOWN:
        scroll(view, event == SCREEN_UP ? -1 : 1);
        break;
    case SCREEN_PAGE_UP:
    case SCREEN_PAGE_DOWN:
        scroll(view, event == SCREEN_PAGE_UP ? -PAGE_LINES : PAGE_LINES);
        break;
    case SCREEN_HOME:
        view->first = 0;
        break;
    case SCREEN_END:
        view->first = TOP_TEXT_BYTES; /* taken back to what there is */
        break;
    default:
        break;
    }
}

/* Until somebody ends it or the run is gone; true when it is gone. */
static bool watch_on(struct watch *watch, struct top_screen *screen, char *bytes) {
    struct status silence = {0};
    int64_t interval_ms = (int64_t)(watch->arguments->interval * 1000), next_ms = now_ms() + interval_ms;
    for (;;) {
        draw(watch, &silence, bytes);
        int64_t left_ms = next_ms - now_ms();
        enum screen_event event = top_screen_wait(screen, left_ms > 0 ? (int)left_ms : 0);
        if (event == SCREEN_QUIT || event == SCREEN_ENDED)
            return false;
        act(&watch->arguments->view, event);
        if (now_ms() < next_ms)
            continue;
        next_ms = now_ms() + interval_ms;
        if (look(watch, &silence))
            silence.code = STATUS_OK;
        else if (is_gone(watch))
            return true;
    }
}

static int show(struct watch *watch, char *bytes, struct status *status) {
    struct top_screen screen;
    if (!top_screen_open(&screen, status))
        return command_report(status);
    bool gone = watch_on(watch, &screen, bytes);
    top_screen_close(&screen);
    if (gone && watch->run.folder[0] != '\0')
        fprintf(stderr, "the run in %s has ended: `dotbias report %s` looks back at it\n", watch->run.folder,
                watch->run.folder);
    else if (gone)
        fputs("the run has ended, or can no longer be reached\n", stderr);
    return screen.signal != 0 ? 128 + screen.signal : STATUS_OK;
}

/* ---- the command ---- */

/* Without a terminal there is one look, unless more are asked for. */
static bool settle(struct top_arguments *arguments) {
    bool screen = terminal_can_redraw(stdout) && isatty(STDIN_FILENO) && !arguments->json && !arguments->once;
    if (!screen && isnan(arguments->interval))
        arguments->once = true;
    if (isnan(arguments->interval))
        arguments->interval = 1;
    return screen;
}

static int top(struct watch *watch, struct status *status) {
    bool screen = settle(watch->arguments);
    if (!live_run_find(&watch->run, watch->arguments->named, status) ||
        !live_run_take_token(&watch->run, watch->arguments->token, status) || !look(watch, status))
        return command_report(status);
    char *bytes = memory_take_raw(TOP_TEXT_BYTES, "the picture", status);
    if (bytes == NULL)
        return command_report(status);
    int code = screen                           ? show(watch, bytes, status)
               : print_on(watch, bytes, status) ? STATUS_OK
                                                : command_report(status);
    memory_release(bytes);
    return code;
}

int command_top(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "[RUN_OR_URL]", DOC, NULL, NULL, NULL};
    struct top_arguments arguments = {.view = {.sort = top_sort_name(0)}, .interval = NAN};
    struct watch watch = {.arguments = &arguments};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    int code = top(&watch, &status);
    json_decref(watch.status);
    memory_release(watch.answer);
    return code;
}
