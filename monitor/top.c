#include "monitor/top.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "monitor/canvas.h"
#include "monitor/quantity.h"
#include "monitor/top_columns.h"

enum { LABEL_CELLS = 9, BAR_MIN = 4, BAR_MAX = 24, RUN_BAR_MAX = 60, EVENTS_SHOWN = 8, LINE_BYTES = 1024 };

struct picture {
    struct canvas canvas;
    const json_t *status;
    struct top_view *view;
    unsigned used;         /* cells of the line under way */
    unsigned line;         /* of the body, counted from 0 */
    unsigned first, limit; /* of the body's lines that are shown */
    bool plain;            /* for a pipe */
};

static void put(struct picture *picture, const char *ascii) {
    picture->used = canvas_put(&picture->canvas, picture->used, ascii);
}

static void put_coloured(struct picture *picture, const char *code, const char *ascii) {
    canvas_colour(&picture->canvas, code);
    put(picture, ascii);
    canvas_colour(&picture->canvas, COLOUR_END);
}

static void end_line(struct picture *picture) {
    text_add(picture->canvas.text, picture->plain ? "\n" : "\x1b[K\r\n");
    picture->used = 0;
}

/* What came over a wire, for a terminal: nothing but printable ASCII. */
static void add_safe(struct text *text, const char *bytes) {
    for (; *bytes != '\0'; bytes++)
        text_add(text, "%c", *bytes >= ' ' && *bytes < 127 ? *bytes : '?');
}

/* ---- the head ---- */

static void put_run(struct picture *picture) {
    const json_t *run = json_object_get(picture->status, "run");
    const json_t *progress = json_object_get(picture->status, "progress");
    char head[LINE_BYTES], tail[LINE_BYTES];
    quantity eta;
    struct text before = text_over(head, sizeof head), after = text_over(tail, sizeof tail);
    double fraction = top_number(progress, "fraction");
    add_safe(&before, top_string(run, "name"));
    text_add(&before, "  ");
    add_safe(&before, top_string(run, "stage"));
    text_add(&before, "  epoch %.0f/%.0f  ", fmax(top_number(progress, "epoch"), 0),
             fmax(top_number(progress, "epochs"), 0));
    text_add(&after, "  %3.0f%%  eta %s", floor(fmin(fmax(fraction, 0), 1) * 100),
             quantity_clock(eta, top_number(progress, "eta_s")));
    unsigned around = (unsigned)(before.length + after.length);
    unsigned bar = picture->canvas.columns > around + BAR_MIN ? picture->canvas.columns - around : BAR_MIN;
    put_coloured(picture, COLOUR_STRONG, head);
    picture->used =
        canvas_bar(&picture->canvas, picture->used, bar < RUN_BAR_MAX ? bar : RUN_BAR_MAX, fraction);
    put(picture, tail);
    end_line(picture);
}

static void put_numbers(struct picture *picture) {
    const json_t *progress = json_object_get(picture->status, "progress");
    char line[LINE_BYTES];
    quantity loss, rmse, rate, speed, age;
    struct text text = text_over(line, sizeof line);
    text_add(&text, "loss %s   valid rmse %s   lr %s   %s ratings/s   pservers %.0f/%.0f   workers %.0f/%.0f",
             quantity_significant(loss, top_number(progress, "loss"), 3),
             quantity_significant(rmse, top_number(progress, "valid_rmse"), 3),
             quantity_rate(rate, top_number(progress, "learning_rate")),
             quantity_short(speed, top_number(progress, "ratings_per_s")),
             fmax(top_number(progress, "pservers_up"), 0), fmax(top_number(progress, "pservers"), 0),
             fmax(top_number(progress, "workers_up"), 0), fmax(top_number(progress, "workers"), 0));
    double since = top_number(progress, "checkpoint_age_s");
    if (top_number(progress, "checkpoint") > 0)
        text_add(&text, "   checkpoint %.0f", top_number(progress, "checkpoint"));
    if (top_number(progress, "checkpoint") > 0 && isfinite(since))
        text_add(&text, ", %s ago", quantity_clock(age, since));
    put(picture, line);
    end_line(picture);
}

