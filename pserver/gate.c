#include "pserver/gate.h"

#include <inttypes.h>

#include "core/memory.h"

bool gate_init(struct gate *gate, const struct gate_spec *spec, struct status *status) {
    *gate = (struct gate){.spec = *spec};
    gate->lanes = memory_take_array(spec->lanes, sizeof *gate->lanes, "lanes", status);
    return gate->lanes != NULL;
}

void gate_free(struct gate *gate) {
    memory_release(gate->lanes);
    gate->lanes = NULL;
}

bool gate_start(struct gate *gate, uint64_t lane_step, uint64_t clock_step, struct status *status) {
    uint64_t factor = gate->spec.kind == GATE_SYNCHRONOUS ? 1 : gate->spec.lanes;
    if (lane_step > GATE_STEPS_MAX || clock_step != lane_step * factor)
        return status_fail(status, STATUS_PROTOCOL,
                           "%u lanes of %" PRIu64 " steps do not make %" PRIu64 " steps", gate->spec.lanes,
                           lane_step, clock_step);
    for (uint32_t lane = 0; lane < gate->spec.lanes; lane++)
        gate->lanes[lane] = (struct gate_lane){.pushed = lane_step};
    gate->applied = clock_step;
    return true;
}

bool gate_stands(const struct gate *gate, uint64_t lane_step, uint64_t clock_step, struct status *status) {
    if (gate->applied != clock_step)
        return status_fail(status, STATUS_PROTOCOL, "%" PRIu64 " steps have been applied, not %" PRIu64,
                           gate->applied, clock_step);
    for (uint32_t lane = 0; lane < gate->spec.lanes; lane++)
        if (gate->lanes[lane].pushed != lane_step)
            return status_fail(status, STATUS_PROTOCOL, "lane %u stands at step %" PRIu64 ", not %" PRIu64,
                               lane, gate->lanes[lane].pushed, lane_step);
    return true;
}

uint32_t gate_lead(const struct gate_spec *spec) {
    return spec->kind == GATE_SYNCHRONOUS ? spec->staleness : 0;
}

uint32_t gate_depth(const struct gate_spec *spec) {
    return gate_lead(spec) + 1;
}

uint32_t gate_place(const struct gate_spec *spec, uint64_t pull_step) {
    return (uint32_t)(pull_step % gate_depth(spec));
}

uint64_t gate_need(const struct gate_spec *spec, uint64_t pull_step) {
    return pull_step > spec->staleness ? pull_step - spec->staleness : 0;
}

static bool check_lane(const struct gate *gate, uint32_t lane, struct status *status) {
    return lane < gate->spec.lanes || status_fail(status, STATUS_PROTOCOL, "there is no lane %u", lane);
}

bool gate_lease(struct gate *gate, uint32_t lane, uint32_t lease, struct status *status) {
    if (!check_lane(gate, lane, status))
        return false;
    struct gate_lane *owned = &gate->lanes[lane];
    if (owned->open && lease < owned->lease)
        return status_fail(status, STATUS_PROTOCOL, "lane %u is opened with lease %u after lease %u", lane,
                           lease, owned->lease);
    owned->open = true;
    owned->lease = lease;
    return true;
}

bool gate_check_lease(const struct gate *gate, uint32_t lane, uint32_t lease, struct status *status) {
    if (!check_lane(gate, lane, status))
        return false;
    const struct gate_lane *owned = &gate->lanes[lane];
    if (!owned->open)
        return status_fail(status, STATUS_PROTOCOL, "nobody has opened lane %u", lane);
    return lease == owned->lease ||
           status_fail(status, STATUS_PROTOCOL, "lane %u belongs to lease %u, not %u", lane, owned->lease,
                       lease);
}

bool gate_check_push(const struct gate *gate, uint32_t lane, uint64_t push_step, uint64_t pull_step,
                     struct status *status) {
    uint64_t next = gate->lanes[lane].pushed;
    if (push_step > next)
        return status_fail(status, STATUS_PROTOCOL,
                           "lane %u pushes step %" PRIu64 ", expected was step %" PRIu64, lane, push_step,
                           next);
    return pull_step == push_step + 1 + gate_lead(&gate->spec) ||
           status_fail(status, STATUS_PROTOCOL,
                       "lane %u pulls step %" PRIu64 " with the push of step %" PRIu64, lane, pull_step,
                       push_step);
}

bool gate_gone(const struct gate *gate, uint64_t pull_step) {
    return gate->spec.kind == GATE_SYNCHRONOUS && gate_need(&gate->spec, pull_step) < gate->applied;
}

bool gate_check_pull(const struct gate *gate, uint32_t lane, uint64_t pull_step, struct status *status) {
    uint64_t pushed = gate->lanes[lane].pushed;
    if (pull_step > pushed && pull_step - pushed > gate_lead(&gate->spec))
        return status_fail(status, STATUS_PROTOCOL, "lane %u pulls step %" PRIu64 " without a push", lane,
                           pull_step);
    return (pull_step >= pushed && !gate_gone(gate, pull_step)) ||
           status_fail(status, STATUS_PROTOCOL, "the rows of step %" PRIu64 " are gone", pull_step);
}

bool gate_seen(const struct gate *gate, uint32_t lane, uint64_t push_step) {
    return push_step < gate->lanes[lane].pushed;
}

bool gate_outlived(const struct gate *gate, uint32_t lane, uint64_t pull_step) {
    uint64_t pushed = gate->lanes[lane].pushed;
    return pull_step < pushed && pushed - pull_step > gate_depth(&gate->spec);
}

void gate_pushed(struct gate *gate, uint32_t lane, double squared, uint64_t count) {
    struct gate_lane *pushed = &gate->lanes[lane];
    pushed->pushed++;
    pushed->squared = squared;
    pushed->count = count;
}

static uint64_t slowest(const struct gate *gate) {
    uint64_t least = gate->lanes[0].pushed;
    for (uint32_t lane = 1; lane < gate->spec.lanes; lane++)
        least = gate->lanes[lane].pushed < least ? gate->lanes[lane].pushed : least;
    return least;
}

bool gate_complete(const struct gate *gate) {
    return gate->spec.kind != GATE_SYNCHRONOUS || slowest(gate) > gate->applied;
}

void gate_applied(struct gate *gate) {
    gate->applied++;
}

void gate_wait_for(struct gate *gate, uint32_t lane, uint64_t step, double squared, uint64_t count) {
    gate->lanes[lane].pushed = step;
    gate->lanes[lane].squared = squared;
    gate->lanes[lane].count = count;
    gate->applied = slowest(gate);
}

bool gate_open(const struct gate *gate, uint64_t pull_step) {
    switch (gate->spec.kind) {
    case GATE_SYNCHRONOUS:
        return gate->applied == gate_need(&gate->spec, pull_step);
    case GATE_SSP:
        return slowest(gate) >= gate_need(&gate->spec, pull_step);
    default:
        return true;
    }
}
