/* dotbias check: tries what a run needs before it starts: configuration, ratings, run folder, programs,
 * ports, peers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/launch.h"
#include "net/endpoint.h"
#include "net/names.h"
#include "net/reach.h"
#include "node/protection.h"
#include "node/setup.h"

static const char DOC[] =
    "Examples:\n"
    "  dotbias check config/cluster.yaml\n"
    "\v"
    "Tries one thing after the other and says how it went: the configuration, the ratings, the "
    "programs of the cluster, the address that pservers listen on, and the coordinator's "
    "endpoint. The exit code is that of the first thing that failed.";

static bool check_data(const struct config *config, char *note, size_t capacity, struct status *status) {
    struct packed_set set = {0};
    struct config settled = *config;
    bool good = launch_open_set(&settled, &set, status) && setup_check(config, &set, status);
    if (good)
        snprintf(note, capacity, "%llu ratings for training, %llu for validation",
                 (unsigned long long)set.train_count, (unsigned long long)set.valid_count);
    packed_set_close(&set);
    return good;
}

static bool check_programs(const struct config *config, char *note, size_t capacity, struct status *status) {
    static const char *const PROGRAMS[] = {"dotbias-coordinator", "dotbias-pserver", "dotbias-worker"};
    char folder[PATH_MAX], path[PATH_MAX + 32];
    if (config->cluster_transport == TRANSPORT_INPROC) {
        snprintf(note, capacity, "none needed: all roles are threads");
        return true;
    }
    if (!launch_program_dir(folder, status))
        return false;
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof PROGRAMS[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, PROGRAMS[i]);
        if (access(path, X_OK) != 0)
            return status_fail_errno(status, STATUS_NO_INPUT, "cannot run %s", path);
    }
    snprintf(note, capacity, "in %s", folder);
    return true;
}

static bool check_bind(const struct config *config, char *note, size_t capacity, struct status *status) {
    char endpoint[ENDPOINT_BYTES];
    if (config->cluster_transport != TRANSPORT_TCP) {
        snprintf(note, capacity, "no ports are used by %s", setup_transport_name(config));
        return true;
    }
    struct addresses addresses;
    struct endpoint first;
    snprintf(endpoint, sizeof endpoint, "tcp://%.200s:*", config->cluster_bind);
    if (!names_listen(&addresses, endpoint, status) ||
        !endpoint_parse(&first, addresses.endpoints[0], status))
        return false;
    bool other = strcmp(first.host, config->cluster_bind) != 0;
    snprintf(note, capacity, other ? "can listen on %s, which is %s" : "can listen on %s",
             config->cluster_bind, first.host);
    return reach_listen(endpoint, status);
}

/* Every role's, where this is the folder of all of them: a host may have one secret alone. */
static bool check_keys(const struct config *config, char *note, size_t capacity, struct status *status) {
    size_t length;
    if (config->security_keys[0] == '\0' || config->cluster_transport != TRANSPORT_TCP) {
        snprintf(note, capacity, "nothing is encrypted");
        return protection_check(config, status);
    }
    snprintf(note, capacity, "in %.200s, secrets of", config->security_keys);
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        struct keys keys;
        bool good = keys_load(&keys, config->security_keys, role, status);
        bool missing = !good && status->code == STATUS_NO_INPUT;
        keys_free(&keys);
        if (!good && !missing)
            return false;
        length = strlen(note);
        if (good)
            snprintf(note + length, capacity - length, " %s", role_name(role));
    }
    return true;
}

/* The coordinator's endpoint is free (it can be started here), or somebody answers there. */
static bool check_coordinator(const struct config *config, char *note, size_t capacity,
                              struct status *status) {
    struct status listening;
    if (config->cluster_transport != TRANSPORT_TCP || config->cluster_coordinator[0] == '\0') {
        snprintf(note, capacity, "chosen when the run starts");
        return true;
    }
    if (reach_listen(config->cluster_coordinator, &listening)) {
        snprintf(note, capacity, "%.180s is free here", config->cluster_coordinator);
        return true;
    }
    double seconds;
    if (!reach_connect(config->cluster_coordinator, &seconds, status))
        return status_context(status, "%s; nor can it be reached", listening.text);
    snprintf(note, capacity, "%.180s answers after %.1f ms, a round trip", config->cluster_coordinator,
             1e3 * seconds);
    return true;
}

static const struct {
    const char *name;
    bool (*try)(const struct config *config, char *note, size_t capacity, struct status *status);
} CHECKS[] = {
    {"ratings", check_data}, {"programs", check_programs},       {"listening", check_bind},
    {"keys", check_keys},    {"coordinator", check_coordinator},
};

int command_check(int argc, char **argv) {
    struct launch_arguments arguments;
    struct config config;
    launch_parse(&arguments, DOC, argc, argv);
    int code = launch_load(&config, arguments.path, &arguments.sets);
    if (code != 0)
        return code;
    printf("%-14s good: %s\n", "configuration", arguments.path);
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++) {
        struct status status;
        char note[PATH_MAX] = "";
        bool good = CHECKS[i].try(&config, note, sizeof note, &status);
        printf("%-14s %s: %s\n", CHECKS[i].name, good ? "good" : "FAILED", good ? note : status.text);
        if (!good && code == 0)
            code = (int)status.code;
    }
    return code;
}