/* How a run ended that is shown still. */
static void put_end(struct picture *picture) {
    const json_t *run = json_object_get(picture->status, "run");
    char line[LINE_BYTES];
    struct text text = text_over(line, sizeof line);
    double code = top_number(run, "exit_code");
    if (isnan(code))
        return;
    text_add(&text, "ended with code %.0f%s", code, top_string(run, "reason")[0] != '\0' ? ": " : "");
    add_safe(&text, top_string(run, "reason"));
    put_coloured(picture, code == 0 ? COLOUR_DONE : COLOUR_DOWN, line);
    end_line(picture);
}

/* ---- the body ---- */

/* Whether the next line of the body is in sight. */
static bool in_sight(struct picture *picture) {
    unsigned line = picture->line++;
    return line >= picture->first && line - picture->first < picture->limit;
}

static unsigned bar_cells(const struct picture *picture) {
    unsigned cells = picture->canvas.columns / 5;
    return cells < BAR_MIN ? BAR_MIN : cells > BAR_MAX ? BAR_MAX : cells;
}

static unsigned columns_that_fit(const struct picture *picture, const struct top_table *table) {
    unsigned cells = LABEL_CELLS + 2 + bar_cells(picture), count = 0;
    while (count < table->count &&
           cells + table->columns[count].width + 1 + (count == 0) <= picture->canvas.columns)
        cells += table->columns[count++].width + 1;
    return count;
}

/* States stand to the left, as words do; numbers to the right. */
static void add_padded(struct text *text, const struct top_column *column, const char *cell) {
    if (column->kind == TOP_STATE)
        text_add(text, "  %-*.*s", (int)column->width, (int)column->width, cell);
    else
        text_add(text, " %*s", (int)column->width, cell);
}

static void put_head(struct picture *picture, const struct top_table *table, const char *role) {
    char line[LINE_BYTES], title[TOP_CELL_BYTES];
    struct text text = text_over(line, sizeof line);
    if (!in_sight(picture))
        return;
    text_add(&text, "%-*s  %*s", LABEL_CELLS, role, (int)bar_cells(picture), "");
    for (unsigned i = 0; i < columns_that_fit(picture, table); i++) {
        const struct top_column *column = &table->columns[i];
        bool sorted = strcmp(column->name, picture->view->sort) == 0;
        snprintf(title, sizeof title, "%s%s", column->title, sorted ? "*" : "");
        add_padded(&text, column, title);
    }
    put_coloured(picture, COLOUR_REST, line);
    end_line(picture);
}

/* A member's share of the epoch under way. */
static double epoch_share(const struct picture *picture, const json_t *member) {
    const json_t *progress = json_object_get(picture->status, "progress");
    double steps = top_number(progress, "steps_per_epoch"), epoch = top_number(progress, "epoch");
    double share = (top_number(member, "step") - (epoch - 1) * steps) / steps;
    return steps > 0 ? share : top_number(progress, "fraction");
}

static const char *member_colour(const json_t *member) {
    const char *state = top_string(member, "state");
    if (strcmp(state, "lost") == 0)
        return COLOUR_DOWN;
    if (strcmp(state, "absent") == 0)
        return COLOUR_REST;
    return json_array_size(json_object_get(member, "flags")) > 0 || strcmp(state, "up") != 0 ? COLOUR_WARN
                                                                                             : NULL;
}

static void put_member(struct picture *picture, const struct top_table *table, const json_t *member) {
    char label[LINE_BYTES], line[LINE_BYTES], cell[TOP_CELL_BYTES];
    struct text start = text_over(label, sizeof label), text = text_over(line, sizeof line);
    const char *code = member_colour(member);
    if (!in_sight(picture))
        return;
    text_add(&start, "%*.0f  ", LABEL_CELLS, top_number(member, table->index));
    for (unsigned i = 0; i < columns_that_fit(picture, table); i++) {
        top_cell(cell, &table->columns[i], member);
        add_padded(&text, &table->columns[i], cell);
    }
    put(picture, label);
    picture->used =
        canvas_bar(&picture->canvas, picture->used, bar_cells(picture), epoch_share(picture, member));
    put_coloured(picture, code != NULL ? code : "", line);
    end_line(picture);
}

static void put_table(struct picture *picture, const struct top_table *table, const char *role) {
    const json_t *members[TOP_MEMBERS_MAX];
    size_t count = top_sorted(table, picture->status, picture->view->sort, picture->view->reversed, members);
    put_head(picture, table, role);
    for (size_t i = 0; i < count; i++)
        put_member(picture, table, members[i]);
    if (in_sight(picture))
        end_line(picture);
}

