#include "node/restart_policy.h"

#include <sys/wait.h>

#include "core/status.h"

static const enum restart_action ACTIONS[][RESTART_ENDINGS] = {
    [ROLE_COORDINATOR] = {RESTART_SUCCEED, RESTART_END, RESTART_ALL, RESTART_END},
    [ROLE_PSERVER] = {RESTART_LET_GO, RESTART_LET_GO, RESTART_ALL, RESTART_AWAIT},
    [ROLE_WORKER] = {RESTART_LET_GO, RESTART_LET_GO, RESTART_ONE, RESTART_AWAIT},
};

enum restart_action restart_decide(const struct restart_case *which) {
    enum restart_action action = ACTIONS[which->role][which->ending];
    if (action != RESTART_ONE && action != RESTART_ALL)
        return action;
    if (which->is_stopping)
        return action == RESTART_ONE ? RESTART_LET_GO : RESTART_STOP;
    return which->restarts_left > 0 ? action : RESTART_GIVE_UP;
}

enum restart_ending restart_ending_of_code(int code) {
    switch (code) {
    case STATUS_OK:
        return RESTART_ENDED_WELL;
    case STATUS_TRY_AGAIN:
        return RESTART_ENDED_ASKED;
    case STATUS_UNAVAILABLE:
        return RESTART_ENDED_LOST;
    default:
        return RESTART_ENDED_FAILED;
    }
}

enum restart_ending restart_ending_of_wait(int wait_status) {
    return WIFEXITED(wait_status) ? restart_ending_of_code(WEXITSTATUS(wait_status)) : RESTART_ENDED_LOST;
}
