#include "net/endpoint.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool parse_port(const char *text, int *port) {
    if (strcmp(text, "*") == 0 || strcmp(text, "0") == 0) {
        *port = 0;
        return true;
    }
    if (text[0] < '1' || text[0] > '9' || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
        return false;
    *port = atoi(text);
    return *port <= 65535;
}

static bool host_is_sound(const char *host, bool bracketed) {
    static const char NAME[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char BRACKETED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    const char *allowed = bracketed ? BRACKETED : NAME;
    return host[0] != '\0' && (strcmp(host, "*") == 0 || strspn(host, allowed) == strlen(host));
}

static bool parse_tcp(struct endpoint *endpoint, const char *rest, const char *text, struct status *status) {
    const char *colon = strrchr(rest, ':');
    if (colon == NULL)
        return status_fail(status, STATUS_CONFIG, "'%s' has no port; a tcp endpoint is tcp://host:port",
                           text);
    if (!parse_port(colon + 1, &endpoint->port))
        return status_fail(status, STATUS_CONFIG, "'%s': '%s' is no port (1 to 65535, or * for any)", text,
                           colon + 1);
    bool bracketed = rest[0] == '[' && colon > rest + 1 && colon[-1] == ']';
    size_t length = (size_t)(colon - rest) - (bracketed ? 2 : 0);
    memcpy(endpoint->host, rest + bracketed, length);
    endpoint->host[length] = '\0';
    if (!host_is_sound(endpoint->host, bracketed))
        return status_fail(status, STATUS_CONFIG, "'%s': '%s' is no host", text, endpoint->host);
    return true;
}

static bool parse_local(struct endpoint *endpoint, const char *rest, const char *text,
                        struct status *status) {
    snprintf(endpoint->host, sizeof endpoint->host, "%s", rest);
    if (rest[0] == '\0')
        return status_fail(status, STATUS_CONFIG, "'%s' has no name behind the scheme", text);
    if (endpoint->transport == ENDPOINT_IPC && rest[0] != '/')
        return status_fail(status, STATUS_CONFIG, "'%s': an ipc endpoint needs an absolute path", text);
    if (endpoint->transport == ENDPOINT_IPC && strlen(rest) > ENDPOINT_IPC_PATH_MAX)
        return status_fail(status, STATUS_CONFIG, "'%s': the path is longer than %d bytes", text,
                           ENDPOINT_IPC_PATH_MAX);
    return true;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text, struct status *status) {
    static const char *const SCHEMES[] = {"inproc://", "ipc://", "tcp://"};
    *endpoint = (struct endpoint){0};
    if (strlen(text) >= ENDPOINT_BYTES)
        return status_fail(status, STATUS_CONFIG, "an endpoint of %zu bytes is too long (at most %d)",
                           strlen(text), ENDPOINT_BYTES - 1);
    for (int i = ENDPOINT_INPROC; i <= ENDPOINT_TCP; i++) {
        size_t length = strlen(SCHEMES[i]);
        if (strncmp(text, SCHEMES[i], length) != 0)
            continue;
        endpoint->transport = (enum endpoint_kind)i;
        return i == ENDPOINT_TCP ? parse_tcp(endpoint, text + length, text, status)
                                 : parse_local(endpoint, text + length, text, status);
    }
    return status_fail(status, STATUS_CONFIG,
                       "'%s' is no endpoint (inproc://name, ipc:///path, tcp://host:port)", text);
}

bool endpoint_tcp(char text[ENDPOINT_BYTES], const char *host, int port, struct status *status) {
    const char *form = strchr(host, ':') == NULL ? "tcp://%s:%d" : "tcp://[%s]:%d";
    if (snprintf(text, ENDPOINT_BYTES, form, host, port) >= ENDPOINT_BYTES)
        return status_fail(status, STATUS_CONFIG, "the host name '%s' is too long", host);
    return true;
}

bool endpoint_is_wildcard(const char *host) {
    return strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

bool endpoint_advertised(const char *text, char host[ENDPOINT_BYTES], int *port) {
    char whole[ENDPOINT_BYTES];
    struct endpoint parsed;
    struct status ignored;
    if (snprintf(whole, sizeof whole, "tcp://%s", text) >= ENDPOINT_BYTES)
        return false;
    bool has_port = endpoint_parse(&parsed, whole, &ignored) && parsed.port != 0;
    if (has_port)
        *port = parsed.port;
    snprintf(host, ENDPOINT_BYTES, "%s", has_port ? parsed.host : text);
    return true;
}

bool endpoint_is_loopback(const char *host) {
    struct in_addr address;
    struct in6_addr wide;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &wide) == 1)
        return IN6_IS_ADDR_LOOPBACK(&wide);
    return strcasecmp(host, "localhost") == 0;
}

