#include "monitor/board_judge.h"

#include <math.h>
#include <stdlib.h>

/* ---- states ---- */

static bool is_lost(const struct board_place *place) {
    return isfinite(place->lost_at) && !(place->back_at >= place->lost_at);
}

static void lose(struct board_place *place, enum member_state state, const struct member_report *member,
                 double seconds) {
    place->lost_at = seconds;
    place->lost_joined = member->joined;
    place->seen_down = state == MEMBER_ABSENT || state == MEMBER_LOST;
}

bool board_judge_loss(struct board_place *place, enum member_state *state, const struct member_report *member,
                      double seconds) {
    if (is_lost(place))
        return false;
    lose(place, *state, member, seconds);
    *state = MEMBER_LOST;
    return true;
}

/* A loss can be told before the reports know of it: until they do, or count another process, up means nothing. */
bool board_judge_place(struct board_place *place, enum member_state *state,
                       const struct member_report *member, bool up, double seconds) {
    bool was_there = *state != MEMBER_ABSENT || member->lost || member->joined > 0;
    if (!up && was_there && !is_lost(place))
        lose(place, *state, member, seconds);
    place->seen_down = place->seen_down || !up;
    bool back = is_lost(place) && up && (place->seen_down || member->joined > place->lost_joined);
    if (back)
        place->back_at = seconds;
    if (is_lost(place))
        *state = MEMBER_LOST;
    else if (!up)
        *state = MEMBER_ABSENT;
    else
        *state = seconds - place->back_at < BOARD_RECOVERED_S ? MEMBER_RECOVERED : MEMBER_UP;
    return back;
}

/* ---- shards ---- */

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The number at a share of the way through them, sorted; NaN when there is none. */
static double at_share(double *numbers, uint32_t count, double share) {
    qsort(numbers, count, sizeof *numbers, by_value);
    return count == 0 ? NAN : numbers[(uint32_t)ceil(share * count) - 1];
}

static double traffic(const struct board_shard *shard) {
    return (double)shard->at.bytes_in + (double)shard->at.bytes_out;
}

static double work(const struct board_shard *shard) {
    return (double)shard->at.pulls + (double)shard->at.pushes;
}

static void judge_shards(struct board *board, double *scratch) {
    double sum = 0;
    for (uint32_t i = 0; i < board->shard_count; i++) {
        sum += work(&board->shards[i]);
        scratch[i] = traffic(&board->shards[i]);
    }
    double mean = sum / board->shard_count, quartile = at_share(scratch, board->shard_count, 0.75);
    for (uint32_t i = 0; i < board->shard_count; i++) {
        struct board_shard *shard = &board->shards[i];
        shard->load = mean > 0 ? work(shard) / mean : NAN;
        shard->queue_long = shard->at.queue >= BOARD_QUEUE ? shard->queue_long + 1 : 0;
        bool skew = shard->load > 1.3 || (quartile > 0 && traffic(shard) > 1.5 * quartile);
        shard->flags = (skew ? FLAG_SKEW : 0u) | (shard->queue_long >= BOARD_FLAG_SAMPLES ? FLAG_QUEUE : 0u);
    }
}

/* ---- workers ---- */

static bool computes(const struct board_worker *worker) {
    return worker->at.up && worker->at.lanes > 0;
}

/* Lanes are dealt out unevenly where their number is no multiple of the workers'. */
static double pace(const struct board_worker *worker) {
    return worker->at.ratings_per_second / worker->at.lanes;
}

/* Where steps are made together all have the pace of the slowest, which alone works all the time. */
static double pace_at_work(const struct board_worker *worker) {
    double working = worker->at.compute + worker->at.data;
    return working > 0 ? worker->at.ratings_per_second / working : NAN;
}

/* The upper median of one of the two over the workers that compute. */
static double median_of(const struct board *board, double (*of)(const struct board_worker *),
                        double *scratch) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->worker_count; i++)
        if (computes(&board->workers[i]) && isfinite(of(&board->workers[i])))
            scratch[count++] = of(&board->workers[i]);
    qsort(scratch, count, sizeof *scratch, by_value);
    return count == 0 || scratch[count / 2] <= 0 ? NAN : scratch[count / 2];
}

/* A worker that works for a small part of the time is not what the others wait for, however slow that part is. */
static double against_median(const struct board_worker *worker, double usual, double usual_at_work) {
    static const double MATTERS = 0.1;
    double speed = pace(worker) / usual, at_work = pace_at_work(worker) / usual_at_work;
    bool matters = worker->at.compute + worker->at.data >= MATTERS;
    return matters && at_work < 1 ? fmin(speed, at_work) : speed;
}

static void judge_worker(struct board_worker *worker, double usual, double usual_at_work) {
    bool holds = computes(worker);
    worker->of_median = holds ? against_median(worker, usual, usual_at_work) : NAN;
    worker->slow = holds && worker->of_median < 2.0 / 3 ? worker->slow + 1 : 0;
    worker->lag_grown = holds && worker->at.lag > worker->lag_before ? worker->lag_grown + 1 : 0;
    worker->lag_before = worker->at.lag;
    worker->flags = (worker->slow >= BOARD_FLAG_SAMPLES ? FLAG_STRAGGLER : 0u) |
                    (worker->lag_grown >= BOARD_FLAG_SAMPLES ? FLAG_LAGGING : 0u);
}

void board_judge(struct board *board, double *scratch) {
    judge_shards(board, scratch);
    double usual = median_of(board, pace, scratch), usual_at_work = median_of(board, pace_at_work, scratch);
    for (uint32_t i = 0; i < board->worker_count; i++)
        judge_worker(&board->workers[i], usual, usual_at_work);
}
