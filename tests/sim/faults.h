/* What goes wrong in a virtual world, decided by the seed: messages that are lost, doubled, late or overtaken, networks
 * that fall apart for a while, disks that are slow or full. Every fault is counted, so that a test can show that it
 * happened. */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_LOST,       /* a message */
    FAULT_DOUBLED,    /* a message */
    FAULT_OVERTAKEN,  /* a message arrives before an older one of its link */
    FAULT_LATE,       /* a message, by up to late_us; or its whole link */
    FAULT_RESET,      /* of the connection that a member has opened: the next one has another name */
    FAULT_CUT,        /* a partition begins */
    FAULT_CUT_OFF,    /* a message is lost or held by a partition */
    FAULT_FREEZE,     /* a node hears nothing for a while */
    FAULT_CLOCK_JUMP, /* a node's clock leaps forward */
    FAULT_SLOW_DISK,  /* an image or a manifest takes long */
    FAULT_DISK_FULL,  /* an image or a manifest cannot be written */
    FAULT_TORN_FILE,  /* a crash or a power cut leaves half an image or manifest */
    FAULT_WORKER_DIES,
    FAULT_PSERVER_DIES,
    FAULT_COORDINATOR_DIES,
    FAULT_ALL_DIE,
    FAULT_DIES_WRITING, /* some node dies while an image or manifest is being written */
    FAULT_LEAVE,        /* a worker is asked to go, and a new one comes later */
    FAULT_INTERRUPT,    /* the coordinator is asked to end, and the run is taken up later */
    FAULT_RESHAPE,      /* a restart with another number of pservers and workers */
    FAULT_KINDS
};

/* Chances are in a thousand. */
struct fault_rates {
    uint32_t lost, doubled, overtaken, late, reset, slow_disk, disk_full;
    uint64_t late_us, slow_us;
};

/* A time in which messages between two sides are lost, or held until it ends. */
struct net_split {
    uint64_t until_us, salt;
    uint64_t lone; /* birth of the node that is alone on its side; 0: sides are drawn */
    bool holds;
};

enum { PARTITIONS_MAX = 4 };

struct faults {
    struct fault_rates rates;
    struct net_split partitions[PARTITIONS_MAX];
    uint64_t seed, drawn;
    uint64_t counts[FAULT_KINDS];
};

/* Arrival times of a message's copies; none when it is lost. */
struct passage {
    uint32_t copies;
    uint64_t at_us[2];
    bool in_order[2]; /* the link's next message may not arrive before it */
};

/* "lost", "doubled", ... */
const char *fault_name(enum fault_kind kind);

/* A number below `bound` (>= 1) from the seed. */
uint64_t faults_draw(struct faults *faults, uint64_t bound);

void faults_count(struct faults *faults, enum fault_kind kind);

/* Begins a partition. */
void faults_cut(struct faults *faults, const struct net_split *partition);

/* How a message sent now from one node (by birth) to another arrives, when it should at due_us, and the last one of its
 * link does at last_us. */
struct passage faults_pass(struct faults *faults, uint64_t now_us, uint64_t from, uint64_t to,
                           uint64_t due_us, uint64_t last_us);

/* Whether a connection is reset before the message that is about to be sent. */
bool faults_reset(struct faults *faults);

/* How much longer than due a job on the disk takes. */
uint64_t faults_disk_us(struct faults *faults);

/* Whether something fails to be written now. */
bool faults_disk_full(struct faults *faults);

/* Ends all faults and partitions, for good. */
void faults_heal(struct faults *faults);

#endif
