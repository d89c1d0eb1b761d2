#include "node/crew.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "core/memory.h"
#include "node/last_words.h"

static const char ENDPOINT_FILE[] = "coordinator.endpoint";

bool crew_init(struct crew *crew, const struct supervisor_spec *spec, int words, struct status *status) {
    *crew = (struct crew){.spec = spec,
                          .words = words,
                          .pservers = (uint32_t)spec->config->cluster_pservers,
                          .workers = (uint32_t)spec->config->cluster_workers};
    crew->count = (size_t)1 + crew->pservers + crew->workers;
    crew->processes = memory_take_array(crew->count, sizeof *crew->processes, "processes", status);
    crew->log_starts = memory_take_array(crew->count, sizeof *crew->log_starts, "processes", status);
    if (crew->processes == NULL || crew->log_starts == NULL || !endpoint_home_init(&crew->home, status))
        return false;
    crew->is_home =
        spec->config->cluster_transport == TRANSPORT_IPC && spec->config->cluster_coordinator[0] == '\0';
    return !crew->is_home ||
           endpoint_home_make(&crew->home, ENDPOINT_IPC, "coordinator", crew->coordinator, status);
}

void crew_release(struct crew *crew) {
    char path[PATH_MAX];
    run_dir_file(crew->spec->dir, ENDPOINT_FILE, path);
    unlink(path);
    run_dir_file(crew->spec->dir, "monitor/url", path);
    unlink(path); /* it is left where the coordinator was killed */
    endpoint_home_remove(&crew->home);
    memory_release(crew->processes);
    memory_release(crew->log_starts);
}

enum role crew_role(const struct crew *crew, const struct process *process) {
    size_t at = (size_t)(process - crew->processes);
    return at == 0 ? ROLE_COORDINATOR : at <= crew->pservers ? ROLE_PSERVER : ROLE_WORKER;
}

uint32_t crew_index(const struct crew *crew, const struct process *process) {
    size_t at = (size_t)(process - crew->processes);
    return (uint32_t)(at == 0 ? 0 : at <= crew->pservers ? at - 1 : at - 1 - crew->pservers);
}

struct process *crew_find(const struct crew *crew, enum role role, uint32_t index) {
    if (role == ROLE_COORDINATOR)
        return index == 0 ? &crew->processes[0] : NULL;
    if (role == ROLE_PSERVER)
        return index < crew->pservers ? &crew->processes[1 + index] : NULL;
    return index < crew->workers ? &crew->processes[1 + crew->pservers + index] : NULL;
}

/* ---- starting ---- */

enum { ARGUMENTS_MAX = 24 };

struct command_line {
    char *items[ARGUMENTS_MAX + 1];
    size_t count;
};

static void add(struct command_line *line, const char *word) {
    if (line->count < ARGUMENTS_MAX)
        line->items[line->count++] = (char *)word;
}

static void add_option(struct command_line *line, const char *option, const char *value) {
    add(line, option);
    add(line, value);
}

bool crew_start_coordinator(struct crew *crew, struct status *status) {
    const struct supervisor_spec *spec = crew->spec;
    char program[PATH_MAX], config[PATH_MAX], endpoint[PATH_MAX], listen[ENDPOINT_BYTES + 32], words[16];
    struct command_line line = {.count = 0};
    run_dir_file(spec->dir, ENDPOINT_FILE, endpoint);
    unlink(endpoint);
    snprintf(program, sizeof program, "%s/dotbias-coordinator", spec->program_dir);
    run_dir_file(spec->dir, "config.yaml", config);
    snprintf(words, sizeof words, "%d", crew->words);
    add(&line, program);
    add_option(&line, "--config", config);
    add_option(&line, "--run", spec->dir->path);
    add_option(&line, "--checkpoints", spec->checkpoints);
    add(&line, "--resume");
    add_option(&line, "--supervised", words);
    if (crew->is_home) {
        snprintf(listen, sizeof listen, "cluster.coordinator=%s", crew->coordinator);
        add_option(&line, "--set", listen);
    } else {
        crew->coordinator[0] = '\0';
    }
    for (const char *const *option = spec->output_options; *option != NULL; option++)
        add(&line, *option);
    struct process_spec process = {"coordinator", program, line.items, NULL, crew->words};
    return process_spawn(&crew->processes[0], &process, status);
}

