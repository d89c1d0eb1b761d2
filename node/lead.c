#include "node/lead.h"

#include <stdio.h>
#include <time.h>

#include "analysis/factor_report.h"
#include "core/contract.h"
#include "core/memory.h"
#include "data/checkpoint.h"
#include "data/model_file.h"
#include "monitor/history.h"
#include "monitor/summary.h"
#include "node/background.h"
#include "node/notify.h"
#include "node/setup.h"
#include "node/watch.h"

struct lead {
    struct lead_spec spec;
    struct loop *loop;
    struct background background;
    struct coordinator *coordinator;
    struct history *history;
    struct model_writer *model; /* while rows are being saved */
    struct watch watch;
    double shown_at; /* when the display last got progress, monotonic seconds; 0: never */
};

static bool save_rows(struct lead *lead, const struct job *job, struct status *status) {
    if (lead->model == NULL) {
        char path[PATH_MAX];
        struct model_spec spec = setup_model(lead->spec.config, lead->spec.set);
        run_dir_file(lead->spec.dir, "model.dotbias", path);
        lead->model = model_writer_begin(path, &spec, lead->spec.set, status);
        if (lead->model == NULL)
            return false;
    }
    return model_writer_rows(lead->model, job->save.table, job->save.first_row, job->save.row_count,
                             job->save.rows, status);
}

static bool print_report(const struct lead *lead, const struct final_report *final, struct status *status) {
    const struct packed_set *set = lead->spec.set;
    struct factor_report report = {
        .titles = {&set->movie_titles, &set->movie_ids},
        .counts = set->movie_counts,
        .components = final->components,
        .scores = final->scores,
        .share = final->share,
        .biases = lead->spec.config->model_biases && final->components != 0 ? final->biases : NULL,
        .show = (uint32_t)lead->spec.config->run_show,
    };
    double *means = memory_take_array(set->movies, sizeof *means, "movie means", status);
    if (means == NULL)
        return false;
    factor_report_means(set, means);
    report.means = means;
    bool good = selection_most_rated(&report.popular, set->movie_counts, set->movies,
                                     (uint32_t)lead->spec.config->run_popular, status) &&
                factor_report_print(&report, lead->spec.report, status);
    selection_free(&report.popular);
    memory_release(means);
    return good;
}

static bool finish(struct lead *lead, const struct final_report *final, struct status *status) {
    char path[PATH_MAX];
    if (final->curve != NULL) {
        *lead->spec.search->curve = *final->curve;
        return true;
    }
    struct model_writer *model = lead->model;
    struct history *history = lead->history;
    struct summary summary = {final, lead->spec.data_path, "model.dotbias", DOTBIAS_VERSION,
                              lead->spec.set->truth_rmse};
    lead->model = NULL;
    lead->history = NULL;
    run_dir_file(lead->spec.dir, "summary.json", path);
    if (final->members != NULL)
        service_progress(lead->watch.service, final->members); /* before the summary tells that it is over */
    bool closed = history_close(history, status);
    if (!model_writer_commit(model, final->digest, final->best_epoch != 0 ? final->best_epoch : final->epochs,
                             status) ||
        !closed || !summary_write(&summary, path, status))
        return false;
    display_final(lead->spec.display, final);
    if (final->members != NULL)
        service_progress(lead->watch.service, final->members);
    if (lead->spec.report != NULL && !print_report(lead, final, status))
        return false;
    return lead->spec.json == NULL || summary_print(&summary, lead->spec.json, status);
}

static bool end_epoch(struct lead *lead, const struct epoch_report *report, struct status *status) {
    display_epoch(lead->spec.display, report);
    service_epoch(lead->watch.service, report);
    return history_add(lead->history, report, status);
}

/* The monitor may want to know more often than people do. */
static void show_progress(struct lead *lead, const struct progress_report *report) {
    double interval = lead->spec.config->run_progress_interval;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    service_progress(lead->watch.service, report);
    if (seconds < lead->shown_at + 0.9 * interval)
        return;
    lead->shown_at = seconds;
    display_progress(lead->spec.display, report);
}

/* In the background's thread. */
static void commit(void *context, struct job *job) {
    struct lead *lead = context;
    const char *folder = lead->spec.checkpoints;
    job->status.code = STATUS_OK;
    if (folder == NULL || folder[0] == '\0')
        status_fail(&job->status, STATUS_CONFIG, "no folder for checkpoints is known: set checkpoint.dir");
    else
        checkpoint_commit(folder, job->position, (uint32_t)lead->spec.config->checkpoint_keep, &job->status);
}

