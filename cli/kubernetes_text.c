#include "cli/kubernetes_text.h"

#include <inttypes.h>
#include <string.h>

#include "config/loader.h"
#include "config/print.h"
#include "core/memory.h"

enum { COORDINATOR_PORT = 7077, PSERVER_PORT = 7078, PAGE_PORT = 8080 };

/* A role, as far as its pods differ. */
struct pod {
    const char *role;
    const char *command; /* a shell's, which becomes the program */
    const char *restart; /* restartPolicy; NULL: the only one that there is */
    bool serves_page;
};

/* The run is over when its summary is there: a StatefulSet would start it again for ever. */
static const char COORDINATE[] =
    "[ ! -e $RUN/summary.json ] || exec sleep infinity; [ ! -e $RUN/config.yaml ] || resume=--resume; "
    "exec dotbias-coordinator --config /config/cluster.yaml --run $RUN --checkpoints $RUN/checkpoints "
    "$resume";
static const char SERVE[] = "[ ! -e $RUN/summary.json ] || exec sleep infinity; "
                            "exec dotbias-pserver --config /config/cluster.yaml --index ${POD##*-} --listen "
                            "'tcp://*:7078' --checkpoints $RUN/checkpoints";
static const char WORK[] = "[ ! -e $RUN/summary.json ] || exit 0; exec dotbias-worker --config "
                           "/config/cluster.yaml --index $JOB_COMPLETION_INDEX";

static const struct pod COORDINATOR = {"coordinator", COORDINATE, NULL, true};
static const struct pod PSERVER = {"pserver", SERVE, NULL, false};
static const struct pod WORKER = {"worker", WORK, "OnFailure", false};

/* ---- what all objects have ---- */

static void put_head(const struct kubernetes_spec *spec, FILE *file, const char *version, const char *kind,
                     const char *ending) {
    fprintf(file,
            "---\napiVersion: %s\nkind: %s\nmetadata:\n  name: %s%s\n  labels:\n    app.kubernetes.io/name: "
            "dotbias\n"
            "    app.kubernetes.io/instance: %s\n",
            version, kind, spec->name, ending, spec->name);
}

static void put_selector(const struct kubernetes_spec *spec, FILE *file, const char *role) {
    fprintf(file,
            "  selector:\n    matchLabels:\n      app.kubernetes.io/instance: %s\n      dotbias/role: %s\n",
            spec->name, role);
}

/* ---- the configuration ---- */

