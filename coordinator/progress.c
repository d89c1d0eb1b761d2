#include "coordinator/progress.h"

#include <math.h>

static enum run_stage stage_of(const struct coordinator *coordinator) {
    static const enum run_stage STAGES[STATE_COUNT] = {
        [JOINING] = RUN_WAITING,
        [TRAINING] = RUN_TRAINING,
        [CUTTING] = RUN_CUTTING,
        [SETTLING] = RUN_SETTLING,
        [VALIDATING] = RUN_VALIDATING,
        [KEEPING] = RUN_VALIDATING,
        [MOMENTS] = RUN_FINISHING,
        [SCORES] = RUN_FINISHING,
        [SAVING] = RUN_FINISHING,
        [FINISHING] = RUN_FINISHING,
        [DONE] = RUN_OVER,
    };
    enum run_stage stage = STAGES[coordinator->state];
    return stage == RUN_FINISHING && !coordinator->last ? RUN_VALIDATING : stage;
}

/* Since the last snapshot, over all workers. */
static void measure_loss(struct coordinator *coordinator) {
    uint64_t ratings = 0;
    double squared = 0;
    for (uint32_t i = 0; i < coordinator->spec.roster.workers; i++) {
        const struct heartbeat_message *counters = &roster_worker(&coordinator->roster, i)->now.counters;
        ratings += counters->ratings;
        squared += counters->squared;
    }
    if (ratings > coordinator->seen.ratings)
        coordinator->last_loss =
            (squared - coordinator->seen.squared) / (double)(ratings - coordinator->seen.ratings);
    coordinator->seen.ratings = ratings;
    coordinator->seen.squared = squared;
}

/* Steps that every shard has applied: what they say, or what the course knows when they have said nothing yet. */
static uint64_t steps_done(const struct coordinator *coordinator, const struct progress_report *report) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t known = coordinator->lane_step * (spec->independent ? spec->lanes : 1), said = UINT64_MAX;
    for (uint32_t i = 0; i < report->pserver_count; i++)
        said = report->shards[i].step < said ? report->shards[i].step : said;
    return said < known || said == UINT64_MAX ? known : said;
}

static void fill_epoch(const struct coordinator *coordinator, struct progress_report *report) {
    const struct coordinator_spec *spec = &coordinator->spec;
    uint64_t clock = coordinator_clock_steps(spec), done = steps_done(coordinator, report);
    bool over = coordinator->last;
    uint64_t begun = (over ? coordinator->epoch - 1 : coordinator->epoch) * clock;
    uint64_t in_epoch = over || done > begun + clock ? clock : done < begun ? 0 : done - begun;
    struct step_rate rate = schedule_rate(&spec->schedule, clock, &coordinator->plateau,
                                          begun + (in_epoch < clock ? in_epoch : clock - 1));
    report->epoch = (uint32_t)(begun / clock) + 1;
    report->epochs = coordinator->epochs;
    report->steps_per_epoch = clock;
    report->step = done;
    report->fraction = (double)in_epoch / (double)clock;
    report->learning_rate = rate.learning_rate;
    report->momentum = rate.momentum;
}

/* At the pace of this process so far. */
static double seconds_left(const struct coordinator *coordinator, const struct progress_report *report,
                           uint64_t now_us) {
    double begun = (double)coordinator->first_step / (double)coordinator_lane_steps(&coordinator->spec);
    double finished = report->epoch - 1 + report->fraction;
    double epochs = coordinator->last ? coordinator->epoch : coordinator->epochs;
    return coordinator->state == JOINING || finished <= begun
               ? NAN
               : (double)(now_us - coordinator->start_us) / 1e6 * (epochs - finished) / (finished - begun);
}

static void fill_checkpoint(const struct coordinator *coordinator, struct progress_report *report,
                            uint64_t now_us) {
    const struct cuts *cuts = &coordinator->cuts;
    const struct run_position *resume = coordinator->spec.resume;
    report->checkpoint = cuts->saved != 0 ? cuts->saved : resume != NULL ? resume->number : 0;
    report->checkpoint_seconds = cuts->saved != 0 ? (double)(now_us - cuts->saved_us) / 1e6 : NAN;
}

void progress_take(struct coordinator *coordinator, struct snapshot *snapshot, uint64_t now_us) {
    struct progress_report *report = &snapshot->report;
    measure_loss(coordinator);
    *report = (struct progress_report){
        .stage = stage_of(coordinator),
        .seconds = (double)(now_us - coordinator->born_us) / 1e6,
        .train_ratings = coordinator->spec.train_count,
        .loss = coordinator->last_loss,
        .last_valid_rmse = coordinator->last_valid_rmse,
    };
    roster_progress(&coordinator->roster, now_us, snapshot->shards, snapshot->workers, report);
    fill_epoch(coordinator, report);
    fill_checkpoint(coordinator, report, now_us);
    report->eta_seconds = seconds_left(coordinator, report, now_us);
}

void progress_show(struct coordinator *coordinator, uint64_t now_us, struct outbox *out) {
    if (now_us < coordinator->next_progress_us || coordinator->progress_pending)
        return;
    coordinator->next_progress_us = now_us + coordinator->spec.progress_us;
    progress_take(coordinator, &coordinator->progress, now_us);
    coordinator->progress_job.kind = JOB_PROGRESS;
    coordinator->progress_job.progress = &coordinator->progress.report;
    coordinator->progress_pending = true;
    outbox_job(out, &coordinator->progress_job);
}
