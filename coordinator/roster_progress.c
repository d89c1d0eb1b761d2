/* roster_progress: what members have counted, as people want to see it. Rates, shares and quantiles are those between the
 * two heartbeats that a seat keeps. */
#include <math.h>

#include "coordinator/roster.h"

/* Microseconds between the two; 0: there are not two yet. */
static uint64_t span_us(const struct seat *seat) {
    return seat->before_us != 0 && seat->now_us > seat->before_us ? seat->now_us - seat->before_us : 0;
}

static double per_second(const struct seat *seat, uint64_t now, uint64_t before) {
    uint64_t us = span_us(seat);
    return us == 0 ? 0 : (double)(now - before) * 1e6 / (double)us;
}

static double share(const struct seat *seat, uint64_t now_us, uint64_t before_us) {
    return fmin(per_second(seat, now_us, before_us) / 1e6, 1);
}

static bool is_up(const struct roster *roster, const struct seat *seat, uint64_t now_us) {
    return seat->joined && now_us - seat->heard_us <= roster->spec.silence_us;
}

static struct member_report member_of(const struct roster *roster, const struct seat *seat, uint64_t now_us) {
    bool up = is_up(roster, seat, now_us), known = seat->joinings != 0;
    return (struct member_report){
        .host = seat->hello.host,
        .page = seat->hello.page,
        .pid = seat->hello.pid,
        .up = up,
        .lost = known && !up,
        .joined = seat->joinings,
        .silent_seconds = known ? (double)(now_us - seat->heard_us) / 1e6 : NAN,
    };
}

static void fill_shard(const struct roster *roster, const struct seat *seat, uint64_t now_us,
                       struct shard_progress *shard) {
    const struct heartbeat_message *now = &seat->now.counters, *before = &seat->before.counters;
    const union beat_tallies *tallies = &seat->now.tallies, *then = &seat->before.tallies;
    struct tally pull = tally_since(&tallies->pull_us, &then->pull_us);
    struct tally apply = tally_since(&tallies->apply_us, &then->apply_us);
    struct tally staleness = tally_since(&tallies->staleness, &then->staleness);
    *shard = (struct shard_progress){
        .member = member_of(roster, seat, now_us),
        .index = seat->index,
        .up = is_up(roster, seat, now_us),
        .user_rows = (uint32_t)now->user_rows,
        .movie_rows = (uint32_t)now->movie_rows,
        .bytes = now->memory,
        .resident = now->resident,
        .pulls_per_second = per_second(seat, now->pulls, before->pulls),
        .pushes_per_second = per_second(seat, now->pushes, before->pushes),
        .bytes_in_per_second = per_second(seat, now->bytes_in, before->bytes_in),
        .bytes_out_per_second = per_second(seat, now->bytes_out, before->bytes_out),
        .step = now->step,
        .pulls = now->pulls,
        .pushes = now->pushes,
        .reads = now->reads,
        .bytes_in = now->bytes_in,
        .bytes_out = now->bytes_out,
        .refused = now->refused,
        .repeats = now->repeats,
        .queue = now->queue,
        .queue_most = now->queue_most,
        .busy = share(seat, now->busy_us, before->busy_us),
        .hot_share = now->hot_share,
        .pull_p50_us = tally_quantile(&pull, 0.5),
        .pull_p99_us = tally_quantile(&pull, 0.99),
        .apply_p50_us = tally_quantile(&apply, 0.5),
        .apply_p99_us = tally_quantile(&apply, 0.99),
        .staleness_p50 = tally_quantile(&staleness, 0.5),
        .staleness_most = tallies->staleness.most,
        .pull_us = tallies->pull_us,
        .apply_us = tallies->apply_us,
        .staleness = tallies->staleness,
    };
}

