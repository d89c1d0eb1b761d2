#include "node/children.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/process.h"

enum { GRACE_MS = 3000 };

struct children {
    struct process *processes;
    char (*logs)[PATH_MAX]; /* of each process */
    size_t count;
    struct loop *coordinator_loop;
    pthread_t watcher;
    bool watching;
    int over; /* readable when children_end has been called */
};

/* The last line of a log that is not empty; "" when there is none. */
static void last_line(const char *path, char *line, size_t capacity) {
    char text[2048];
    line[0] = '\0';
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    if (fseek(file, -(long)(sizeof text - 1), SEEK_END) != 0)
        rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\0'))
        length--;
    text[length] = '\0';
    const char *start = strrchr(text, '\n');
    snprintf(line, capacity, "%.*s", (int)capacity - 1, start == NULL ? text : start + 1);
}

/* The child's own exit code where it is one of ours, else "peer unavailable". */
static enum status_code code_of(const struct process *process) {
    int code = WIFEXITED(process->wait_status) ? WEXITSTATUS(process->wait_status) : 0;
    return code >= STATUS_USAGE && code <= STATUS_CONFIG ? (enum status_code)code : STATUS_UNAVAILABLE;
}

static void *watch(void *context) {
    struct children *children = context;
    char text[PROCESS_TEXT_BYTES], line[512];
    struct process *ended = process_wait_any(children->processes, children->count, -1, children->over);
    if (ended == NULL || process_succeeded(ended))
        return NULL;
    struct status status;
    process_describe(ended, text);
    last_line(children->logs[ended - children->processes], line, sizeof line);
    status_fail(&status, code_of(ended), "%s%s%s", text, line[0] == '\0' ? "" : "; its last words: ", line);
    loop_stop(children->coordinator_loop, &status);
    return NULL;
}

static bool spawn(struct children *children, const struct lead_spec *lead, const char *program_dir,
                  struct endpoint_home *home, enum role role, uint32_t index, struct status *status) {
    char name[32], short_name[32], program[PATH_MAX], config[PATH_MAX], number[16], listen[ENDPOINT_BYTES],
        log[64];
    size_t at = children->count++;
    snprintf(name, sizeof name, "%s %u", role_name(role), index);
    snprintf(short_name, sizeof short_name, "%s-%u", role_name(role), index);
    snprintf(number, sizeof number, "%u", index);
    snprintf(program, sizeof program, "%s/dotbias-%s", program_dir, role_name(role));
    run_dir_file(lead->dir, "config.yaml", config);
    snprintf(log, sizeof log, "logs/%s.log", short_name);
    run_dir_file(lead->dir, log, children->logs[at]);
    char *argv[] = {program,
                    "--config",
                    config,
                    "--index",
                    number,
                    "--coordinator",
                    (char *)loop_endpoint(children->coordinator_loop),
                    NULL,
                    NULL,
                    NULL};
    if (role == ROLE_PSERVER && lead->config->cluster_transport == TRANSPORT_IPC) {
        if (!endpoint_home_make(home, ENDPOINT_IPC, short_name, listen, status))
            return false;
        argv[7] = "--listen";
        argv[8] = listen;
    }
    struct process_spec spec = {name, program, argv, children->logs[at]};
    return process_spawn(&children->processes[at], &spec, status);
}

static bool start_watcher(struct children *children, struct status *status) {
    children->over = eventfd(0, EFD_CLOEXEC);
    if (children->over < 0 || pthread_create(&children->watcher, NULL, watch, children) != 0)
        return status_fail(status, STATUS_NO_MEMORY, "cannot start a thread that watches the processes");
    children->watching = true;
    return true;
}

struct children *children_start(const struct lead_spec *lead, const char *program_dir,
                                struct endpoint_home *home, struct loop *coordinator_loop,
                                struct status *status) {
    uint32_t pservers = (uint32_t)lead->config->cluster_pservers,
             workers = (uint32_t)lead->config->cluster_workers;
    struct children *children = memory_take(sizeof *children, "processes", status);
    if (children == NULL)
        return NULL;
    children->over = -1;
    children->coordinator_loop = coordinator_loop;
    children->processes =
        memory_take_array(pservers + workers, sizeof *children->processes, "processes", status);
    children->logs = memory_take_array(pservers + workers, sizeof *children->logs, "processes", status);
    bool good = children->processes != NULL && children->logs != NULL;
    for (uint32_t i = 0; good && i < pservers; i++)
        good = spawn(children, lead, program_dir, home, ROLE_PSERVER, i, status);
    for (uint32_t i = 0; good && i < workers; i++)
        good = spawn(children, lead, program_dir, home, ROLE_WORKER, i, status);
    if (good && start_watcher(children, status))
        return children;
    process_kill_all(children->processes, children->count, 0);
    children_end(children);
    return NULL;
}

static bool any_running(const struct children *children) {
    for (size_t i = 0; i < children->count; i++)
        if (children->processes[i].running)
            return true;
    return false;
}

void children_end(struct children *children) {
    if (children->watching) {
        uint64_t one = 1;
        ssize_t written = write(children->over, &one, sizeof one);
        (void)written; /* an eventfd of our own takes a one */
        pthread_join(children->watcher, NULL);
    }
    while (any_running(children) &&
           process_wait_any(children->processes, children->count, GRACE_MS, -1) != NULL)
        continue;
    process_kill_all(children->processes, children->count, 0);
    if (children->over >= 0)
        close(children->over);
    memory_release(children->processes);
    memory_release(children->logs);
    memory_release(children);
}
