/* What a worker knows, shared by the files of this room and by nobody else. */
#ifndef WORKER_STATE_H
#define WORKER_STATE_H

#include "worker/lane.h"
#include "worker/validation.h"
#include "worker/worker.h"

struct worker {
    struct worker_spec spec;
    struct member member;
    struct lane *lanes;    /* [spec.lanes], those of the last grant are not closed */
    uint64_t grant_serial; /* of the last grant */
    struct validation validation;
    struct row_finder finder;
    float *gradients; /* [2 * lane_capacity][stride], scratch of one step */
    bool connected;   /* to the pservers that a TOPOLOGY named */
    uint32_t pservers_joined;
    uint8_t *joined; /* [pservers] */
    struct heartbeat_message counters;
};

#endif
