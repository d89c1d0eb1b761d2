#include "monitor/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/folder.h"
#include "monitor/csv_table.h"
#include "monitor/history.h"

enum { RUN, SHARDS, WORKERS, EVENTS, TABLES };

struct records {
    struct csv_table tables[TABLES];
    double offset;        /* time - seconds */
    uint32_t keep_every;  /* of the samples in the files */
    uint64_t last_sample; /* in the files */
    uint64_t last_event;  /* its serial on the board */
};

static bool name_tables(struct records *records, const char *folder, struct status *status) {
    static const struct {
        const char *name, *head;
    } FILES[TABLES] = {
        [RUN] = {"run.csv", "sample,time,seconds,epoch,loss,valid_rmse,learning_rate,ratings_per_s"},
        [SHARDS] = {"shards.csv", "sample,seconds,shard,pulls_per_s,pushes_per_s,pull_p99_us,apply_p99_us,"
                                  "staleness_p50,queue,busy"},
        [WORKERS] = {"workers.csv", "sample,seconds,worker,ratings_per_s"},
        [EVENTS] = {"events.csv", "time,seconds,event,role,index,text"},
    };
    for (size_t i = 0; i < TABLES; i++)
        if (!csv_table_at(&records->tables[i], folder, FILES[i].name, FILES[i].head, status))
            return false;
    return true;
}

/* ---- reading back ---- */

struct reading {
    struct board *board;
    struct series *series;
    double first_unix, first_seconds, last_unix, last_seconds; /* NaN: nothing was read */
};

static void note_time(struct reading *reading, double unix_time, double seconds) {
    if (!isfinite(unix_time) || !isfinite(seconds))
        return;
    if (!(reading->first_seconds <= seconds)) {
        reading->first_unix = unix_time;
        reading->first_seconds = seconds;
    }
    if (!(reading->last_seconds >= seconds)) {
        reading->last_unix = unix_time;
        reading->last_seconds = seconds;
    }
}

static void read_run(void *context, const struct fields *fields) {
    struct reading *reading = context;
    double sample = csv_table_number(&fields->items[0]), seconds = csv_table_number(&fields->items[2]);
    if (!(sample > (double)reading->series->taken && sample < 1e15) || !isfinite(seconds))
        return;
    float *row = series_add(reading->series, (uint64_t)sample, seconds);
    note_time(reading, csv_table_number(&fields->items[1]), seconds);
    for (int column = SERIES_EPOCH; row != NULL && column < SERIES_RUN_COLUMNS; column++)
        row[series_run_column((enum series_run)column)] =
            (float)csv_table_number(&fields->items[2 + (size_t)column]);
}

/* Where the numbers of a member's row belong; NULL when the series has no such sample or member. */
static float *find_row(const struct series *series, const struct fields *fields, uint32_t members,
                       uint32_t *member) {
    double serial = csv_table_number(&fields->items[0]), index = csv_table_number(&fields->items[2]);
    if (!(serial >= 1 && serial < 1e15) || !(index >= 0 && index < members))
        return NULL;
    uint32_t sample = series_find(series, (uint64_t)serial);
    *member = (uint32_t)index;
    return sample == series->count ? NULL : series->samples + (size_t)sample * series->columns;
}

static void read_shard(void *context, const struct fields *fields) {
    const struct reading *reading = context;
    uint32_t shard;
    float *row = find_row(reading->series, fields, reading->series->shard_count, &shard);
    if (row == NULL)
        return;
    row += series_shard_column(reading->series, shard);
    for (size_t column = 0; column < SERIES_SHARD_COLUMNS; column++)
        row[column] = (float)csv_table_number(&fields->items[3 + column]);
}

static void read_worker(void *context, const struct fields *fields) {
    const struct reading *reading = context;
    uint32_t worker;
    float *row = find_row(reading->series, fields, reading->series->worker_count, &worker);
    if (row != NULL)
        row[series_worker_column(reading->series, worker)] = (float)csv_table_number(&fields->items[3]);
}

static void copy_field(char *to, size_t capacity, const struct field *field) {
    snprintf(to, capacity, "%.*s", (int)field->length, field->bytes);
}

