#include "node/watch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/signals.h"
#include "node/setup.h"

static void name_movie(void *context, uint32_t movie, struct http_movie *named) {
    const struct watch *watch = context;
    const struct packed_set *set = watch->spec->set;
    named->title = string_table_get(&set->movie_titles, movie, &named->title_length);
    named->id = string_table_get(&set->movie_ids, movie, &named->id_length);
    named->ratings = set->movie_counts[movie];
}

static void note(void *context, const char *sentence) {
    const struct watch *watch = context;
    char line[STATUS_TEXT_BYTES + 128];
    display_note(watch->spec->display, sentence);
    snprintf(line, sizeof line, "event=monitor_failed reason=\"%s\"", sentence);
    if (watch->spec->log != NULL)
        watch->spec->log(watch->spec->log_context, line);
}

static struct board_run describe_run(const struct lead_spec *spec) {
    struct board_run run = {
        .interval = spec->config->monitor_interval,
        .checkpoint = spec->resume == NULL ? 0 : spec->resume->number,
        .pid = (uint64_t)getpid(),
    };
    snprintf(run.folder, sizeof run.folder, "%s", spec->dir->path);
    snprintf(run.name, sizeof run.name, "%s", strrchr(spec->dir->path, '/') + 1);
    snprintf(run.version, sizeof run.version, "%s", DOTBIAS_VERSION);
    snprintf(run.mode, sizeof run.mode, "%s",
             spec->config->train_mode == MODE_BLOCKED ? "blocked" : "minibatch");
    snprintf(run.transport, sizeof run.transport, "%s", setup_transport_name(spec->config));
    return run;
}

void watch_start(struct watch *watch, const struct lead_spec *spec) {
    char folder[PATH_MAX], history[PATH_MAX], line[PATH_MAX];
    struct status status;
    struct token token;
    *watch = (struct watch){.spec = spec};
    if (!setup_is_watched(spec->config))
        return;
    run_dir_file(spec->dir, "monitor", folder);
    run_dir_file(spec->dir, "history.csv", history);
    run_dir_file(spec->dir, "logs", watch->logs);
    struct service_spec service = {
        .run = describe_run(spec),
        .pservers = (uint32_t)spec->config->cluster_pservers,
        .workers = (uint32_t)spec->config->cluster_workers,
        .folder = folder,
        .history = history,
        .logs = watch->logs,
        .listen = spec->config->monitor_listen,
        .token = &token,
        .words = spec->words > 0 ? spec->words : -1,
        .movie = name_movie,
        .popular = (uint32_t)spec->config->run_popular,
        .say = note,
        .context = watch,
    };
    if (token_read(&token, spec->config->monitor_token, &status))
        watch->service = service_start(&service, &status);
    if (watch->service == NULL)
        note(watch, status.text);
    if (service_url(watch->service) == NULL)
        return;
    snprintf(line, sizeof line, "watch it: %s", service_url(watch->service));
    display_note(spec->display, line);
}

static void end_linger(void *context, int number) {
    struct watch *watch = context;
    (void)number;
    service_hurry(watch->service);
}

void watch_linger(struct watch *watch) {
    double seconds = watch->spec->config->monitor_linger;
    char line[256];
    struct status ignored;
    if (seconds == 0 || service_url(watch->service) == NULL)
        return;
    struct signals *signals = signals_start(end_linger, watch, &ignored);
    snprintf(line, sizeof line, "the page stays for %g s: %s", seconds, service_url(watch->service));
    display_note(watch->spec->display, line);
    service_linger(watch->service, seconds);
    signals_stop(signals);
}

void watch_stop(struct watch *watch) {
    service_stop(watch->service);
    watch->service = NULL;
}