/* Connecting a datagram socket chooses a route and sends nothing. */
static bool own_address(const struct addrinfo *peer, char host[ENDPOINT_BYTES]) {
    struct sockaddr_storage own;
    socklen_t own_bytes = sizeof own;
    int descriptor = socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    bool known =
        connect(descriptor, peer->ai_addr, peer->ai_addrlen) == 0 &&
        getsockname(descriptor, (struct sockaddr *)&own, &own_bytes) == 0 &&
        getnameinfo((struct sockaddr *)&own, own_bytes, host, ENDPOINT_BYTES, NULL, 0, NI_NUMERICHOST) == 0;
    close(descriptor);
    return known;
}

bool endpoint_route_host(char host[ENDPOINT_BYTES], const char *peer_host, int peer_port,
                         struct status *status) {
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found = NULL;
    char port[16];
    snprintf(port, sizeof port, "%d", peer_port);
    int failure = getaddrinfo(peer_host, port, &hints, &found);
    if (failure != 0)
        return status_fail(status, STATUS_UNAVAILABLE, "cannot find the host %s: %s", peer_host,
                           gai_strerror(failure));
    bool known = false;
    for (const struct addrinfo *peer = found; peer != NULL && !known; peer = peer->ai_next)
        known = own_address(peer, host);
    freeaddrinfo(found);
    return known || status_fail(status, STATUS_UNAVAILABLE, "there is no route to %s", peer_host);
}

bool endpoint_home_init(struct endpoint_home *home, struct status *status) {
    unsigned char bytes[8];
    *home = (struct endpoint_home){0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return status_fail_errno(status, STATUS_IO, "cannot draw a name for the run");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(home->name + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* Leaves room for "/pserver-65535.sock" behind the directory. */
enum { ROLE_ROOM = 32 };

static bool make_directory(struct endpoint_home *home, struct status *status) {
    const char *parent = getenv("XDG_RUNTIME_DIR");
    if (parent == NULL || parent[0] != '/' || strlen(parent) > ENDPOINT_IPC_PATH_MAX - 2 * ROLE_ROOM ||
        access(parent, W_OK | X_OK) != 0)
        parent = "/tmp";
    snprintf(home->directory, sizeof home->directory, "%s/dotbias-XXXXXX", parent);
    if (mkdtemp(home->directory) == NULL) {
        status_fail_errno(status, STATUS_CANT_CREATE, "cannot create a directory for sockets in %s", parent);
        home->directory[0] = '\0';
        return false;
    }
    return true;
}

bool endpoint_home_make(struct endpoint_home *home, enum endpoint_kind transport, const char *role,
                        char text[ENDPOINT_BYTES], struct status *status) {
    if (strlen(role) > ROLE_ROOM - sizeof "/.sock" || strchr(role, '/') != NULL)
        return status_fail(status, STATUS_CONFIG, "'%s' is no name for an endpoint", role);
    if (transport == ENDPOINT_TCP) {
        snprintf(text, ENDPOINT_BYTES, "tcp://127.0.0.1:*");
        return true;
    }
    if (transport == ENDPOINT_INPROC) {
        snprintf(text, ENDPOINT_BYTES, "inproc://dotbias-%s/%s", home->name, role);
        return true;
    }
    if (home->directory[0] == '\0' && !make_directory(home, status))
        return false;
    snprintf(text, ENDPOINT_BYTES, "ipc://%s/%s.sock", home->directory, role);
    return true;
}

void endpoint_home_remove(struct endpoint_home *home) {
    DIR *directory = home->directory[0] == '\0' ? NULL : opendir(home->directory);
    if (directory != NULL) {
        for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
            if (entry->d_name[0] != '.')
                unlinkat(dirfd(directory), entry->d_name, 0);
        closedir(directory);
        rmdir(home->directory);
    }
    home->directory[0] = '\0';
}