/* An epoch's row in the history does not know when it was. */
static void date_epoch(struct board *board, const struct board_event *event) {
    unsigned epoch;
    if (strcmp(event->event, "epoch") != 0 || sscanf(event->text, "epoch=%u", &epoch) != 1)
        return;
    for (size_t i = 0; i < board->epoch_count; i++)
        if (board->epochs[i].at.epoch == epoch)
            board->epochs[i].seconds_at = event->seconds;
}

/* False for a row that is no event. */
static bool take_event(struct board_event *event, const struct fields *fields) {
    double index = csv_table_number(&fields->items[4]);
    *event = (struct board_event){.seconds = csv_table_number(&fields->items[1]), .index = -1};
    if (!isfinite(event->seconds))
        return false;
    copy_field(event->event, sizeof event->event, &fields->items[2]);
    copy_field(event->role, sizeof event->role, &fields->items[3]);
    copy_field(event->text, sizeof event->text, &fields->items[5]);
    if (index >= 0 && index <= UINT32_MAX)
        event->index = (int64_t)index;
    return true;
}

static void read_event(void *context, const struct fields *fields) {
    struct reading *reading = context;
    struct board_event event;
    if (!take_event(&event, fields))
        return;
    note_time(reading, csv_table_number(&fields->items[0]), event.seconds);
    date_epoch(reading->board, &event);
    board_file(reading->board, &event);
}

static bool read_epoch(void *context, const struct epoch_report *report, struct status *status) {
    return board_epoch(context, report, NAN, status);
}

static bool read_tables(struct records *records, struct reading *reading, struct status *status) {
    static void (*const ROWS[TABLES])(void *, const struct fields *) = {
        [RUN] = read_run, [SHARDS] = read_shard, [WORKERS] = read_worker, [EVENTS] = read_event};
    for (size_t i = 0; i < TABLES; i++)
        if (!csv_table_read(&records->tables[i], ROWS[i], reading, status))
            return false;
    return true;
}

/* The run goes on after what was read, and after the rest since then unless that was a long one. */
static void go_on(const struct reading *reading, double now_unix) {
    struct board_run *run = &reading->board->run;
    double rest = now_unix - reading->last_unix;
    run->started_unix = now_unix;
    run->before = 0;
    if (!isfinite(reading->last_seconds))
        return;
    run->started_unix = reading->first_unix - reading->first_seconds;
    run->before = reading->last_seconds + (rest > 0 && rest <= RECORDS_REST_S ? rest : 0);
}

static bool read_all(struct records *records, const char *history, double now_unix, struct board *board,
                     struct series *series, struct status *status) {
    struct reading reading = {.board = board,
                              .series = series,
                              .first_unix = NAN,
                              .first_seconds = NAN,
                              .last_unix = NAN,
                              .last_seconds = NAN};
    if (!history_read(history, read_epoch, board, status) || !read_tables(records, &reading, status))
        return false;
    series_settle(series);
    go_on(&reading, now_unix);
    return true;
}

bool records_read(const char *folder, const char *history, double now_unix, struct board *board,
                  struct series *series, struct status *status) {
    struct records *records = memory_take(sizeof *records, "the run's records", status);
    bool good = records != NULL && name_tables(records, folder, status) &&
                read_all(records, history, now_unix, board, series, status);
    memory_release(records);
    return good;
}

struct listening {
    void (*event)(void *context, const struct board_event *event);
    void *context;
};

static void pass_event(void *context, const struct fields *fields) {
    const struct listening *listening = context;
    struct board_event event;
    if (take_event(&event, fields))
        listening->event(listening->context, &event);
}

bool records_each_event(const char *folder, void (*event)(void *context, const struct board_event *event),
                        void *context, struct status *status) {
    struct records *records = memory_take(sizeof *records, "the run's records", status);
    struct listening listening = {event, context};
    bool good = records != NULL && name_tables(records, folder, status) &&
                csv_table_read(&records->tables[EVENTS], pass_event, &listening, status);
    memory_release(records);
    return good;
}

/* ---- adding ---- */

static bool open_all(struct records *records, const char *folder, const char *history, double now_unix,
                     struct board *board, struct series *series, struct status *status) {
    struct folder made;
    if (!folder_make(&made, folder, status) || !name_tables(records, folder, status))
        return false;
    for (size_t i = 0; i < TABLES; i++)
        csv_table_mend(&records->tables[i]);
    if (!read_all(records, history, now_unix, board, series, status))
        return false;
    for (size_t i = 0; i < TABLES; i++)
        if (!csv_table_open(&records->tables[i], status))
            return false;
    records->offset = now_unix - board->run.before;
    records->keep_every = series->keep_every;
    records->last_sample = series->taken;
    records->last_event = board->event_count;
    return true;
}

