#include "cli/session.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "cli/taking_up.h"
#include "node/block_source.h"
#include "node/cluster.h"
#include "node/protection.h"
#include "node/ratings_source.h"
#include "node/setup.h"
#include "node/supervisor.h"
#include "node/warm_start.h"

struct session {
    const struct session_spec *spec;
    struct config *config;
    struct run_dir dir;
    char checkpoints[PATH_MAX]; /* their folder; empty: none are taken */
    char data_path[PATH_MAX];   /* of the packed set */
    struct packed_set set;
    bool warm; /* it begins with a model's rows */
    struct warm_start start;
    struct append_summary appended; /* where there was something to append */
    char blocks_path[PATH_MAX];     /* empty in the mode minibatch */
    struct display *display;
};

/* What there is of new, and what is learnt again. */
static void introduce_appended(const struct session *session) {
    const struct append_summary *appended = &session->appended;
    struct schedule_spec schedule = config_schedule(session->config);
    uint32_t epochs = schedule_epochs(&schedule);
    char line[256];
    snprintf(line, sizeof line,
             "appended %llu new ratings (%llu replace older ones), %llu new users, %llu new movies",
             (unsigned long long)appended->ratings, (unsigned long long)appended->replaced,
             (unsigned long long)appended->new_users, (unsigned long long)appended->new_movies);
    display_note(session->display, line);
    snprintf(
        line, sizeof line,
        "trained again: all rows of both tables, for %u epoch%s on all ratings; known ids keep their row "
        "numbers and begin with their old rows, optimiser state begins anew",
        epochs, epochs == 1 ? "" : "s");
    display_note(session->display, line);
}

static void introduce_start(const struct session *session) {
    const struct warm_start *start = &session->start;
    char line[PATH_MAX + 256];
    snprintf(line, sizeof line,
             "begins with the rows of %s (%u epochs): %u of %u users and %u of %u movies are known there",
             session->config->model_init_from, start->epochs, start->users_known, start->users,
             start->movies_known, start->movies);
    display_note(session->display, line);
}

/* What is about to be done, in the terms that people ask about. */
static void introduce(const struct session *session) {
    const struct config *config = session->config;
    const struct packed_set *set = &session->set;
    char line[PATH_MAX + 256];
    uint32_t lanes = config_lanes(config);
    bool idle = lanes < config->cluster_workers, blocked = config->train_mode == MODE_BLOCKED;
    snprintf(line, sizeof line, "%llu training and %llu validation ratings, %u users, %u movies",
             (unsigned long long)set->train_count, (unsigned long long)set->valid_count, set->users,
             set->movies);
    display_note(session->display, line);
    snprintf(line, sizeof line, "transport %s, pservers: %llu, workers: %llu, lanes: %u%s%s",
             setup_transport_name(config), (unsigned long long)config->cluster_pservers,
             (unsigned long long)config->cluster_workers, lanes,
             idle ? " (workers beyond the lanes only validate: see train." : "",
             !idle     ? ""
             : blocked ? "parts)"
                       : "lanes)");
    display_note(session->display, line);
    if (config->train_optimiser == OPTIMISER_SGD && config->train_momentum > 0) {
        snprintf(line, sizeof line, "learning rate %g with momentum %g: effective rate %g",
                 config->train_learning_rate, config->train_momentum,
                 config->train_learning_rate / (1 - config->train_momentum));
        display_note(session->display, line);
    }
    if (config->train_sync != SYNC_SYNCHRONOUS)
        display_note(
            session->display,
            "asynchronous pushes raise the effective momentum with the number of lanes, and the bits "
            "differ from run to run");
    if (session->checkpoints[0] == '\0')
        display_note(session->display,
                     "no checkpoints are taken: set checkpoint.dir to a folder that all hosts share");
    if (session->spec->append.run != NULL)
        introduce_appended(session);
    if (session->warm)
        introduce_start(session);
    snprintf(line, sizeof line, "run folder %s", session->dir.path);
    display_note(session->display, line);
}

static void reveal_truth(const struct session *session) {
    char line[128];
    if (isnan(session->set.truth_rmse))
        return;
    snprintf(line, sizeof line, "the planted model itself reaches a validation RMSE of %.4f",
             session->set.truth_rmse);
    display_note(session->display, line);
}