static void put_indented(const char *text, FILE *file) {
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        fprintf(file, "%s%.*s\n", length == 0 ? "" : "    ", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* Every option at its value, so that a newer program with other defaults means the same. */
static bool put_config(const struct kubernetes_spec *spec, FILE *file, struct status *status) {
    char *text = memory_take(CONFIG_FILE_BYTES_MAX, "a configuration", status);
    if (text == NULL)
        return false;
    FILE *page = fmemopen(text, CONFIG_FILE_BYTES_MAX - 1, "w");
    if (page == NULL) {
        memory_release(text);
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot print a configuration");
    }
    config_print(spec->config, page, NULL);
    fclose(page);
    put_head(spec, file, "v1", "ConfigMap", "-config");
    fputs("data:\n  cluster.yaml: |\n", file);
    put_indented(text, file);
    memory_release(text);
    return true;
}

/* ---- services ---- */

/* Headless: every pod has a name, also before it is ready, since nobody is ready before all have met. */
static void put_services(const struct kubernetes_spec *spec, FILE *file) {
    put_head(spec, file, "v1", "Service", "");
    fprintf(file,
            "spec:\n  clusterIP: None\n  publishNotReadyAddresses: true\n  selector:\n    "
            "app.kubernetes.io/instance: %s\n"
            "  ports:\n    - name: coordinator\n      port: %d\n    - name: pserver\n      port: %d\n",
            spec->name, COORDINATOR_PORT, PSERVER_PORT);
    put_head(spec, file, "v1", "Service", "-page");
    fprintf(file,
            "spec:\n  selector:\n    app.kubernetes.io/instance: %s\n    dotbias/role: coordinator\n  "
            "ports:\n    - name: http\n"
            "      port: %d\n      targetPort: http\n",
            spec->name, PAGE_PORT);
}

/* ---- pods ---- */

static void put_environment(const struct kubernetes_spec *spec, const struct pod *pod, FILE *file) {
    const struct {
        const char *name, *value;
    } fixed[] = {
        {"DOTBIAS_DATA__RATINGS", spec->ratings},
        {"DOTBIAS_CLUSTER__TRANSPORT", "tcp"},
        {"DOTBIAS_CLUSTER__BIND", "*"},
        {"DOTBIAS_MONITOR__LISTEN", "*:8080"},
        {"DOTBIAS_MONITOR__TOKEN", "/keys/monitor.token"},
        {"DOTBIAS_SECURITY__KEYS", "/keys"},
    };
    fprintf(file, "            - name: RUN\n              value: \"/dotbias/runs/%s\"\n", spec->name);
    fputs("            - name: POD\n              valueFrom:\n                fieldRef:\n                  "
          "fieldPath: metadata.name\n",
          file);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        fprintf(file, "            - name: %s\n              value: \"%s\"\n", fixed[i].name, fixed[i].value);
    if (pod == &COORDINATOR)
        fprintf(file,
                "            - name: DOTBIAS_CLUSTER__COORDINATOR\n              value: \"tcp://*:%d\"\n",
                COORDINATOR_PORT);
    else
        fprintf(file,
                "            - name: DOTBIAS_CLUSTER__COORDINATOR\n              value: "
                "\"tcp://%s-coordinator-0.%s:%d\"\n",
                spec->name, spec->name, COORDINATOR_PORT);
    if (pod == &PSERVER)
        fprintf(file, "            - name: DOTBIAS_CLUSTER__ADVERTISE\n              value: \"$(POD).%s\"\n",
                spec->name);
}

/* /healthz never depends on peers; a process that waits for them is alive. */
static void put_probes(const struct pod *pod, FILE *file) {
    if (!pod->serves_page)
        return;
    fprintf(file,
            "          ports:\n            - name: http\n              containerPort: %d\n"
            "          livenessProbe:\n            httpGet:\n              path: /healthz\n              "
            "port: http\n"
            "            initialDelaySeconds: 30\n            periodSeconds: 10\n            "
            "failureThreshold: 6\n"
            "          readinessProbe:\n            httpGet:\n              path: /readyz\n              "
            "port: http\n"
            "            periodSeconds: 5\n",
            PAGE_PORT);
}

static void put_security(FILE *file) {
    fputs("          securityContext:\n            allowPrivilegeEscalation: false\n            "
          "readOnlyRootFilesystem: true\n"
          "            capabilities:\n              drop:\n                - ALL\n",
          file);
}

/* A Secret's files belong to root; ours must be private to the one who reads them. */
static void put_keys(const struct kubernetes_spec *spec, FILE *file) {
    fprintf(
        file,
        "      initContainers:\n        - name: keys\n          image: \"%s\"\n          command:\n          "
        "  - /bin/sh\n"
        "            - -c\n            - cp /secret/* /keys/ && chmod 600 /keys/*\n          volumeMounts:\n"
        "            - name: secret\n              mountPath: /secret\n              readOnly: true\n        "
        "    - name: keys\n"
        "              mountPath: /keys\n",
        spec->image);
    put_security(file);
}

static void put_volumes(const struct kubernetes_spec *spec, FILE *file) {
    fprintf(file,
            "      volumes:\n        - name: config\n          configMap:\n            name: %s-config\n     "
            "   - name: shared\n"
            "          persistentVolumeClaim:\n            claimName: \"%s\"\n        - name: secret\n       "
            "   secret:\n"
            "            secretName: %s-keys\n            defaultMode: 0440\n        - name: keys\n          "
            "emptyDir:\n"
            "            medium: Memory\n        - name: tmp\n          emptyDir: {}\n",
            spec->name, spec->claim, spec->name);
}

static void put_container(const struct kubernetes_spec *spec, const struct pod *pod, FILE *file) {
    fprintf(file,
            "      containers:\n        - name: %s\n          image: \"%s\"\n          command:\n            "
            "- /bin/sh\n"
            "            - -c\n            - \"%s\"\n          env:\n",
            pod->role, spec->image, pod->command);
    put_environment(spec, pod, file);
    put_probes(pod, file);
    fprintf(file,
            "          resources:\n            requests:\n              cpu: \"%s\"\n              memory: "
            "\"%s\"\n            limits:\n"
            "              memory: \"%s\"\n",
            spec->cpu, spec->memory, spec->memory);
    put_security(file);
    fputs("          volumeMounts:\n            - name: config\n              mountPath: /config\n           "
          "   readOnly: true\n"
          "            - name: shared\n              mountPath: /dotbias\n            - name: keys\n         "
          "     mountPath: /keys\n"
          "              readOnly: true\n            - name: tmp\n              mountPath: /tmp\n",
          file);
}

/* The grace is longer than a checkpoint takes. */
static void put_template(const struct kubernetes_spec *spec, const struct pod *pod, FILE *file) {
    fprintf(file,
            "  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: dotbias\n"
            "        app.kubernetes.io/instance: %s\n        dotbias/role: %s\n    spec:\n      "
            "terminationGracePeriodSeconds: 180\n"
            "      automountServiceAccountToken: false\n      securityContext:\n        runAsNonRoot: true\n "
            "       runAsUser: 10001\n"
            "        runAsGroup: 10001\n        fsGroup: 10001\n        seccompProfile:\n          type: "
            "RuntimeDefault\n",
            spec->name, pod->role);
    if (pod->restart != NULL)
        fprintf(file, "      restartPolicy: %s\n      subdomain: %s\n", pod->restart, spec->name);
    put_keys(spec, file);
    put_container(spec, pod, file);
    put_volumes(spec, file);
}

static void put_set(const struct kubernetes_spec *spec, const struct pod *pod, uint64_t replicas,
                    FILE *file) {
    char ending[32];
    snprintf(ending, sizeof ending, "-%s", pod->role);
    put_head(spec, file, "apps/v1", "StatefulSet", ending);
    fprintf(file, "spec:\n  serviceName: %s\n  replicas: %" PRIu64 "\n  podManagementPolicy: Parallel\n",
            spec->name, replicas);
    put_selector(spec, file, pod->role);
    put_template(spec, pod, file);
}

static void put_job(const struct kubernetes_spec *spec, const struct pod *pod, uint64_t workers, FILE *file) {
    put_head(spec, file, "batch/v1", "Job", "-worker");
    fprintf(file,
            "spec:\n  completionMode: Indexed\n  completions: %" PRIu64 "\n  parallelism: %" PRIu64
            "\n  backoffLimit: 1000\n",
            workers, workers);
    put_template(spec, pod, file);
}

/* ---- who may talk to whom ---- */

static void put_policy(const struct kubernetes_spec *spec, FILE *file) {
    put_head(spec, file, "networking.k8s.io/v1", "NetworkPolicy", "");
    fprintf(file,
            "spec:\n  podSelector:\n    matchLabels:\n      app.kubernetes.io/instance: %s\n  policyTypes:\n "
            "   - Ingress\n  ingress:\n"
            "    - from:\n        - podSelector:\n            matchLabels:\n              "
            "app.kubernetes.io/instance: %s\n      ports:\n"
            "        - port: %d\n        - port: %d\n    - ports:\n        - port: %d\n",
            spec->name, spec->name, COORDINATOR_PORT, PSERVER_PORT, PAGE_PORT);
}

bool kubernetes_text_print(const struct kubernetes_spec *spec, FILE *file, struct status *status) {
    fprintf(file, "# Made by `dotbias kubernetes`.\n");
    if (!put_config(spec, file, status))
        return false;
    put_services(spec, file);
    put_set(spec, &COORDINATOR, 1, file);
    put_set(spec, &PSERVER, spec->config->cluster_pservers, file);
    put_job(spec, &WORKER, spec->config->cluster_workers, file);
    put_policy(spec, file);
    return (fflush(file) == 0 && !ferror(file)) ||
           status_fail_errno(status, STATUS_IO, "cannot write the manifests");
}