struct records *records_open(const char *folder, const char *history, double now_unix, struct board *board,
                             struct series *series, struct status *status) {
    struct records *records = memory_take(sizeof *records, "the run's records", status);
    if (records == NULL || open_all(records, folder, history, now_unix, board, series, status))
        return records;
    records_close(records);
    return NULL;
}

void records_close(struct records *records) {
    if (records == NULL)
        return;
    for (size_t i = 0; i < TABLES; i++)
        csv_table_close(&records->tables[i]);
    memory_release(records);
}

/* Six digits are more than a chart can show; whole numbers and what is not known are shorter. */
static void print_numbers(FILE *file, const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (isfinite(numbers[i]))
            fprintf(file, ",%.6g", numbers[i]);
        else
            fputc(',', file);
    }
    fputc('\n', file);
}

static void print_sample(struct records *records, const struct series *series, uint32_t sample) {
    FILE *run = records->tables[RUN].file, *shards = records->tables[SHARDS].file,
         *workers = records->tables[WORKERS].file;
    const float *row = series->samples + (size_t)sample * series->columns;
    unsigned long long serial = series->serials[sample];
    double seconds = series->seconds[sample];
    fprintf(run, "%llu,%.3f,%.3f", serial, records->offset + seconds, seconds);
    print_numbers(run, row, SERIES_RUN_COLUMNS - 1);
    for (uint32_t i = 0; i < series->shard_count; i++) {
        fprintf(shards, "%llu,%.3f,%u", serial, seconds, i);
        print_numbers(shards, row + series_shard_column(series, i), SERIES_SHARD_COLUMNS);
    }
    for (uint32_t i = 0; i < series->worker_count; i++) {
        fprintf(workers, "%llu,%.3f,%u", serial, seconds, i);
        print_numbers(workers, row + series_worker_column(series, i), 1);
    }
}

static bool thin(struct records *records, uint32_t keep_every, struct status *status) {
    records->keep_every = keep_every;
    return csv_table_thin(&records->tables[RUN], keep_every, 0, status) &&
           csv_table_thin(&records->tables[SHARDS], keep_every, 0, status) &&
           csv_table_thin(&records->tables[WORKERS], keep_every, 0, status);
}

bool records_sample(struct records *records, const struct series *series, struct status *status) {
    uint32_t newest = series->count - 1;
    REQUIRE(series->count > 0 && series->serials[newest] > records->last_sample, "a sample is recorded once");
    if (series->keep_every != records->keep_every && !thin(records, series->keep_every, status))
        return false;
    records->last_sample = series->serials[newest];
    print_sample(records, series, newest);
    return csv_table_flush(&records->tables[RUN], status) &&
           csv_table_flush(&records->tables[SHARDS], status) &&
           csv_table_flush(&records->tables[WORKERS], status);
}

/* Any bytes in quotes, on one line. */
static void print_quoted(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, file);
    }
    fputs("\"\n", file);
}

static void print_event(struct records *records, const struct board_event *event) {
    struct csv_table *table = &records->tables[EVENTS];
    fprintf(table->file, "%.3f,%.3f,%s,%s,", records->offset + event->seconds, event->seconds, event->event,
            event->role);
    if (event->index >= 0)
        fprintf(table->file, "%lld", (long long)event->index);
    fputc(',', table->file);
    print_quoted(table->file, event->text);
    table->rows++;
}

bool records_events(struct records *records, const struct board *board, struct status *status) {
    struct csv_table *table = &records->tables[EVENTS];
    if (records->last_event == board->event_count)
        return true;
    while (records->last_event < board->event_count) {
        const struct board_event *event = board_event_at(board, ++records->last_event);
        if (event != NULL)
            print_event(records, event);
    }
    if (!csv_table_flush(table, status))
        return false;
    return table->rows <= RECORDS_EVENTS ||
           csv_table_thin(table, 1, table->rows - RECORDS_EVENTS / 2, status);
}
