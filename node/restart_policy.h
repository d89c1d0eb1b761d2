/* What a supervisor does when one of its processes has ended: the whole policy, as a table. Pure, so that the simulator
 * lives by the same rules as real processes.
 *
 *   role         0            75              a signal, 69                        another code
 *   coordinator  succeed      end             all again                           end: it has said why
 *   pserver      let it go    let it go       all again                           wait for the coordinator, which knows why
 *   worker       let it go    let it go       that one again                      wait for the coordinator
 *
 * A worker's death costs only its lanes, which the coordinator gives to others. A pserver's takes rows with it that no
 * one else has: all go back to the newest checkpoint together. Where the table says "again" and no restart is left, the
 * run gives up; where it says so and the run is being stopped, the run ends: nothing is started any more. */
#ifndef NODE_RESTART_POLICY_H
#define NODE_RESTART_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rating.h"

enum restart_ending {
    RESTART_ENDED_WELL,   /* code 0 */
    RESTART_ENDED_ASKED,  /* code 75: it was asked to */
    RESTART_ENDED_LOST,   /* a signal, or code 69: it lost its peers */
    RESTART_ENDED_FAILED, /* any other code: starting it again would end the same way */
    RESTART_ENDINGS
};

enum restart_action {
    RESTART_SUCCEED, /* the run is done; the others end by themselves */
    RESTART_END,     /* the run is over with this code, and the process has said why */
    RESTART_LET_GO,  /* go on without it */
    RESTART_ONE,     /* start this one again */
    RESTART_ALL,     /* kill all, start all from the newest checkpoint */
    RESTART_AWAIT,   /* the coordinator has been told, and will end with the reason */
    RESTART_GIVE_UP, /* the run ends here and now: name this process */
    RESTART_STOP     /* the run was being stopped, and this death leaves nothing to wait for */
};

struct restart_case {
    enum role role;
    enum restart_ending ending;
    uint64_t restarts_left;
    bool is_stopping; /* a signal has asked the run to end */
};

enum restart_action restart_decide(const struct restart_case *which);

/* How a process ended, from its exit code, or from the status that waitpid gave. */
enum restart_ending restart_ending_of_code(int code);
enum restart_ending restart_ending_of_wait(int wait_status);

#endif
