#include "coordinator/curve.h"

#include <math.h>

uint64_t curve_next_step(const struct coordinator *coordinator, uint64_t lane_step) {
    uint64_t interval = lr_find_interval(coordinator_lane_steps(&coordinator->spec));
    return (lane_step / interval + 1) * interval;
}

static void finish(struct coordinator *coordinator, struct outbox *out) {
    coordinator_move(coordinator, FINISHING);
    coordinator->final = (struct final_report){.curve = &coordinator->curve};
    coordinator->finish_job.kind = JOB_FINISH;
    coordinator->finish_job.finish = &coordinator->final;
    coordinator->job_pending = true;
    outbox_job(out, &coordinator->finish_job);
}

bool curve_goes_on(struct coordinator *coordinator, struct outbox *out) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t clock = coordinator_clock_steps(spec), steps = coordinator_lane_steps(spec), count;
    bool is_point = coordinator->lane_step % lr_find_interval(steps) == 0 || coordinator->lane_step == steps;
    if (!is_point)
        return true;
    uint64_t last = coordinator->lane_step * (clock / steps) - 1;
    double squared;
    lanes_sum(&coordinator->lanes, &squared, &count);
    double loss =
        (squared - coordinator->curve_squared) / (double)(count - coordinator->curve_ratings); /* NaN: 0/0 */
    coordinator->curve_squared = squared;
    coordinator->curve_ratings = count;
    double rate = schedule_rate(&spec->schedule, clock, &coordinator->plateau, last).learning_rate;
    if (lr_find_add(&coordinator->curve, coordinator->lane_step, rate, loss) &&
        coordinator->lane_step < steps)
        return true;
    finish(coordinator, out);
    return false;
}

void curve_diverged(struct coordinator *coordinator, struct outbox *out) {
    coordinator->curve.diverged = true;
    finish(coordinator, out);
}
