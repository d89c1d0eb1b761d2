/* dotbias kubernetes: a cluster's manifests, made from its configuration. */
#include <argp.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/kubernetes_text.h"
#include "cli/launch.h"

struct kubernetes_arguments {
    struct kubernetes_spec spec;
    struct launch_sets sets;
    const char *config;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias kubernetes cluster.yaml --image registry.example/dotbias:0.1 | kubectl apply -f -\n"
    "  dotbias kubernetes cluster.yaml --name movies --claim ratings --memory 8Gi > movies.yaml\n"
    "\v"
    "Prints a ConfigMap of the configuration, Services, a StatefulSet for the coordinator and one for the "
    "pservers, an indexed Job of "
    "workers, and a NetworkPolicy. The claim is a volume that all pods share (ReadWriteMany) and see as "
    "/dotbias: packed ratings, "
    "and the run's folder in /dotbias/runs/NAME. Keys come from the Secret NAME-keys:\n"
    "  dotbias keygen keys && kubectl create secret generic NAME-keys --from-file=keys\n\n"
    "Numbers of pservers and workers are the configuration's; what depends on the place (transport, "
    "endpoints, folders, keys) is "
    "set in the pods' environment.";

static const struct argp_option OPTIONS[] = {
    {"name", 'n', "NAME", 0, "What everything is called (default dotbias)", 0},
    {"image", 'i', "IMAGE", 0,
     "The image with the programs (default dotbias:latest; deploy/Containerfile makes it)", 0},
    {"claim", 'c', "CLAIM", 0, "The PersistentVolumeClaim that all pods share (default NAME)", 0},
    {"ratings", 'r', "PATH", 0, "The packed ratings, where a pod sees them (default /dotbias/ratings)", 0},
    {"memory", 'm', "QUANTITY", 0, "Memory of a pserver and of a worker (default 2Gi; see `dotbias plan`)",
     0},
    {"cpu", 'C', "QUANTITY", 0, "Processors of a pserver and of a worker (default 1)", 0},
    {0},
};

/* What Kubernetes calls a DNS label. */
static bool is_label(const char *text) {
    size_t length = strlen(text);
    return length > 0 && length <= 40 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length &&
           isalpha((unsigned char)text[0]) && text[length - 1] != '-';
}

/* Goes into YAML between quotes. */
static bool is_plain(const char *text) {
    static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:@+";
    return text[0] != '\0' && strlen(text) < 200 && strspn(text, PLAIN) == strlen(text);
}

static const char *plain(struct argp_state *state, const char *option, const char *text) {
    if (!is_plain(text))
        argp_error(state, "--%s: '%s' is no name that a manifest can hold", option, text);
    return text;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct kubernetes_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->sets;
        return 0;
    case 'n':
        if (!is_label(value))
            argp_error(state, "--name: '%s' is not up to 40 small letters, digits and hyphens", value);
        arguments->spec.name = value;
        return 0;
    case 'i':
        arguments->spec.image = plain(state, "image", value);
        return 0;
    case 'c':
        arguments->spec.claim = plain(state, "claim", value);
        return 0;
    case 'r':
        arguments->spec.ratings = plain(state, "ratings", value);
        return 0;
    case 'm':
        arguments->spec.memory = plain(state, "memory", value);
        return 0;
    case 'C':
        arguments->spec.cpu = plain(state, "cpu", value);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->config != NULL)
            argp_error(state, "one configuration at a time: what is '%s'?", value);
        arguments->config = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->config == NULL)
            argp_error(state, "which configuration?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_kubernetes(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {{&LAUNCH_SETS_ARGP, 0, NULL, 0}, {0}};
    static const struct argp ARGP = {OPTIONS, parse, "CLUSTER.yaml", DOC, CHILDREN, NULL, NULL};
    struct kubernetes_arguments arguments = {.spec = {.name = "dotbias",
                                                      .image = "dotbias:latest",
                                                      .ratings = "/dotbias/ratings",
                                                      .memory = "2Gi",
                                                      .cpu = "1"}};
    struct config config;
    struct status status;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    int code = launch_load(&config, arguments.config, &arguments.sets);
    if (code != 0)
        return code;
    arguments.spec.config = &config;
    if (arguments.spec.claim == NULL)
        arguments.spec.claim = arguments.spec.name;
    return kubernetes_text_print(&arguments.spec, stdout, &status) ? STATUS_OK : command_report(&status);
}