static void put_event(struct picture *picture, const json_t *event) {
    char line[LINE_BYTES];
    quantity when;
    struct text text = text_over(line, sizeof line);
    if (!in_sight(picture))
        return;
    text_add(&text, "%*s  ", LABEL_CELLS, quantity_clock(when, top_number(event, "seconds")));
    add_safe(&text, top_string(event, "event"));
    if (top_string(event, "role")[0] != '\0') {
        text_add(&text, " ");
        add_safe(&text, top_string(event, "role"));
        if (top_number(event, "index") >= 0)
            text_add(&text, " %.0f", top_number(event, "index"));
    }
    text_add(&text, "  ");
    add_safe(&text, top_string(event, "text"));
    put(picture, line);
    end_line(picture);
}

/* The newest first. */
static void put_events(struct picture *picture) {
    const json_t *events = json_object_get(picture->status, "events");
    size_t count = json_array_size(events), shown = count < EVENTS_SHOWN ? count : EVENTS_SHOWN;
    if (shown == 0)
        return;
    if (in_sight(picture)) {
        put_coloured(picture, COLOUR_REST, "events");
        end_line(picture);
    }
    for (size_t i = 0; i < shown; i++)
        put_event(picture, json_array_get(events, count - 1 - i));
}

static void put_body(struct picture *picture) {
    picture->line = 0;
    put_table(picture, &TOP_SHARDS, "pserver");
    put_table(picture, &TOP_WORKERS, "worker");
    put_events(picture);
}

/* ---- the whole ---- */

static void put_keys(struct picture *picture, unsigned lines) {
    char line[LINE_BYTES];
    struct text text = text_over(line, sizeof line);
    text_add(&text, "s sort: %s   r %s   q quit", picture->view->sort,
             picture->view->reversed ? "reversed" : "reverse");
    if (lines > picture->limit)
        text_add(&text, "   up/down: lines %u-%u of %u", picture->first + 1, picture->first + picture->limit,
                 lines);
    if (picture->view->notice != NULL)
        put_coloured(picture, COLOUR_WARN, picture->view->notice);
    else
        put_coloured(picture, COLOUR_REST, line);
    text_add(picture->canvas.text, "\x1b[K");
}

/* How long the body is: drawn once out of sight. */
static unsigned body_lines(struct picture *picture) {
    picture->limit = 0;
    put_body(picture);
    return picture->line;
}

static unsigned head_lines(const struct picture *picture) {
    return isnan(top_number(json_object_get(picture->status, "run"), "exit_code")) ? 3 : 4;
}

void top_compose(struct text *text, const json_t *status, struct top_view *view,
                 const struct live_style *style) {
    unsigned columns = style->columns < LIVE_COLUMNS_MIN  ? LIVE_COLUMNS_MIN
                       : style->columns > TOP_COLUMNS_MAX ? TOP_COLUMNS_MAX
                                                          : style->columns;
    struct picture picture = {.canvas = {text, style, columns - (style->lines > 0)},
                              .status = status,
                              .view = view,
                              .plain = style->lines == 0};
    unsigned lines = body_lines(&picture), above = head_lines(&picture) + 1;
    unsigned room = style->lines > above ? style->lines - above : 1;
    picture.limit = picture.plain || lines < room ? lines : room;
    if (view->first > lines - picture.limit)
        view->first = lines - picture.limit;
    picture.first = view->first;
    put_run(&picture);
    put_numbers(&picture);
    put_end(&picture);
    end_line(&picture);
    put_body(&picture);
    if (!picture.plain)
        put_keys(&picture, lines);
}

static bool stands_before(const struct top_table *table, size_t until, const char *name) {
    for (size_t i = 0; i < until; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return true;
    return false;
}

const char *top_sort_name(unsigned i) {
    if (i == 0)
        return "index";
    if (--i < TOP_SHARDS.count)
        return TOP_SHARDS.columns[i].name;
    i -= (unsigned)TOP_SHARDS.count;
    for (size_t k = 0; k < TOP_WORKERS.count; k++)
        if (!stands_before(&TOP_SHARDS, TOP_SHARDS.count, TOP_WORKERS.columns[k].name) && i-- == 0)
            return TOP_WORKERS.columns[k].name;
    return NULL;
}