/* ---- the three kinds of cluster ---- */

static bool run_cluster(const struct session *session, struct status *status) {
    const struct output_options *output = &session->spec->output;
    struct cluster_spec spec = {
        .lead = {.config = session->config,
                 .set = &session->set,
                 .dir = &session->dir,
                 .data_path = session->data_path,
                 .checkpoints = session->checkpoints[0] == '\0' ? NULL : session->checkpoints,
                 .display = session->display,
                 .report = output->json || output->level == DISPLAY_QUIET ? NULL : stdout,
                 .json = output->json ? stdout : NULL},
        .resume = session->spec->resume != NULL || session->warm,
        .members_elsewhere = session->spec->kind != SESSION_TRAIN,
        .words = session->spec->words,
    };
    return cluster_run(&spec, status);
}

/* However quiet the run is: a process has died. */
static void tell(void *context, const char *sentence) {
    const struct session *session = context;
    display_clear(session->display);
    fprintf(stderr, "%s\n", sentence);
}

static bool run_supervisor(struct session *session, struct status *status) {
    char program_dir[PATH_MAX];
    const char *arguments[OUTPUT_OPTIONS_MAX];
    if (!launch_program_dir(program_dir, status))
        return false;
    output_options_arguments(&session->spec->output, arguments);
    struct supervisor_spec spec = {.config = session->config,
                                   .dir = &session->dir,
                                   .program_dir = program_dir,
                                   .checkpoints = session->checkpoints,
                                   .output_options = arguments,
                                   .tell = tell,
                                   .context = session};
    launch_forget_environment();
    return supervisor_run(&spec, status);
}

static bool open_ratings(struct session *session, struct status *status) {
    FILE *notes = session->spec->output.level == DISPLAY_QUIET ? NULL : stderr;
    const struct append_source *append = &session->spec->append;
    bool is_open = append->run != NULL
                       ? append_source_open(append, session->config, &session->dir, &session->set,
                                            session->data_path, &session->appended, stderr, status)
                       : config_require_data(session->config, status) &&
                             ratings_source_open(session->config, &session->dir, &session->set,
                                                 session->data_path, notes, stderr, status);
    return is_open &&
           block_source_open(session->config,
                             session->spec->kind == SESSION_SUPERVISED ? NULL : &session->dir, &session->set,
                             session->data_path, session->blocks_path, notes, status) &&
           setup_check(session->config, &session->set, status);
}

/* A run that begins with a model's rows begins with a checkpoint (node/warm_start.h). */
static bool warm_up(struct session *session, struct status *status) {
    struct config *config = session->config;
    if (config->model_init_from[0] == '\0' || session->spec->resume != NULL)
        return true;
    if (session->checkpoints[0] == '\0')
        return status_fail(status, STATUS_CONFIG,
                           "model.init_from needs a folder for checkpoints: set checkpoint.dir to one that "
                           "all hosts share");
    session->warm = true;
    return warm_start_write(&session->start, config, &session->set, session->checkpoints, status);
}

/* Whoever is started by hand has the configuration as it is written, and must agree on the model. */
static bool pin_model(struct session *session, struct status *status) {
    bool is_named = session->config->model_init_digest[0] != '\0';
    if (session->spec->resume != NULL || !warm_start_pin(session->config, status))
        return session->spec->resume != NULL;
    return session->spec->kind != SESSION_COORDINATOR || is_named ||
           session->config->model_init_from[0] == '\0' ||
           status_fail(status, STATUS_CONFIG,
                       "all processes of a cluster must agree on the model of model.init_from: set "
                       "model.init_digest to %s",
                       session->config->model_init_digest);
}

