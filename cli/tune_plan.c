#include "cli/tune_plan.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "core/memory.h"
#include "data/folder.h"
#include "model/schedule.h"

static const char PLAN_FILE[] = "plan.txt";

/* What a trial computes. Paths are no part of it: a file's name is in the plan. */
static int load_trial(const struct tune_plan *plan, struct trial *trial) {
    struct launch_sets sets = {.count = 0};
    struct config config;
    for (size_t i = 0; i < plan->sets->count; i++)
        launch_sets_add(&sets, plan->sets->items[i]);
    for (uint32_t axis = 0; axis < plan->space.count; axis++)
        launch_sets_add(&sets, trial->sets[axis]);
    int code = launch_load_file(&config, plan->file, &sets);
    if (code != 0)
        return code;
    struct schedule_spec schedule = config_schedule(&config);
    trial->planned = schedule_epochs(&schedule);
    trial->digest = config_digest(&config);
    return 0;
}

static uint64_t trial_count(const struct tune_plan *plan) {
    return plan->random != 0 ? plan->random : search_space_trials(&plan->space);
}

int tune_plan_make(struct tune_plan *plan) {
    struct status status;
    uint64_t count = trial_count(plan);
    if (count == 0 || count > TUNE_TRIALS_MAX) {
        status_fail(&status, STATUS_USAGE,
                    count == 0 ? "a --range has no end of values: say how many trials with --random N"
                               : "%" PRIu64 " trials are more than %d",
                    count, TUNE_TRIALS_MAX);
        return command_report(&status);
    }
    plan->trials = memory_take_array(count, sizeof *plan->trials, "trials", &status);
    if (plan->trials == NULL)
        return command_report(&status);
    plan->count = (uint32_t)count;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct trial *trial = &plan->trials[i];
        trial->number = i + 1;
        for (uint32_t axis = 0; axis < plan->space.count; axis++)
            if (plan->random != 0)
                search_space_draw(&plan->space, plan->seed, i, axis, trial->sets[axis]);
            else
                search_space_grid(&plan->space, i, axis, trial->sets[axis]);
        int code = load_trial(plan, trial);
        if (code != 0)
            return code;
    }
    return 0;
}

/* The search in words, which must be the same when it goes on. */
static void print_plan(const struct tune_plan *plan, FILE *out) {
    fprintf(out, "dotbias tune %s\n", plan->file);
    for (size_t i = 0; i < plan->sets->count; i++)
        fprintf(out, "set %s\n", plan->sets->items[i]);
    if (plan->halving != 0)
        fprintf(out, "halving %u from epoch %u\n", plan->halving, plan->min_epochs);
    for (uint32_t i = 0; i < plan->count; i++) {
        fprintf(out, "trial %u:", i + 1);
        for (uint32_t axis = 0; axis < plan->space.count; axis++)
            fprintf(out, " %s", plan->trials[i].sets[axis]);
        fprintf(out, " (%016" PRIx64 ")\n", plan->trials[i].digest);
    }
}

static bool is_same(const char *path, const char *text, size_t length) {
    FILE *file = fopen(path, "re");
    size_t at = 0;
    int letter = EOF;
    while (file != NULL && (letter = getc(file)) != EOF && at < length && letter == (unsigned char)text[at])
        at++;
    if (file != NULL)
        fclose(file);
    return file != NULL && letter == EOF && at == length;
}

static bool is_empty(const char *path) {
    DIR *folder = opendir(path);
    int entries = 0;
    while (folder != NULL && readdir(folder) != NULL)
        entries++;
    if (folder != NULL)
        closedir(folder);
    return entries <= 2;
}

static bool settle_plan(struct tune_plan *plan, const char *text, size_t length, bool *goes_on,
                        struct status *status) {
    char path[PATH_MAX];
    struct run_dir dir = {.is_numbered = false};
    snprintf(dir.path, sizeof dir.path, "%s", plan->folder);
    run_dir_file(&dir, PLAN_FILE, path);
    *goes_on = is_same(path, text, length);
    if (*goes_on)
        return true;
    return is_empty(plan->folder)
               ? run_dir_write(&dir, PLAN_FILE, text, length, status)
               : status_fail(status, STATUS_CANT_CREATE,
                             "%s holds another search, or something else: name another folder with --out",
                             plan->folder);
}

/* At most; the text ends in a NUL. */
static size_t plan_bytes(const struct tune_plan *plan) {
    size_t bytes = strlen(plan->file) + 256;
    for (size_t i = 0; i < plan->sets->count; i++)
        bytes += strlen(plan->sets->items[i]) + 8;
    return bytes + (size_t)plan->count * (plan->space.count * SEARCH_TEXT_BYTES + 64);
}

static bool find_folder(struct tune_plan *plan, struct status *status) {
    struct folder folder;
    char resolved[PATH_MAX];
    if (!folder_make(&folder, plan->folder, status))
        return false;
    if (realpath(plan->folder, resolved) == NULL || strlen(resolved) >= sizeof plan->folder)
        return status_fail_errno(status, STATUS_CANT_CREATE, "cannot use the folder %s", plan->folder);
    snprintf(plan->folder, sizeof plan->folder, "%s", resolved);
    return true;
}

bool tune_plan_open(struct tune_plan *plan, bool *goes_on, struct status *status) {
    size_t capacity = plan_bytes(plan);
    char *text = memory_take(capacity, "the text of a search", status);
    FILE *stream = text == NULL ? NULL : fmemopen(text, capacity, "w");
    bool good = stream != NULL && find_folder(plan, status);
    if (stream != NULL) {
        print_plan(plan, stream);
        fclose(stream);
    }
    good = good && settle_plan(plan, text, strlen(text), goes_on, status);
    memory_release(text);
    for (uint32_t i = 0; good && i < plan->count; i++) {
        struct trial *trial = &plan->trials[i];
        snprintf(trial->path, sizeof trial->path, "%s/trial-%03u", plan->folder, trial->number);
        trial_look(trial);
    }
    return good;
}

void tune_plan_free(struct tune_plan *plan) {
    memory_release(plan->trials);
    plan->trials = NULL;
}
