#include "node/trial.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/history.h"
#include "node/last_words.h"
#include "node/run_dir.h"

enum { WORDS_MAX = 320 };

static void beside(const struct trial *trial, const char *ending, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%s%s", trial->path, ending);
}

static bool read_reason(struct trial *trial) {
    char path[PATH_MAX];
    beside(trial, ".failed", path);
    if (access(path, F_OK) != 0)
        return false;
    last_words(path, 0, trial->why, sizeof trial->why);
    return true;
}

static bool read_summary(struct trial *trial) {
    char path[PATH_MAX];
    beside(trial, "/summary.json", path);
    json_t *summary = json_load_file(path, 0, NULL), *rmse = json_object_get(summary, "valid_rmse");
    bool found = summary != NULL;
    trial->valid_rmse = json_is_number(rmse) ? json_number_value(rmse) : NAN;
    trial->epochs = (uint32_t)json_integer_value(json_object_get(summary, "epochs"));
    json_decref(summary);
    return found;
}

void trial_look(struct trial *trial) {
    char path[PATH_MAX];
    trial->state = TRIAL_OPEN;
    trial->valid_rmse = NAN;
    if (read_summary(trial)) {
        trial->state = TRIAL_FINISHED;
        return;
    }
    beside(trial, "/history.csv", path);
    trial->epochs = history_look(path, UINT32_MAX, &trial->valid_rmse);
    if (read_reason(trial))
        trial->state = TRIAL_FAILED;
}

/* A run that was killed before it had written its configuration has nothing to go on from. */
static bool has_begun(const struct trial *trial) {
    char path[PATH_MAX];
    struct run_dir dir = {.is_numbered = false};
    beside(trial, "/config.yaml", path);
    if (access(path, F_OK) == 0)
        return true;
    snprintf(dir.path, sizeof dir.path, "%s", trial->path);
    if (access(dir.path, F_OK) == 0)
        run_dir_discard(&dir);
    return false;
}

struct words {
    char *items[WORDS_MAX + 1];
    uint32_t count;
};

static void add(struct words *words, const char *word) {
    if (words->count < WORDS_MAX)
        words->items[words->count++] = (char *)word;
}

static void add_set(struct words *words, const char *set) {
    add(words, "--set");
    add(words, set);
}

bool trial_start(const struct trial *trial, const struct trial_launch *launch, uint32_t until,
                 struct process *process, struct status *status) {
    char dir[PATH_MAX + 16], pause[64], log[PATH_MAX], name[32];
    struct words words = {.count = 0};
    add(&words, launch->program);
    add(&words, "train");
    if (has_begun(trial)) {
        add(&words, "--resume");
        add(&words, trial->path);
    } else {
        add(&words, launch->file);
        for (uint32_t i = 0; i < launch->set_count; i++)
            add_set(&words, launch->sets[i]);
        for (uint32_t i = 0; i < launch->axes; i++)
            add_set(&words, trial->sets[i]);
        snprintf(dir, sizeof dir, "run.dir=%s", trial->path);
        add_set(&words, dir);
    }
    snprintf(pause, sizeof pause, "run.pause_after=%u", until >= trial->planned ? 0 : until);
    add_set(&words, pause);
    add_set(&words, "monitor.listen=none");
    add(&words, "--quiet");
    beside(trial, ".log", log);
    snprintf(name, sizeof name, "trial %u", trial->number);
    struct process_spec spec = {
        .name = name, .program = launch->program, .argv = words.items, .log_file = log};
    return process_spawn(process, &spec, status);
}

/* FOLDER/trial-003.failed, whole or not at all. */
static bool write_failed(const struct trial *trial, struct status *status) {
    struct run_dir dir = {.is_numbered = false};
    char file[64], line[sizeof trial->why + 1];
    snprintf(dir.path, sizeof dir.path, "%.*s", (int)(strrchr(trial->path, '/') - trial->path), trial->path);
    snprintf(file, sizeof file, "%.40s.failed", strrchr(trial->path, '/') + 1);
    snprintf(line, sizeof line, "%s\n", trial->why);
    return run_dir_write(&dir, file, line, strlen(line), status);
}

static bool write_reason(struct trial *trial, const struct process *process, struct status *status) {
    char path[PATH_MAX], ending[PROCESS_TEXT_BYTES];
    static const char PREFIX[] = "dotbias: error: ";
    beside(trial, ".log", path);
    last_words(path, 0, trial->why, sizeof trial->why);
    process_describe(process, ending);
    if (trial->why[0] == '\0')
        snprintf(trial->why, sizeof trial->why, "%s", ending);
    else if (strncmp(trial->why, PREFIX, sizeof PREFIX - 1) == 0)
        memmove(trial->why, trial->why + sizeof PREFIX - 1, strlen(trial->why) - sizeof PREFIX + 2);
    return write_failed(trial, status);
}

bool trial_ended(struct trial *trial, const struct process *process, struct status *status) {
    int code = WIFEXITED(process->wait_status) ? WEXITSTATUS(process->wait_status) : -1;
    trial_look(trial);
    if (code == STATUS_OK || code == STATUS_TRY_AGAIN)
        return true;
    trial->state = TRIAL_FAILED;
    return write_reason(trial, process, status);
}

bool trial_score(struct trial *trial, uint32_t until) {
    char path[PATH_MAX];
    beside(trial, "/history.csv", path);
    uint32_t epochs = history_look(path, until, &trial->score);
    return epochs == until || trial->state == TRIAL_FINISHED;
}

static int compare(double one, double other) {
    if (isnan(one) || isnan(other))
        return isnan(one) - isnan(other);
    return (one > other) - (one < other);
}

int trial_compare_scores(const void *one, const void *other) {
    const struct trial *a = *(const struct trial *const *)one, *b = *(const struct trial *const *)other;
    int order = compare(a->score, b->score);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

int trial_compare_results(const void *one, const void *other) {
    const struct trial *a = *(const struct trial *const *)one, *b = *(const struct trial *const *)other;
    bool a_failed = a->state == TRIAL_FAILED, b_failed = b->state == TRIAL_FAILED;
    int order = a_failed != b_failed ? a_failed - b_failed : compare(a->valid_rmse, b->valid_rmse);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}