bool crew_knows_coordinator(struct crew *crew) {
    char path[PATH_MAX];
    if (crew->coordinator[0] != '\0')
        return true;
    run_dir_file(crew->spec->dir, ENDPOINT_FILE, path);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fgets(crew->coordinator, sizeof crew->coordinator, file) == NULL)
        crew->coordinator[0] = '\0';
    fclose(file);
    crew->coordinator[strcspn(crew->coordinator, "\n")] = '\0';
    return crew->coordinator[0] != '\0';
}

static void log_path(const struct crew *crew, const struct process *process, char *path) {
    char file[64];
    snprintf(file, sizeof file, "logs/%s-%u.log", role_name(crew_role(crew, process)),
             crew_index(crew, process));
    run_dir_file(crew->spec->dir, file, path);
}

/* Starts a member from its command line, and notes where its log begins. */
static bool spawn(struct crew *crew, struct process *process, struct command_line *line,
                  struct status *status) {
    char name[PROCESS_NAME_BYTES], log[PATH_MAX];
    struct stat about;
    snprintf(name, sizeof name, "%s %u", role_name(crew_role(crew, process)), crew_index(crew, process));
    log_path(crew, process, log);
    crew->log_starts[process - crew->processes] = stat(log, &about) == 0 ? (long)about.st_size : 0;
    struct process_spec spec = {
        .name = name, .program = line->items[0], .argv = line->items, .log_file = log};
    return process_spawn(process, &spec, status);
}

bool crew_start_member(struct crew *crew, struct process *process, pid_t replaces, struct status *status) {
    char program[PATH_MAX], config[PATH_MAX], number[16], listen[ENDPOINT_BYTES], place[32], former[24];
    enum role role = crew_role(crew, process);
    uint32_t index = crew_index(crew, process);
    struct command_line line = {.count = 0};
    snprintf(program, sizeof program, "%s/dotbias-%s", crew->spec->program_dir, role_name(role));
    snprintf(number, sizeof number, "%u", index);
    run_dir_file(crew->spec->dir, "config.yaml", config);
    add(&line, program);
    add_option(&line, "--config", config);
    add_option(&line, "--index", number);
    add_option(&line, "--coordinator", crew->coordinator);
    add_option(&line, "--checkpoints", crew->spec->checkpoints);
    if (role == ROLE_PSERVER && crew->spec->config->cluster_transport == TRANSPORT_IPC) {
        snprintf(place, sizeof place, "pserver-%u", index);
        if (!endpoint_home_make(&crew->home, ENDPOINT_IPC, place, listen, status))
            return false;
        add_option(&line, "--listen", listen);
    }
    if (replaces != 0) {
        snprintf(former, sizeof former, "%ld", (long)replaces);
        add_option(&line, "--replaces", former);
    }
    return spawn(crew, process, &line, status);
}

/* ---- ending ---- */

void crew_describe(const struct crew *crew, const struct process *process, char *text, size_t capacity) {
    char ending[PROCESS_TEXT_BYTES], path[PATH_MAX], line[512] = "";
    process_describe(process, ending);
    if (process != crew->processes) {
        log_path(crew, process, path);
        last_words(path, crew->log_starts[process - crew->processes], line, sizeof line);
    }
    snprintf(text, capacity, "%s%s%s", ending, line[0] == '\0' ? "" : "; its last words: ", line);
}

void crew_kill(struct crew *crew) {
    process_kill_all(crew->processes, crew->count, 0);
}
