#include "node/protection.h"

#include <stdio.h>
#include <string.h>

#include "monitor/listener.h"
#include "monitor/token.h"
#include "net/endpoint.h"

enum reach { REACH_LOCAL, REACH_LOOPBACK, REACH_OTHERS };

static enum reach reach_of(const char *endpoint) {
    struct endpoint parsed;
    struct status ignored;
    if (endpoint == NULL || !endpoint_parse(&parsed, endpoint, &ignored) || parsed.transport != ENDPOINT_TCP)
        return REACH_LOCAL;
    return endpoint_is_loopback(parsed.host) ? REACH_LOOPBACK : REACH_OTHERS;
}

/* Whether a process with these endpoints encrypts; false and a sentence when it should and has no keys. */
static bool decide(const struct config *config, const char *listen, const char *coordinator, bool *encrypts,
                   struct status *status) {
    bool far = reach_of(listen) == REACH_OTHERS || reach_of(coordinator) == REACH_OTHERS;
    bool over_tcp = reach_of(listen) != REACH_LOCAL || reach_of(coordinator) != REACH_LOCAL;
    *encrypts = over_tcp && config->security_curve != CURVE_OFF && config->security_keys[0] != '\0';
    if (!far || *encrypts || config->security_curve == CURVE_OFF)
        return true;
    return status_fail(
        status, STATUS_CONFIG,
        "%s can be reached from other machines, and there are no keys: make some by `dotbias keygen DIR` and "
        "set "
        "security.keys: DIR, or set security.curve: off where everybody on the network is trusted",
        reach_of(listen) == REACH_OTHERS ? listen : coordinator);
}

/* The page asks for a token where others can see it. */
static bool check_page(const struct config *config, struct status *status) {
    struct token token;
    if (strcmp(config->monitor_listen, "none") == 0)
        return true;
    if (!token_read(&token, config->monitor_token, status))
        return status_context(status, "monitor.token");
    if (token.text[0] != '\0' || config->security_curve == CURVE_OFF ||
        !listener_is_public(config->monitor_listen))
        return true;
    return status_fail(status, STATUS_CONFIG,
                       "the page at monitor.listen: %s can be seen from other machines, and monitor.token is "
                       "empty: `dotbias "
                       "keygen DIR` makes one as DIR/monitor.token; or set security.curve: off",
                       config->monitor_listen);
}

bool protection_check(const struct config *config, struct status *status) {
    char listen[ENDPOINT_BYTES];
    bool encrypts;
    if (!check_page(config, status))
        return false;
    if (config->cluster_transport != TRANSPORT_TCP)
        return true;
    snprintf(listen, sizeof listen, "tcp://%.200s:*", config->cluster_bind);
    return decide(config, listen, config->cluster_coordinator, &encrypts, status);
}

bool protection_open(struct guard **guard, const struct config *config, enum role role, const char *listen,
                     const char *coordinator, void *zmq_context, struct status *status) {
    struct keys keys;
    bool encrypts;
    *guard = NULL;
    if (!decide(config, listen, coordinator, &encrypts, status))
        return false;
    if (!encrypts)
        return true;
    if (keys_load(&keys, config->security_keys, role, status))
        *guard = guard_new(zmq_context, &keys, status);
    else
        keys_free(&keys);
    return *guard != NULL;
}
