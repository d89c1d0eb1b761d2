/* The manifests of a cluster, as text. What they say of the field names of Kubernetes is held against its own model classes in
 * tests/integration/kubernetes.bats. */
#ifndef CLI_KUBERNETES_TEXT_H
#define CLI_KUBERNETES_TEXT_H

#include <stdio.h>

#include "config/config.h"
#include "core/status.h"

struct kubernetes_spec {
    const struct config *config;
    const char *name;                                   /* a DNS label */
    const char *image, *claim, *ratings, *memory, *cpu; /* nothing in them means anything to YAML */
};

/* STATUS_IO when it cannot be written. */
bool kubernetes_text_print(const struct kubernetes_spec *spec, FILE *file, struct status *status);

#endif