static void fill_worker(const struct roster *roster, const struct seat *seat, uint64_t now_us,
                        struct worker_progress *worker) {
    const struct heartbeat_message *now = &seat->now.counters, *before = &seat->before.counters;
    const union beat_tallies *tallies = &seat->now.tallies, *then = &seat->before.tallies;
    struct tally answer = tally_since(&tallies->answer_us, &then->answer_us);
    *worker = (struct worker_progress){
        .member = member_of(roster, seat, now_us),
        .index = seat->index,
        .up = is_up(roster, seat, now_us),
        .ratings_per_second = per_second(seat, now->ratings, before->ratings),
        .lanes = (uint32_t)now->lanes,
        .step = now->lanes == 0 ? 0 : now->step / now->lanes,
        .resident = now->resident,
        .ratings = now->ratings,
        .pulls = now->pulls,
        .pushes = now->pushes,
        .reads = now->reads,
        .bytes_in = now->bytes_in,
        .bytes_out = now->bytes_out,
        .refused = now->refused,
        .repeats = now->repeats,
        .queue = now->queue,
        .queue_most = now->queue_most,
        .compute = share(seat, now->compute_us, before->compute_us),
        .wait = share(seat, now->wait_us, before->wait_us),
        .gate = share(seat, now->gate_us, before->gate_us),
        .data = share(seat, now->data_us, before->data_us),
        .answer_p50_us = tally_quantile(&answer, 0.5),
        .answer_p99_us = tally_quantile(&answer, 0.99),
        .compute_us = now->compute_us,
        .wait_us = now->wait_us,
        .gate_us = now->gate_us,
        .data_us = now->data_us,
        .busy_us = now->busy_us,
        .answer_us = tallies->answer_us,
        .compute_one_us = tallies->compute_us,
    };
}

/* Only those that are there and hold lanes are in the race. */
static bool races(const struct worker_progress *worker) {
    return worker->up && worker->lanes != 0;
}

static double mean_step(const struct heartbeat_message *counters) {
    return counters->lanes == 0 ? 0 : (double)counters->step / (double)counters->lanes;
}

/* Where a worker stood at a moment between its two heartbeats; before them it is not known, after them it stands at least
 * where it stood then. */
static double step_at(const struct seat *seat, uint64_t us) {
    double then = mean_step(&seat->before.counters), now = mean_step(&seat->now.counters);
    if (us >= seat->now_us)
        return now;
    if (seat->before_us == 0 || us <= seat->before_us || seat->before.counters.lanes == 0)
        return 0;
    return then + (now - then) * (double)(us - seat->before_us) / (double)(seat->now_us - seat->before_us);
}

/* Heartbeats come at different moments, between which workers in step make hundreds of steps: each worker is compared with
 * where the others stood when it said where it stands. */
static void measure_lags(const struct roster *roster, struct worker_progress *workers) {
    for (uint32_t i = 0; i < roster->spec.workers; i++) {
        const struct seat *seat = roster_worker(roster, i);
        double own = mean_step(&seat->now.counters), furthest = own;
        for (uint32_t j = 0; races(&workers[i]) && j < roster->spec.workers; j++)
            if (races(&workers[j]))
                furthest = fmax(furthest, step_at(roster_worker(roster, j), seat->now_us));
        workers[i].lag = (uint64_t)(furthest - own);
    }
}

void roster_progress(const struct roster *roster, uint64_t now_us, struct shard_progress *shards,
                     struct worker_progress *workers, struct progress_report *report) {
    report->pserver_count = roster->spec.pservers;
    report->worker_count = roster->spec.workers;
    report->pservers_up = report->workers_up = 0;
    report->ratings_per_second = 0;
    for (uint32_t i = 0; i < roster->spec.pservers; i++) {
        fill_shard(roster, roster_pserver(roster, i), now_us, &shards[i]);
        report->pservers_up += shards[i].up;
    }
    for (uint32_t i = 0; i < roster->spec.workers; i++) {
        fill_worker(roster, roster_worker(roster, i), now_us, &workers[i]);
        report->workers_up += workers[i].up;
        report->ratings_per_second += workers[i].ratings_per_second;
    }
    measure_lags(roster, workers);
    report->shards = shards;
    report->workers = workers;
}
