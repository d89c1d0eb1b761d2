/* The processes of a cluster on this machine: who they are, how each is started, and what it last said. */
#ifndef NODE_CREW_H
#define NODE_CREW_H

#include "core/rating.h"
#include "net/endpoint.h"
#include "net/process.h"
#include "node/supervisor.h"

struct crew {
    const struct supervisor_spec *spec;
    struct endpoint_home home;
    uint32_t pservers, workers;
    size_t count; /* 1 + pservers + workers */
    struct process
        *processes;   /* [count] the coordinator, pservers, workers: the gravest death is seen first */
    long *log_starts; /* [count] bytes of the log that a process found when it started */
    char coordinator[ENDPOINT_BYTES]; /* where members find it; empty until that is known */
    bool is_home;                     /* it listens where we tell it to, so that all can start at once */
    int words; /* the socket on which the coordinator says whom it has lost, and reads what the supervisor sees */
};

/* Starts nothing yet. words: the coordinator's end of a pair of sockets. Give back with crew_release in every case. */
bool crew_init(struct crew *crew, const struct supervisor_spec *spec, int words, struct status *status);
void crew_release(struct crew *crew);

enum role crew_role(const struct crew *crew, const struct process *process);
uint32_t crew_index(const struct crew *crew, const struct process *process);

/* The process of a role and an index; NULL when there is none. */
struct process *crew_find(const struct crew *crew, enum role role, uint32_t index);

/* Starts the coordinator, after removing the endpoint that an earlier one has left. */
bool crew_start_coordinator(struct crew *crew, struct status *status);

/* Whether the coordinator's endpoint is known; tcp: once it has written RUN/coordinator.endpoint. */
bool crew_knows_coordinator(struct crew *crew);

/* Starts a pserver or worker. replaces: pid of its dead predecessor, or 0. */
bool crew_start_member(struct crew *crew, struct process *process, pid_t replaces, struct status *status);

/* "worker 1 (pid 12) was killed by signal 9 (Killed); its last words: ...". */
void crew_describe(const struct crew *crew, const struct process *process, char *text, size_t capacity);

/* Kills all at once. */
void crew_kill(struct crew *crew);

#endif
