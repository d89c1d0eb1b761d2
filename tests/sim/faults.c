#include "faults.h"

#include <string.h>

#include "core/rng.h"

const char *fault_name(enum fault_kind kind) {
    static const char *const NAMES[FAULT_KINDS] = {
        [FAULT_LOST] = "lost",
        [FAULT_DOUBLED] = "doubled",
        [FAULT_OVERTAKEN] = "overtaken",
        [FAULT_LATE] = "late",
        [FAULT_RESET] = "resets",
        [FAULT_CUT] = "partitions",
        [FAULT_CUT_OFF] = "cut off",
        [FAULT_FREEZE] = "freezes",
        [FAULT_CLOCK_JUMP] = "clock jumps",
        [FAULT_SLOW_DISK] = "slow disk",
        [FAULT_DISK_FULL] = "disk full",
        [FAULT_TORN_FILE] = "torn files",
        [FAULT_WORKER_DIES] = "workers killed",
        [FAULT_PSERVER_DIES] = "pservers killed",
        [FAULT_COORDINATOR_DIES] = "coordinators killed",
        [FAULT_ALL_DIE] = "all killed",
        [FAULT_DIES_WRITING] = "killed while writing",
        [FAULT_LEAVE] = "workers leaving",
        [FAULT_INTERRUPT] = "interrupts",
        [FAULT_RESHAPE] = "other shapes",
    };
    return NAMES[kind];
}

uint64_t faults_draw(struct faults *faults, uint64_t bound) {
    return rng_bits(faults->seed, 78, faults->drawn++) % bound;
}

void faults_count(struct faults *faults, enum fault_kind kind) {
    faults->counts[kind]++;
}

static bool happens(struct faults *faults, uint32_t chance, enum fault_kind kind) {
    bool yes = chance != 0 && faults_draw(faults, 1000) < chance;
    if (yes)
        faults_count(faults, kind);
    return yes;
}

void faults_cut(struct faults *faults, const struct net_split *partition) {
    struct net_split *oldest = &faults->partitions[0];
    for (int i = 1; i < PARTITIONS_MAX; i++)
        if (faults->partitions[i].until_us < oldest->until_us)
            oldest = &faults->partitions[i];
    *oldest = *partition;
    faults_count(faults, FAULT_CUT);
}

static bool side(const struct net_split *partition, uint64_t birth) {
    return partition->lone != 0 ? birth == partition->lone : rng_bits(partition->salt, 79, birth) % 2 == 1;
}

/* The partition that lies between two nodes, or NULL. */
static const struct net_split *between(const struct faults *faults, uint64_t now_us, uint64_t from,
                                       uint64_t to) {
    for (int i = 0; i < PARTITIONS_MAX; i++) {
        const struct net_split *partition = &faults->partitions[i];
        if (now_us < partition->until_us && side(partition, from) != side(partition, to))
            return partition;
    }
    return NULL;
}

static void add(struct passage *passage, uint64_t at_us, bool in_order) {
    passage->at_us[passage->copies] = at_us;
    passage->in_order[passage->copies++] = in_order;
}

/* When one copy arrives. */
static void pass_copy(struct faults *faults, struct passage *passage, uint64_t due_us, uint64_t last_us) {
    bool stalls = true;
    if (happens(faults, faults->rates.late, FAULT_LATE)) {
        due_us += 1 + faults_draw(faults, faults->rates.late_us);
        stalls = faults_draw(faults, 2) == 0;
    }
    if (due_us <= last_us && happens(faults, faults->rates.overtaken, FAULT_OVERTAKEN))
        add(passage, due_us, false);
    else
        add(passage, due_us > last_us ? due_us : last_us + 1, stalls);
}

struct passage faults_pass(struct faults *faults, uint64_t now_us, uint64_t from, uint64_t to,
                           uint64_t due_us, uint64_t last_us) {
    struct passage passage = {0};
    const struct net_split *partition = between(faults, now_us, from, to);
    if (partition != NULL) {
        faults_count(faults, FAULT_CUT_OFF);
        if (!partition->holds)
            return passage;
        due_us += partition->until_us - now_us;
    }
    if (happens(faults, faults->rates.lost, FAULT_LOST))
        return passage;
    pass_copy(faults, &passage, due_us, last_us);
    if (happens(faults, faults->rates.doubled, FAULT_DOUBLED))
        add(&passage, passage.at_us[0] + faults_draw(faults, 2 * (passage.at_us[0] - now_us) + 1), false);
    return passage;
}

uint64_t faults_disk_us(struct faults *faults) {
    return happens(faults, faults->rates.slow_disk, FAULT_SLOW_DISK)
               ? faults_draw(faults, faults->rates.slow_us)
               : 0;
}

bool faults_reset(struct faults *faults) {
    return happens(faults, faults->rates.reset, FAULT_RESET);
}

bool faults_disk_full(struct faults *faults) {
    return happens(faults, faults->rates.disk_full, FAULT_DISK_FULL);
}

void faults_heal(struct faults *faults) {
    memset(&faults->rates, 0, sizeof faults->rates);
    memset(faults->partitions, 0, sizeof faults->partitions);
}