static bool perform(void *context, struct job *job) {
    struct lead *lead = context;
    job->status.code = STATUS_OK;
    switch (job->kind) {
    case JOB_EPOCH_END:
        end_epoch(lead, job->epoch, &job->status);
        return true;
    case JOB_PROGRESS:
        show_progress(lead, job->progress);
        return true;
    case JOB_EPOCH_MODEL:
        service_model(lead->watch.service, job->model);
        return true;
    case JOB_SAVE_ROWS:
        save_rows(lead, job, &job->status);
        return true;
    case JOB_COMMIT:
        return background_take(&lead->background, job);
    case JOB_FINISH:
        finish(lead, job->finish, &job->status);
        return true;
    default:
        REQUIRE(false, "a coordinator's jobs show and save");
        return true;
    }
}

static void log_line(void *context, const char *sentence) {
    const struct lead *lead = context;
    display_log(lead->spec.display, sentence);
    service_line(lead->watch.service, sentence);
    if (lead->spec.log != NULL)
        lead->spec.log(lead->spec.log_context, sentence);
}

/* A run that goes on has rows already; if a crash took some, that is no reason to stop. */
static bool open_history(struct lead *lead, struct status *status) {
    const struct run_position *resume = lead->spec.resume;
    char path[PATH_MAX], line[128];
    uint32_t kept = 0;
    run_dir_file(lead->spec.dir, "history.csv", path);
    lead->history =
        resume != NULL ? history_resume(path, resume->epoch, &kept, status) : history_create(path, status);
    if (lead->history == NULL || resume == NULL || kept == resume->epoch)
        return lead->history != NULL;
    snprintf(line, sizeof line, "event=history_torn epochs=%u rows=%u", resume->epoch, kept);
    log_line(lead, line);
    return true;
}

static bool plan_cuts(const struct lead_spec *spec, struct cuts_spec *cuts, struct status *status) {
    cuts->possible = spec->checkpoints != NULL && spec->checkpoints[0] != '\0';
    return !cuts->possible || checkpoint_next_number(spec->checkpoints, &cuts->first_number, status);
}

static bool open_parts(struct lead *lead, struct status *status) {
    const struct lead_spec *spec = &lead->spec;
    struct coordinator_spec coordinator = setup_coordinator(spec->config, spec->set);
    struct loop_spec loop = {
        .zmq_context = spec->zmq_context,
        .guard = spec->guard,
        .listen = spec->listen,
        .advertise = spec->config->cluster_advertise,
        .spin_us = 0, /* it is not in the way of a step, and must not take a core from those that are */
        .perform = perform,
        .log = log_line,
        .context = lead,
    };
    coordinator.resume = spec->resume;
    if (spec->search != NULL) {
        coordinator.schedule.kind = SCHEDULE_LR_FIND;
        coordinator.schedule.learning_rate = spec->search->from;
        coordinator.schedule.find_top = spec->search->to;
    }
    if (!plan_cuts(spec, &coordinator.cuts, status))
        return false;
    lead->loop = loop_new(&loop, status);
    if (lead->loop == NULL)
        return false;
    background_init(&lead->background, lead->loop, commit, lead);
    lead->coordinator = coordinator_new(&coordinator, status);
    if (lead->coordinator == NULL)
        return false;
    if (spec->search == NULL && !open_history(lead, status))
        return false;
    watch_start(&lead->watch, spec);
    return true;
}

struct lead *lead_new(const struct lead_spec *spec, struct status *status) {
    struct lead *lead = memory_take(sizeof *lead, "a coordinator node", status);
    if (lead == NULL)
        return NULL;
    lead->spec = *spec;
    if (!open_parts(lead, status)) {
        lead_free(lead);
        return NULL;
    }
    return lead;
}

struct loop *lead_loop(const struct lead *lead) {
    return lead->loop;
}

bool lead_run(struct lead *lead, struct status *status) {
    struct engine engine = coordinator_engine(lead->coordinator);
    struct notify *watchdog = notify_watchdog_start(lead->loop, setup_page_patience_us(lead->spec.config));
    notify_send("READY=1\nSTATUS=waiting for members, then training");
    bool good = loop_run(lead->loop, &engine, status);
    notify_send("STOPPING=1");
    notify_watchdog_stop(watchdog);
    service_over(lead->watch.service, status);
    return good;
}

void lead_linger(struct lead *lead) {
    watch_linger(&lead->watch);
}

void lead_free(struct lead *lead) {
    struct status ignored;
    if (lead == NULL)
        return;
    background_stop(&lead->background);
    if (lead->model != NULL)
        model_writer_abandon(lead->model);
    history_close(lead->history, &ignored);
    coordinator_free(lead->coordinator);
    loop_free(lead->loop);
    watch_stop(&lead->watch);
    memory_release(lead);
}