static bool train(struct session *session, struct status *status) {
    struct config *config = session->config;
    bool begins = session->spec->kind != SESSION_SUPERVISED;
    if ((begins && !protection_check(config, status)) || !pin_model(session, status) ||
        !open_ratings(session, status) || !warm_up(session, status))
        return false;
    if (session->spec->kind == SESSION_SUPERVISED)
        return run_cluster(session, status);
    snprintf(config->data_ratings, sizeof config->data_ratings, "%.*s", CONFIG_TEXT_BYTES - 1,
             session->data_path);
    snprintf(config->data_blocks, sizeof config->data_blocks, "%.*s", CONFIG_TEXT_BYTES - 1,
             session->blocks_path);
    if (!run_dir_write_config(&session->dir, config, status))
        return false;
    introduce(session);
    bool is_supervisor =
        session->spec->kind == SESSION_TRAIN && config->cluster_transport != TRANSPORT_INPROC;
    if (!(is_supervisor ? run_supervisor(session, status) : run_cluster(session, status)))
        return false;
    reveal_truth(session);
    return true;
}

/* ---- the folder ---- */

/* Members that others start know no folder of ours: what they share is said by the configuration or the command line. */
static void find_checkpoints(struct session *session) {
    const struct session_spec *spec = session->spec;
    if (spec->checkpoints != NULL)
        snprintf(session->checkpoints, sizeof session->checkpoints, "%s", spec->checkpoints);
    else if (spec->kind == SESSION_TRAIN || session->config->checkpoint_dir[0] != '\0')
        run_dir_checkpoints(&session->dir, session->config, session->checkpoints);
}

static bool open_folder(struct session *session, struct status *status) {
    const struct session_spec *spec = session->spec;
    if (spec->resume == NULL ? !run_dir_create(&session->dir, session->config, spec->name, status)
        : spec->kind == SESSION_SUPERVISED ? !run_dir_join(&session->dir, spec->resume, status)
                                           : !run_dir_open(&session->dir, spec->resume, status))
        return false;
    find_checkpoints(session);
    return true;
}

/* Whether this session may train there; a run that goes on must be the same run. */
static bool may_train(const struct session *session, struct status *status) {
    if (session->spec->kind == SESSION_SUPERVISED)
        return true;
    if (session->spec->resume != NULL)
        return taking_up_same(&session->dir, session->config, session->checkpoints, status);
    if (taking_up_nothing(session->checkpoints, status))
        return true;
    run_dir_discard(&session->dir);
    return false;
}

static bool run_shown(struct session *session, struct status *status) {
    session->display = display_new(stderr, session->spec->output.level, status);
    bool good = session->display != NULL && train(session, status);
    if (session->display != NULL)
        display_clear(session->display);
    display_free(session->display);
    packed_set_close(&session->set);
    return good;
}

/* What is left after a failure: a way on, or nothing. */
static void conclude(const struct session *session, struct status *status) {
    if (session->spec->kind == SESSION_SUPERVISED)
        return;
    bool is_kept = taking_up_possible(session->checkpoints);
    if (is_kept && status->code == STATUS_TRY_AGAIN && status->text[0] != '\0')
        taking_up_hint(&session->dir, session->checkpoints, session->spec->kind != SESSION_COORDINATOR,
                       status);
    if (!is_kept && session->spec->resume == NULL && !run_dir_has_history(&session->dir))
        run_dir_discard(&session->dir);
}

/* A supervisor hears our last words by a pipe, since it may not be the end; else they are for the person. What the
 * coordinator of a supervisor has said on stderr already is not said twice. */
static int report(const struct session_spec *spec, struct status *status) {
    if (status->text[0] == '\0')
        return (int)status->code;
    if (spec->kind != SESSION_SUPERVISED)
        return command_report(status);
    for (char *at = status->text; (at = strchr(at, '\n')) != NULL;)
        *at = ' ';
    return dprintf(spec->words, "error %s\n", status->text) > 0 ? (int)status->code : command_report(status);
}

int session_run(const struct session_spec *spec, struct config *config) {
    struct status status;
    struct session session = {.spec = spec, .config = config};
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to report, not a reason to die */
    if ((spec->kind != SESSION_TRAIN && !block_source_is_settled(config, &status)) ||
        !open_folder(&session, &status))
        return report(spec, &status);
    if (spec->resume != NULL && run_dir_is_finished(&session.dir)) {
        run_dir_close(&session.dir);
        return taking_up_finished(&session.dir, spec->output.json);
    }
    bool may = may_train(&session, &status), good = may && run_shown(&session, &status);
    if (may && !good)
        conclude(&session, &status);
    run_dir_close(&session.dir);
    return good ? 0 : report(spec, &status);
}
