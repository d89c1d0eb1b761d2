#include "cli/taking_up.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "config/loader.h"
#include "data/checkpoint.h"
#include "data/checkpoint_files.h"
#include "node/resume.h"
#include "proto/message.h"

bool taking_up_nothing(const char *checkpoints, struct status *status) {
    struct checkpoint_list list = {0};
    bool good = checkpoints[0] == '\0' || checkpoint_list_read(&list, checkpoints, status);
    if (good && list.count != 0)
        good = status_fail(
            status, STATUS_CANT_CREATE,
            "%s has checkpoints of another run: give checkpoint.dir another name, or take that run up "
            "with `dotbias train --resume`",
            checkpoints);
    checkpoint_list_release(&list);
    return good;
}

bool taking_up_same(const struct run_dir *dir, const struct config *config, const char *checkpoints,
                    struct status *status) {
    struct config_report report = {0};
    struct config before;
    char path[PATH_MAX], names[STATUS_TEXT_BYTES / 2];
    if (checkpoints[0] == '\0')
        return status_fail(status, STATUS_CONFIG,
                           "where are the checkpoints? set checkpoint.dir or --checkpoints");
    run_dir_file(dir, "config.yaml", path);
    bool good = config_load_alone(&before, path, &report, status);
    config_report_release(&report);
    if (!good)
        return false;
    size_t count = resume_differences(&before, config, names, sizeof names);
    return count == 0 || status_fail(status, STATUS_CONFIG,
                                     "a run goes on with what it computes; this would change: %s", names);
}

/* The number of the newest whole checkpoint; 0: there is none, or none that can be read. */
static uint64_t newest(const char *checkpoints) {
    double squared[LANES_MAX];
    uint64_t counts[LANES_MAX];
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    struct status ignored;
    bool found = false;
    return checkpoints[0] != '\0' && checkpoint_find(checkpoints, &position, LANES_MAX, &found, &ignored) &&
                   found
               ? position.number
               : 0;
}

bool taking_up_possible(const char *checkpoints) {
    return newest(checkpoints) != 0;
}

void taking_up_hint(const struct run_dir *dir, const char *checkpoints, bool by_train,
                    struct status *status) {
    char folder[PATH_MAX], saved[64];
    size_t length = strlen(status->text);
    run_dir_shown(dir, folder);
    snprintf(saved, sizeof saved, "checkpoint %" PRIu64 " is saved", newest(checkpoints));
    bool is_said = length >= strlen(saved) && strcmp(status->text + length - strlen(saved), saved) == 0;
    snprintf(status->text + length, sizeof status->text - length, "%s%s: %s%s%s goes on from it",
             is_said ? "" : "; ", is_said ? "" : saved,
             by_train ? "dotbias train --resume " : "dotbias-coordinator --run ", folder,
             by_train ? "" : " --resume");
}

static bool print_file(const char *path, FILE *out, struct status *status) {
    char bytes[4096];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open %s", path);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
        fwrite(bytes, 1, got, out);
    bool failed = ferror(file) != 0;
    fclose(file);
    return !failed || status_fail(status, STATUS_IO, "cannot read %s", path);
}

int taking_up_finished(const struct run_dir *dir, bool json) {
    struct status status;
    char path[PATH_MAX];
    run_dir_shown(dir, path);
    fprintf(stderr, "%s is finished already: its model is %s/model.dotbias\n", path, path);
    run_dir_file(dir, "summary.json", path);
    return !json || print_file(path, stdout, &status) ? 0 : command_report(&status);
}
