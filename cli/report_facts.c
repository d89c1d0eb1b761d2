#include "cli/report_facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/loader.h"
#include "core/memory.h"
#include "monitor/records.h"

static bool path_of(const struct report_facts *facts, const char *file, char path[PATH_MAX]) {
    return snprintf(path, PATH_MAX, "%s/%s", facts->folder, file) < PATH_MAX;
}

static bool is_there(const struct report_facts *facts, const char *file) {
    char path[PATH_MAX];
    return path_of(facts, file, path) && access(path, F_OK) == 0;
}

static bool name_folder(struct report_facts *facts, const char *folder, struct status *status) {
    int length = snprintf(facts->folder, sizeof facts->folder, "%s", folder);
    if (length >= (int)sizeof facts->folder - 64)
        return status_fail(status, STATUS_NO_INPUT, "the path '%.200s...' is too long", folder);
    while (length > 1 && facts->folder[length - 1] == '/')
        facts->folder[--length] = '\0';
    const char *slash = strrchr(facts->folder, '/');
    facts->name = slash != NULL && slash[1] != '\0' ? slash + 1 : facts->folder;
    return is_there(facts, "config.yaml") ||
           status_fail(status, STATUS_NO_INPUT, "%s is no run's folder: it has no config.yaml", folder);
}

static bool read_text(struct report_facts *facts, const char *path, struct status *status) {
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", path);
    facts->config_text = memory_take(CONFIG_FILE_BYTES_MAX, "the configuration", status);
    bool good = facts->config_text != NULL;
    facts->config_length = good ? fread(facts->config_text, 1, CONFIG_FILE_BYTES_MAX, file) : 0;
    good = good && (!ferror(file) || status_fail(status, STATUS_IO, "cannot read %s", path));
    fclose(file);
    return good;
}

static bool read_config(struct report_facts *facts, struct status *status) {
    struct config_report report = {0};
    char path[PATH_MAX];
    path_of(facts, "config.yaml", path);
    bool good = config_load_alone(&facts->config, path, &report, status);
    config_report_release(&report);
    return good && read_text(facts, path, status);
}

static bool read_summary(struct report_facts *facts, struct status *status) {
    char path[PATH_MAX];
    json_error_t error;
    path_of(facts, "summary.json", path);
    if (access(path, F_OK) != 0)
        return true;
    facts->summary = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    return json_is_object(facts->summary) ||
           status_fail(status, STATUS_BAD_DATA, "%s:%d: %s", path, error.line,
                       facts->summary == NULL ? error.text : "it should hold an object");
}

struct listening {
    struct report_events *events;
    struct status *status; /* of the first failure */
};

static void keep_event(void *context, const struct board_event *event) {
    struct listening *listening = context;
    struct report_events *events = listening->events;
    void *items = events->items;
    if (listening->status->code != STATUS_OK || strcmp(event->event, "epoch") == 0)
        return;
    if (memory_grow(&items, &events->capacity, events->count + 1, sizeof *events->items, "events",
                    listening->status)) {
        events->items = items;
        events->items[events->count++] = *event;
    }
}

static bool read_events(struct report_facts *facts, const char *folder, struct status *status) {
    struct status failure = {0};
    struct listening listening = {&facts->events, &failure};
    if (!records_each_event(folder, keep_event, &listening, status))
        return false;
    if (failure.code != STATUS_OK)
        *status = failure;
    return failure.code == STATUS_OK;
}

static bool read_records(struct report_facts *facts, struct status *status) {
    struct board_run run = {0};
    char folder[PATH_MAX], history[PATH_MAX];
    struct timespec now;
    uint32_t pservers = (uint32_t)facts->config.cluster_pservers;
    uint32_t workers = (uint32_t)facts->config.cluster_workers;
    clock_gettime(CLOCK_REALTIME, &now);
    path_of(facts, "monitor", folder);
    path_of(facts, "history.csv", history);
    return board_init(&facts->board, &run, status) &&
           board_expect(&facts->board, pservers, workers, status) &&
           series_init(&facts->series, pservers, workers, status) &&
           records_read(folder, history, (double)now.tv_sec, &facts->board, &facts->series, status) &&
           read_events(facts, folder, status);
}

/* The last that is known of its time; without records, the sum of its epochs. */
static double find_end(const struct report_facts *facts) {
    const struct board *board = &facts->board;
    const struct report_events *events = &facts->events;
    double end = events->count > 0 ? events->items[events->count - 1].seconds : 0, epochs = 0;
    if (facts->series.count > 0)
        end = fmax(end, facts->series.seconds[facts->series.count - 1]);
    for (size_t i = 0; i < board->epoch_count; i++)
        epochs += isfinite(board->epochs[i].at.seconds) ? board->epochs[i].at.seconds : 0;
    return fmax(end, epochs);
}

bool report_facts_read(struct report_facts *facts, const char *folder, struct status *status) {
    *facts = (struct report_facts){0};
    if (!name_folder(facts, folder, status) || !read_config(facts, status) || !read_summary(facts, status) ||
        !read_records(facts, status))
        return false;
    facts->has_records = facts->series.count > 0 || facts->events.count > 0;
    facts->lives = is_there(facts, "monitor/url");
    facts->seconds = find_end(facts);
    return true;
}

void report_facts_close(struct report_facts *facts) {
    json_decref(facts->summary);
    memory_release(facts->config_text);
    board_free(&facts->board);
    series_free(&facts->series);
    memory_release(facts->events.items);
}

/* The last event that says how a process of the run ended, of those after its last start. */
static const struct board_event *last_end(const struct report_events *events) {
    for (size_t i = events->count; i-- > 0;) {
        const struct board_event *event = &events->items[i];
        if (strcmp(event->event, "stopped") == 0 || strcmp(event->event, "failed") == 0)
            return event;
        if (strcmp(event->event, "started") == 0)
            return NULL;
    }
    return NULL;
}

const char *report_facts_outcome(const struct report_facts *facts, const char **reason) {
    const struct board_event *end = last_end(&facts->events);
    *reason = "";
    if (facts->summary != NULL)
        return "finished";
    if (end != NULL) {
        *reason = end->text;
        return end->event;
    }
    if (facts->lives) {
        *reason = "what follows is how it stood when this was written";
        return "running";
    }
    *reason = "it left no word of how";
    return "ended";
}
