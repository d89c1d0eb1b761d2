/* Calls that fail on request. The fault tests are linked with --wrap (tests/CMakeLists.txt), so that the project's own calls
 * of the system and of the C library pass through here, memory included; jansson's memory does too.
 *
 * One call fails: the n-th, of whatever kind. A sweep makes it the first, the second, ... until none is left. */
#ifndef TESTS_FAULT_FAULTS_H
#define TESTS_FAULT_FAULTS_H

#include <stdbool.h>

#include "core/status.h"

enum faults_mode {
    FAULTS_FAIL,      /* the call fails as on a broken disk, a full one, or for want of memory */
    FAULTS_CUT,       /* a write is cut short, and the next one finds the disk full; only writes count */
    FAULTS_INTERRUPT, /* a write is interrupted by a signal; only writes count */
};

/* Makes call number `countdown` from now fail; 1 is the next one. */
void faults_arm(enum faults_mode mode, unsigned countdown);

/* Back to normal. The name of the call that failed, NULL when there was none. */
const char *faults_disarm(void);

struct faults_act {
    void (*prepare)(void);              /* the scene before each attempt; NULL: nothing to do */
    bool (*act)(struct status *status); /* what is attempted while one call fails */
    void (*check)(bool done);           /* what must hold afterwards, done or not; NULL: nothing more */
    bool succeeds;                      /* it must be done in spite of the fault */
};

/* Attempts the act with every call failing in turn, at last with none. Expects a status with a sentence from every attempt that
 * is not done, no block of memory more than before, and the check to hold. Returns how many calls failed. */
unsigned faults_sweep(enum faults_mode mode, const struct faults_act *act);

#endif
