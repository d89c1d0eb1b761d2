#include "cli/session.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "node/cluster.h"
#include "node/ratings_source.h"
#include "node/setup.h"

/* What is about to be done, in the terms that people ask about. */
static void introduce(const struct config *config, const struct packed_set *set, const struct run_dir *dir,
                      struct display *display) {
    char line[PATH_MAX + 256];
    uint32_t lanes = config_lanes(config);
    snprintf(line, sizeof line, "%llu training and %llu validation ratings, %u users, %u movies",
             (unsigned long long)set->train_count, (unsigned long long)set->valid_count, set->users,
             set->movies);
    display_note(display, line);
    snprintf(line, sizeof line, "transport %s, pservers: %llu, workers: %llu, lanes: %u%s",
             setup_transport_name(config), (unsigned long long)config->cluster_pservers,
             (unsigned long long)config->cluster_workers, lanes,
             lanes < config->cluster_workers ? " (workers beyond the lanes only validate: see train.lanes)"
                                             : "");
    display_note(display, line);
    if (config->train_optimiser == OPTIMISER_SGD && config->train_momentum > 0) {
        snprintf(line, sizeof line, "learning rate %g with momentum %g: effective rate %g",
                 config->train_learning_rate, config->train_momentum,
                 config->train_learning_rate / (1 - config->train_momentum));
        display_note(display, line);
    }
    if (config->train_sync != SYNC_SYNCHRONOUS)
        display_note(
            display,
            "asynchronous pushes raise the effective momentum with the number of lanes, and the bits "
            "differ from run to run");
    snprintf(line, sizeof line, "run folder %s", dir->path);
    display_note(display, line);
}

static bool train(const struct session_spec *session, struct config *config, const struct run_dir *dir,
                  struct display *display, bool *has_history, struct status *status) {
    struct packed_set set = {0};
    char data_path[PATH_MAX], program_dir[PATH_MAX];
    FILE *notes = session->level == DISPLAY_QUIET ? NULL : stderr;
    if (!config_require_data(config, status) || !launch_program_dir(program_dir, status) ||
        !ratings_source_open(config, dir, &set, data_path, notes, stderr, status))
        return false;
    struct cluster_spec spec = {
        .lead = {.config = config,
                 .set = &set,
                 .dir = dir,
                 .data_path = data_path,
                 .display = display,
                 .report = session->json || session->level == DISPLAY_QUIET ? NULL : stdout,
                 .json = session->json ? stdout : NULL},
        .program_dir = program_dir,
        .members_elsewhere = session->members_elsewhere,
    };
    snprintf(config->data_ratings, sizeof config->data_ratings, "%.*s", CONFIG_TEXT_BYTES - 1, data_path);
    bool good = setup_check(config, &set, status) && run_dir_write_config(dir, config, status);
    if (good) {
        introduce(config, &set, dir, display);
        good = cluster_run(&spec, has_history, status);
    }
    if (good && !isnan(set.truth_rmse)) {
        char line[128];
        snprintf(line, sizeof line, "the planted model itself reaches a validation RMSE of %.4f",
                 set.truth_rmse);
        display_note(display, line);
    }
    packed_set_close(&set);
    return good;
}

int session_run(const struct session_spec *session, struct config *config) {
    struct status status;
    struct run_dir dir;
    bool has_history = false;
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to report, not a reason to die */
    if (!run_dir_create(&dir, config, session->name, &status))
        return command_report(&status);
    struct display *display = display_new(stderr, session->level, &status);
    bool good = display != NULL && train(session, config, &dir, display, &has_history, &status);
    if (display != NULL)
        display_clear(display);
    display_free(display);
    if (good)
        return 0;
    if (!has_history)
        run_dir_discard(&dir);
    return command_report(&status);
}
