#include "node/supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/signals.h"
#include "node/crew.h"
#include "node/event_log.h"
#include "node/restart_policy.h"

enum {
    GRACE_MS = 3000, /* for members after the coordinator's end, and for the coordinator after a member's */
    ENDPOINT_LOOK_MS = 5,
    SENTENCE_BYTES = 896 /* of a process's end, within a status */
};

struct supervisor {
    struct supervisor_spec spec;
    struct crew crew;
    FILE *log;                          /* RUN/logs/supervisor.log; NULL when it cannot be written */
    char last_words[STATUS_TEXT_BYTES]; /* of the coordinator that lives, or has just ended */
    int words
        [2]; /* a pair of sockets for lines. [0] is ours; to [1] a signal's thread and the coordinator write, and the
                     coordinator reads there what we have seen, this one or, when it is dead, the next */
    uint64_t restarts;
    struct process *pending; /* has ended, and has still to be dealt with */
    int stop_signal;         /* 0: nobody has asked the run to end */
    bool over;               /* then outcome is how */
    struct status outcome;
};

/* Ends the watch: with this code and sentence, or as well as can be (STATUS_OK). */
static void finish(struct supervisor *supervisor, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void finish(struct supervisor *supervisor, enum status_code code, const char *format, ...) {
    va_list arguments;
    supervisor->over = true;
    supervisor->outcome.code = code;
    va_start(arguments, format);
    vsnprintf(supervisor->outcome.text, sizeof supervisor->outcome.text, format, arguments);
    va_end(arguments);
}

static void note(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct supervisor *supervisor, const char *format, ...) {
    char line[SENTENCE_BYTES + 128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (supervisor->log != NULL)
        event_log_line(supervisor->log, line);
}

/* ---- words: one line each, written whole ---- */

static void on_signal(void *context, int number) {
    const struct supervisor *supervisor = context;
    char line[32];
    int length = snprintf(line, sizeof line, "signal %d\n", number);
    ssize_t written = write(supervisor->words[1], line, (size_t)length);
    (void)written; /* a socket that is full of words wakes us as well, and the second signal needs none */
}

/* For the run's page. Where no coordinator lives the line waits for the next one; where none listens it is lost. */
static void tell_coordinator(const struct supervisor *supervisor, const char *line) {
    char word[SENTENCE_BYTES + 192];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int length = snprintf(word, sizeof word, "time=%lld.%03ld %s\n", (long long)now.tv_sec,
                          now.tv_nsec / 1000000, line);
    ssize_t written = length < (int)sizeof word ? write(supervisor->words[0], word, (size_t)length) : 0;
    (void)written;
}

/* Asks the coordinator to save and end; it tells the members. */
static void pass_on_stop(const struct supervisor *supervisor) {
    const struct process *coordinator = &supervisor->crew.processes[0];
    if (supervisor->stop_signal != 0 && coordinator->running)
        kill(coordinator->pid, SIGTERM);
}

static void handle_end(struct supervisor *supervisor, struct process *ended, const char *how);

/* The coordinator has given a worker up that was silent. Whatever is left of it must not sit on its place. */
static void replace_silent(struct supervisor *supervisor, const char *line) {
    char reason[64], how[SENTENCE_BYTES];
    unsigned index;
    long pid;
    const char *why = strstr(line, "reason=\"silent");
    if (why == NULL ||
        sscanf(line, "event=lost role=worker index=%u name=\"worker %*u (pid %ld", &index, &pid) != 2 ||
        sscanf(why, "reason=\"%63[^\"]", reason) != 1)
        return;
    struct process *worker = crew_find(&supervisor->crew, ROLE_WORKER, index);
    if (!supervisor->crew.processes[0].running || worker == NULL || !worker->running || worker->pid != pid)
        return;
    kill(-worker->pid, SIGKILL);
    process_wait_any(worker, 1, -1, -1);
    snprintf(how, sizeof how, "%s (pid %ld) has been %s", worker->name, pid, reason);
    handle_end(supervisor, worker, how);
}

static const char ERROR_WORD[] = "error ";

static void read_words(struct supervisor *supervisor) {
    char text[8192];
    ssize_t got = read(supervisor->words[0], text, sizeof text - 1);
    if (got <= 0)
        return;
    text[got] = '\0';
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL && !supervisor->over;) {
        if (sscanf(line, "signal %d", &supervisor->stop_signal) == 1) {
            note(supervisor, "event=stopping signal=%d", supervisor->stop_signal);
            pass_on_stop(supervisor);
        } else if (strncmp(line, ERROR_WORD, sizeof ERROR_WORD - 1) == 0) {
            snprintf(supervisor->last_words, sizeof supervisor->last_words, "%s",
                     line + sizeof ERROR_WORD - 1);
        } else {
            replace_silent(supervisor, line);
        }
    }
}

/* ---- starting ---- */

static bool start_members(struct supervisor *supervisor, struct status *status) {
    struct crew *crew = &supervisor->crew;
    for (size_t i = 1; i < crew->count; i++)
        if (!crew_start_member(crew, &crew->processes[i], 0, status))
            return false;
    return true;
}

/* A coordinator that ends before it listens would end so again, unless it was killed. */
static void end_before_listening(struct supervisor *supervisor, struct process *coordinator) {
    read_words(supervisor);
    if (WIFEXITED(coordinator->wait_status) && WEXITSTATUS(coordinator->wait_status) == STATUS_UNAVAILABLE)
        finish(supervisor, STATUS_UNAVAILABLE, "%s", supervisor->last_words);
    else
        supervisor->pending = coordinator;
}

static int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the coordinator's endpoint is known. False when it will not be: the run is over, or the coordinator has
 * ended and is pending. */
static bool await_endpoint(struct supervisor *supervisor) {
    struct crew *crew = &supervisor->crew;
    uint64_t patience_s = supervisor->spec.config->cluster_start_timeout;
    int64_t deadline_ms = clock_ms() + (int64_t)patience_s * 1000;
    while (!crew_knows_coordinator(crew)) {
        struct process *ended = process_wait_any(crew->processes, 1, ENDPOINT_LOOK_MS, supervisor->words[0]);
        if (ended != NULL) {
            end_before_listening(supervisor, ended);
            return false;
        }
        read_words(supervisor);
        if (clock_ms() > deadline_ms) {
            finish(supervisor, STATUS_UNAVAILABLE, "the coordinator did not listen after %" PRIu64 " s",
                   patience_s);
            return false;
        }
    }
    return true;
}

static void start_all(struct supervisor *supervisor) {
    struct status status;
    supervisor->last_words[0] = '\0';
    if (!crew_start_coordinator(&supervisor->crew, &status)) {
        finish(supervisor, status.code, "%s", status.text);
        return;
    }
    pass_on_stop(supervisor);
    if (await_endpoint(supervisor) && !start_members(supervisor, &status))
        finish(supervisor, status.code, "%s", status.text);
}

/* ---- ends ---- */

static void say_restart(struct supervisor *supervisor, const char *what, const char *how) {
    char line[SENTENCE_BYTES + 128];
    snprintf(line, sizeof line, "event=restarted %s reason=\"%s\" restarts=%" PRIu64 "/%" PRIu64, what, how,
             ++supervisor->restarts, supervisor->spec.config->cluster_restarts);
    note(supervisor, "%s", line);
    tell_coordinator(supervisor, line);
    supervisor->spec.tell(supervisor->spec.context, line);
}

static void say_lost(struct supervisor *supervisor, const struct process *ended, const char *how) {
    char line[SENTENCE_BYTES + 128];
    snprintf(line, sizeof line, "event=lost role=%s index=%u reason=\"%s\"",
             role_name(crew_role(&supervisor->crew, ended)), crew_index(&supervisor->crew, ended), how);
    tell_coordinator(supervisor, line);
}

static void restart_one(struct supervisor *supervisor, struct process *ended, const char *how) {
    struct status status;
    char what[48];
    say_lost(supervisor, ended, how);
    snprintf(what, sizeof what, "what=worker index=%u", crew_index(&supervisor->crew, ended));
    say_restart(supervisor, what, how);
    if (!crew_start_member(&supervisor->crew, ended, ended->pid, &status))
        finish(supervisor, status.code, "%s", status.text);
}

static void restart_all(struct supervisor *supervisor, const struct process *ended, const char *how) {
    crew_kill(&supervisor->crew);
    say_lost(supervisor, ended, how);
    say_restart(supervisor, "what=all", how);
    start_all(supervisor);
}

/* The code of a process, where it is one of ours. */
static enum status_code code_of(const struct process *process) {
    int code = WIFEXITED(process->wait_status) ? WEXITSTATUS(process->wait_status) : 0;
    return code >= STATUS_USAGE && code <= STATUS_CONFIG ? (enum status_code)code : STATUS_UNAVAILABLE;
}

/* A coordinator that has exited without a word to us has said why on stderr, which is ours. */
static void end_with(struct supervisor *supervisor, const struct process *process, const char *how) {
    bool has_said = process == supervisor->crew.processes && WIFEXITED(process->wait_status) &&
                    supervisor->last_words[0] == '\0';
    finish(supervisor, code_of(process), "%s", has_said ? "" : how);
}

/* A member has ended with a code that means that the run cannot go on; the coordinator knows, or never will. */
static void await_verdict(struct supervisor *supervisor, const struct process *failed, const char *how) {
    struct process *coordinator = process_wait_any(supervisor->crew.processes, 1, GRACE_MS, -1);
    if (coordinator != NULL)
        handle_end(supervisor, coordinator, NULL);
    else
        end_with(supervisor, failed, how);
}

static void act(struct supervisor *supervisor, enum restart_action action, struct process *ended,
                const char *how) {
    switch (action) {
    case RESTART_SUCCEED:
        finish(supervisor, STATUS_OK, "%s", "");
        break;
    case RESTART_LET_GO:
        break;
    case RESTART_ONE:
        restart_one(supervisor, ended, how);
        break;
    case RESTART_ALL:
        restart_all(supervisor, ended, how);
        break;
    case RESTART_AWAIT:
        await_verdict(supervisor, ended, how);
        break;
    case RESTART_END:
    case RESTART_GIVE_UP:
        end_with(supervisor, ended, how);
        break;
    case RESTART_STOP:
        finish(supervisor, STATUS_TRY_AGAIN, "stopped by signal %d (%s), and %s", supervisor->stop_signal,
               strsignal(supervisor->stop_signal), how);
        break;
    }
}

/* A member that lost its peers, or was told that the run is over, is seldom alone: gives those whose end decides more a
 * moment to end too. */
static struct process *gravest(struct supervisor *supervisor, struct process *ended) {
    struct crew *crew = &supervisor->crew;
    enum role role = crew_role(crew, ended);
    int moment_ms = (int)(supervisor->spec.config->cluster_heartbeat_interval * 1000) + 1;
    if (role == ROLE_COORDINATOR || !WIFEXITED(ended->wait_status) ||
        WEXITSTATUS(ended->wait_status) != STATUS_UNAVAILABLE)
        return ended;
    size_t graver_count = role == ROLE_PSERVER ? 1 : (size_t)1 + crew->pservers;
    struct process *graver = process_wait_any(crew->processes, graver_count, moment_ms, -1);
    return graver != NULL ? graver : ended;
}

/* how: what happened to it, where we know better than the kernel; else NULL. */
static void handle_end(struct supervisor *supervisor, struct process *ended, const char *how) {
    char text[SENTENCE_BYTES];
    ended = gravest(supervisor, ended);
    if (ended == supervisor->crew.processes)
        read_words(supervisor);
    crew_describe(&supervisor->crew, ended, text, sizeof text);
    note(supervisor, "event=ended reason=\"%s\"", text);
    if (ended == supervisor->crew.processes && supervisor->last_words[0] != '\0')
        how = supervisor->last_words;
    struct restart_case which = {
        .role = crew_role(&supervisor->crew, ended),
        .ending = restart_ending_of_wait(ended->wait_status),
        .restarts_left = supervisor->spec.config->cluster_restarts - supervisor->restarts,
        .is_stopping = supervisor->stop_signal != 0,
    };
    act(supervisor, restart_decide(&which), ended, how != NULL ? how : text);
}

static void watch(struct supervisor *supervisor) {
    struct crew *crew = &supervisor->crew;
    while (!supervisor->over) {
        struct process *ended = supervisor->pending;
        supervisor->pending = NULL;
        if (ended == NULL)
            ended = process_wait_any(crew->processes, crew->count, -1, supervisor->words[0]);
        if (ended != NULL)
            handle_end(supervisor, ended, NULL);
        else
            read_words(supervisor);
    }
}

/* After a good run the members, told to stop, end by themselves. */
static void end_all(struct supervisor *supervisor) {
    struct crew *crew = &supervisor->crew;
    int64_t deadline_ms = clock_ms() + GRACE_MS;
    while (supervisor->outcome.code == STATUS_OK && clock_ms() < deadline_ms &&
           process_wait_any(crew->processes, crew->count, (int)(deadline_ms - clock_ms()), -1) != NULL)
        continue;
    crew_kill(crew);
}

static bool open_log(struct supervisor *supervisor, struct status *status) {
    char path[PATH_MAX];
    run_dir_file(supervisor->spec.dir, "logs/supervisor.log", path);
    supervisor->log = fopen(path, "ae");
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, supervisor->words) == 0 ||
           status_fail_errno(status, STATUS_NO_MEMORY, "cannot open a pair of sockets");
}

static void close_log(struct supervisor *supervisor) {
    if (supervisor->log != NULL)
        fclose(supervisor->log);
    for (size_t i = 0; i < 2; i++)
        if (supervisor->words[i] >= 0)
            close(supervisor->words[i]);
}

static void run_crew(struct supervisor *supervisor, struct status *status) {
    struct signals *signals = signals_start(on_signal, supervisor, status);
    if (signals == NULL) {
        supervisor->outcome = *status;
        return;
    }
    start_all(supervisor);
    watch(supervisor);
    end_all(supervisor);
    signals_stop(signals);
}

bool supervisor_run(const struct supervisor_spec *spec, struct status *status) {
    struct supervisor supervisor = {.spec = *spec, .words = {-1, -1}};
    if (!open_log(&supervisor, status)) {
        close_log(&supervisor);
        return false;
    }
    if (crew_init(&supervisor.crew, spec, supervisor.words[1], status))
        run_crew(&supervisor, status);
    else
        supervisor.outcome = *status;
    crew_release(&supervisor.crew);
    close_log(&supervisor);
    *status = supervisor.outcome;
    return status->code == STATUS_OK;
}
