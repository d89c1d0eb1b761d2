#include "monitor/api.h"

#include "monitor/json_put.h"

#define FIELD(key, kind, type, member)                                                                       \
    { key, JSON_PUT_##kind, offsetof(struct type, member) }
#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

/* ---- the run ---- */

static void put_run(struct scroll *scroll, const struct board *board) {
    static const struct json_field FIELDS[] = {
        FIELD("name", NAME, board_run, name),           FIELD("folder", NAME, board_run, folder),
        FIELD("version", NAME, board_run, version),     FIELD("mode", NAME, board_run, mode),
        FIELD("transport", NAME, board_run, transport),
    };
    const struct board_run *run = &board->run;
    json_put_open(scroll, '{');
    json_put_fields(scroll, run, FIELDS, COUNT(FIELDS));
    json_put_key(scroll, "stage");
    json_put_text(scroll, board_stage_name(board->over ? RUN_OVER : board->at.stage));
    json_put_key(scroll, "started_unix");
    json_put_exact(scroll, run->started_unix);
    json_put_key(scroll, "seconds");
    json_put_real(scroll, board->at.seconds);
    json_put_key(scroll, "pid");
    json_put_uint(scroll, run->pid);
    json_put_key(scroll, "resumed");
    json_put_bool(scroll, run->before > 0 || run->checkpoint != 0);
    json_put_key(scroll, "exit_code");
    if (board->over)
        json_put_uint(scroll, (uint64_t)board->exit_code);
    else
        json_put_null(scroll);
    json_put_key(scroll, "reason");
    json_put_text(scroll, board->over ? board->reason : "");
    json_put_close(scroll, '}');
}

static void put_progress(struct scroll *scroll, const struct board *board) {
    static const struct json_field FIELDS[] = {
        FIELD("epoch", U32, progress_report, epoch),
        FIELD("epochs", U32, progress_report, epochs),
        FIELD("fraction", REAL, progress_report, fraction),
        FIELD("step", U64, progress_report, step),
        FIELD("steps_per_epoch", U64, progress_report, steps_per_epoch),
        FIELD("train_ratings", U64, progress_report, train_ratings),
        FIELD("loss", REAL, progress_report, loss),
        FIELD("valid_rmse", EXACT, progress_report, last_valid_rmse),
        FIELD("learning_rate", REAL, progress_report, learning_rate),
        FIELD("momentum", REAL, progress_report, momentum),
        FIELD("ratings_per_s", REAL, progress_report, ratings_per_second),
        FIELD("eta_s", REAL, progress_report, eta_seconds),
        FIELD("pservers", U32, progress_report, pserver_count),
        FIELD("pservers_up", U32, progress_report, pservers_up),
        FIELD("workers", U32, progress_report, worker_count),
        FIELD("workers_up", U32, progress_report, workers_up),
        FIELD("checkpoint", U64, progress_report, checkpoint),
        FIELD("checkpoint_age_s", REAL, progress_report, checkpoint_seconds),
    };
    json_put_open(scroll, '{');
    json_put_fields(scroll, &board->at, FIELDS, COUNT(FIELDS));
    json_put_close(scroll, '}');
}

/* ---- members ---- */

static const struct json_field MEMBER_FIELDS[] = {
    FIELD("host", STRING, member_report, host),
    FIELD("pid", U64, member_report, pid),
    FIELD("page", STRING, member_report, page),
    FIELD("joined", U32, member_report, joined),
    FIELD("silent_s", REAL, member_report, silent_seconds),
};

static void put_state(struct scroll *scroll, enum member_state state, const struct member_report *member) {
    json_put_key(scroll, "state");
    json_put_text(scroll, board_state_name(state));
    json_put_fields(scroll, member, MEMBER_FIELDS, COUNT(MEMBER_FIELDS));
}

static void put_flags(struct scroll *scroll, unsigned flags) {
    json_put_key(scroll, "flags");
    json_put_open(scroll, '[');
    for (unsigned flag = 1; flag <= flags; flag *= 2)
        if (flags & flag)
            json_put_text(scroll, board_flag_name(flag));
    json_put_close(scroll, ']');
}

static void put_shard(struct scroll *scroll, const struct board_shard *shard) {
    static const struct json_field FIELDS[] = {
        FIELD("user_rows", U32, shard_progress, user_rows),
        FIELD("movie_rows", U32, shard_progress, movie_rows),
        FIELD("bytes", U64, shard_progress, bytes),
        FIELD("resident", U64, shard_progress, resident),
        FIELD("step", U64, shard_progress, step),
        FIELD("pulls", U64, shard_progress, pulls),
        FIELD("pushes", U64, shard_progress, pushes),
        FIELD("reads", U64, shard_progress, reads),
        FIELD("pulls_per_s", REAL, shard_progress, pulls_per_second),
        FIELD("pushes_per_s", REAL, shard_progress, pushes_per_second),
        FIELD("bytes_in", U64, shard_progress, bytes_in),
        FIELD("bytes_out", U64, shard_progress, bytes_out),
        FIELD("bytes_in_per_s", REAL, shard_progress, bytes_in_per_second),
        FIELD("bytes_out_per_s", REAL, shard_progress, bytes_out_per_second),
        FIELD("queue", U64, shard_progress, queue),
        FIELD("queue_most", U64, shard_progress, queue_most),
        FIELD("busy", REAL, shard_progress, busy),
        FIELD("hot_share", REAL, shard_progress, hot_share),
        FIELD("pull_p50_us", REAL, shard_progress, pull_p50_us),
        FIELD("pull_p99_us", REAL, shard_progress, pull_p99_us),
        FIELD("apply_p50_us", REAL, shard_progress, apply_p50_us),
        FIELD("apply_p99_us", REAL, shard_progress, apply_p99_us),
        FIELD("staleness_p50", REAL, shard_progress, staleness_p50),
        FIELD("staleness_most", U64, shard_progress, staleness_most),
        FIELD("refused", U64, shard_progress, refused),
        FIELD("repeats", U64, shard_progress, repeats),
    };
    json_put_open(scroll, '{');
    json_put_key(scroll, "shard");
    json_put_uint(scroll, shard->at.index);
    put_state(scroll, shard->state, &shard->at.member);
    json_put_fields(scroll, &shard->at, FIELDS, COUNT(FIELDS));
    json_put_key(scroll, "load");
    json_put_real(scroll, shard->load);
    put_flags(scroll, shard->flags);
    json_put_close(scroll, '}');
}

static void put_worker(struct scroll *scroll, const struct board_worker *worker) {
    static const struct json_field RATES[] = {
        FIELD("ratings", U64, worker_progress, ratings),
        FIELD("ratings_per_s", REAL, worker_progress, ratings_per_second),
    };
    static const struct json_field FIELDS[] = {
        FIELD("lanes", U32, worker_progress, lanes),
        FIELD("step", U64, worker_progress, step),
        FIELD("lag", U64, worker_progress, lag),
        FIELD("resident", U64, worker_progress, resident),
        FIELD("compute", REAL, worker_progress, compute),
        FIELD("wait", REAL, worker_progress, wait),
        FIELD("gate", REAL, worker_progress, gate),
        FIELD("data", REAL, worker_progress, data),
        FIELD("answer_p50_us", REAL, worker_progress, answer_p50_us),
        FIELD("answer_p99_us", REAL, worker_progress, answer_p99_us),
        FIELD("queue", U64, worker_progress, queue),
        FIELD("queue_most", U64, worker_progress, queue_most),
        FIELD("pulls", U64, worker_progress, pulls),
        FIELD("pushes", U64, worker_progress, pushes),
        FIELD("reads", U64, worker_progress, reads),
        FIELD("bytes_in", U64, worker_progress, bytes_in),
        FIELD("bytes_out", U64, worker_progress, bytes_out),
        FIELD("refused", U64, worker_progress, refused),
        FIELD("repeats", U64, worker_progress, repeats),
    };
    json_put_open(scroll, '{');
    json_put_key(scroll, "worker");
    json_put_uint(scroll, worker->at.index);
    put_state(scroll, worker->state, &worker->at.member);
    json_put_fields(scroll, &worker->at, RATES, COUNT(RATES));
    json_put_key(scroll, "of_median");
    json_put_real(scroll, worker->of_median);
    json_put_fields(scroll, &worker->at, FIELDS, COUNT(FIELDS));
    put_flags(scroll, worker->flags);
    json_put_close(scroll, '}');
}

/* ---- what has happened ---- */

static void put_epoch(struct scroll *scroll, const struct board_epoch *epoch) {
    static const struct json_field FIELDS[] = {
        FIELD("train_loss", EXACT, epoch_report, train_loss),
        FIELD("valid_loss", EXACT, epoch_report, valid_mse),
        FIELD("valid_rmse", EXACT, epoch_report, valid_rmse),
        FIELD("valid_mae", EXACT, epoch_report, valid_mae),
        FIELD("learning_rate", EXACT, epoch_report, learning_rate),
        FIELD("seconds", REAL, epoch_report, seconds),
        FIELD("ratings_per_s", REAL, epoch_report, ratings_per_second),
    };
    json_put_open(scroll, '{');
    json_put_key(scroll, "epoch");
    json_put_uint(scroll, epoch->at.epoch);
    json_put_key(scroll, "seconds_at");
    json_put_real(scroll, epoch->seconds_at);
    json_put_fields(scroll, &epoch->at, FIELDS, COUNT(FIELDS));
    json_put_close(scroll, '}');
}

static void put_event(struct scroll *scroll, const struct board_event *event) {
    static const struct json_field FIELDS[] = {
        FIELD("serial", U64, board_event, serial),
        FIELD("seconds", REAL, board_event, seconds),
        FIELD("event", NAME, board_event, event),
        FIELD("role", NAME, board_event, role),
    };
    json_put_open(scroll, '{');
    json_put_fields(scroll, event, FIELDS, COUNT(FIELDS));
    json_put_key(scroll, "index");
    if (event->index < 0)
        json_put_null(scroll);
    else
        json_put_uint(scroll, (uint64_t)event->index);
    json_put_key(scroll, "text");
    json_put_text(scroll, event->text);
    json_put_close(scroll, '}');
}

static void put_events(struct scroll *scroll, const struct board *board) {
    uint64_t first = board->event_count > BOARD_EVENTS ? board->event_count - BOARD_EVENTS : 0;
    for (uint64_t i = first; i < board->event_count; i++)
        put_event(scroll, &board->events[i % BOARD_EVENTS]);
}

void api_status(struct scroll *scroll, const struct board *board) {
    json_put_open(scroll, '{');
    json_put_key(scroll, "run");
    put_run(scroll, board);
    json_put_key(scroll, "progress");
    put_progress(scroll, board);
    json_put_key(scroll, "shards");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < board->shard_count; i++)
        put_shard(scroll, &board->shards[i]);
    json_put_close(scroll, ']');
    json_put_key(scroll, "workers");
    json_put_open(scroll, '[');
    for (uint32_t i = 0; i < board->worker_count; i++)
        put_worker(scroll, &board->workers[i]);
    json_put_close(scroll, ']');
    json_put_key(scroll, "epochs");
    json_put_open(scroll, '[');
    for (size_t i = 0; i < board->epoch_count; i++)
        put_epoch(scroll, &board->epochs[i]);
    json_put_close(scroll, ']');
    json_put_key(scroll, "events");
    json_put_open(scroll, '[');
    put_events(scroll, board);
    json_put_close(scroll, ']');
    json_put_close(scroll, '}');
    scroll_put(scroll, "\n", 1);
}
