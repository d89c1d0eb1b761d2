#include "pserver/gate.h"

#include "core/memory.h"

bool gate_init(struct gate *gate, const struct gate_spec *spec, struct status *status) {
    *gate = (struct gate){.spec = *spec};
    gate->pushed = memory_take_array(spec->lanes, sizeof *gate->pushed, "lanes", status);
    return gate->pushed != NULL;
}

void gate_free(struct gate *gate) {
    memory_release(gate->pushed);
    gate->pushed = NULL;
}

/* Only synchronous lanes read ahead by the staleness; the others ask for one step at a time. */
static uint32_t lead(const struct gate_spec *spec) {
    return spec->kind == GATE_SYNCHRONOUS ? spec->staleness : 0;
}

uint32_t gate_depth(const struct gate_spec *spec) {
    return lead(spec) + 1;
}

uint32_t gate_place(const struct gate_spec *spec, bool pushes, uint64_t push_step, uint64_t pull_step) {
    uint64_t key = pushes ? push_step + 1 + lead(spec) : pull_step;
    return (uint32_t)(key % gate_depth(spec));
}

static uint64_t need(const struct gate *gate, uint64_t pull_step) {
    return pull_step > gate->spec.staleness ? pull_step - gate->spec.staleness : 0;
}

bool gate_check(const struct gate *gate, uint32_t lane, bool pushes, uint64_t push_step, bool pulls,
                uint64_t pull_step, struct status *status) {
    uint64_t ahead = lead(&gate->spec) + 1;
    if (lane >= gate->spec.lanes)
        return status_fail(status, STATUS_PROTOCOL, "there is no lane %u", lane);
    if (!pushes && !pulls)
        return status_fail(status, STATUS_PROTOCOL, "a STEP neither pushes nor pulls");
    if (pushes && push_step != gate->pushed[lane])
        return status_fail(status, STATUS_PROTOCOL, "lane %u pushes step %llu, expected was step %llu", lane,
                           (unsigned long long)push_step, (unsigned long long)gate->pushed[lane]);
    if (pushes && pulls && pull_step != push_step + ahead)
        return status_fail(status, STATUS_PROTOCOL, "lane %u pulls step %llu with the push of step %llu",
                           lane, (unsigned long long)pull_step, (unsigned long long)push_step);
    if (!pushes && (gate->pushed[lane] != 0 || pull_step >= ahead))
        return status_fail(status, STATUS_PROTOCOL, "lane %u pulls step %llu without a push", lane,
                           (unsigned long long)pull_step);
    return true;
}

void gate_pushed(struct gate *gate, uint32_t lane) {
    gate->pushed[lane]++;
}

static uint64_t slowest(const struct gate *gate) {
    uint64_t least = gate->pushed[0];
    for (uint32_t lane = 1; lane < gate->spec.lanes; lane++)
        least = gate->pushed[lane] < least ? gate->pushed[lane] : least;
    return least;
}

bool gate_complete(const struct gate *gate) {
    return gate->spec.kind != GATE_SYNCHRONOUS || slowest(gate) > gate->applied;
}

void gate_applied(struct gate *gate) {
    gate->applied++;
}

bool gate_open(const struct gate *gate, uint64_t pull_step) {
    switch (gate->spec.kind) {
    case GATE_SYNCHRONOUS:
        return gate->applied == need(gate, pull_step);
    case GATE_SSP:
        return slowest(gate) >= need(gate, pull_step);
    default:
        return true;
    }
}
