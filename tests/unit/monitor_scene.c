#include "monitor_scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void must(bool good) {
    if (!good)
        abort();
}

static void fill_tally(struct tally *tally, uint32_t seed) {
    for (uint32_t i = 0; i < 200; i++)
        tally_add(tally, (uint64_t)(seed % 7 + i) * i);
}

static void fill_shard(struct shard_progress *shard, uint32_t index, uint64_t at) {
    *shard = (struct shard_progress){
        .member = {.host = "here", .page = "127.0.0.1:4000", .pid = 1000 + index, .up = true, .joined = 1},
        .index = index,
        .up = true,
        .user_rows = 10 + index,
        .movie_rows = 20 + index,
        .bytes = 4096 * (uint64_t)(index + 1),
        .resident = 1 << 20,
        .pulls_per_second = 1234.5 + index + (double)at,
        .pushes_per_second = 987.25 + index,
        .bytes_in_per_second = 1e6,
        .bytes_out_per_second = 2e6,
        .step = at,
        .pulls = 1000 * at + index,
        .pushes = 900 * at + index,
        .bytes_in = 100000 * at,
        .bytes_out = 200000 * at,
        .queue = index % 5,
        .queue_most = 7,
        .busy = 0.25 + 0.5 * (index % 2),
        .hot_share = 0.1,
        .pull_p50_us = 80.5,
        .pull_p99_us = 300.25,
        .apply_p50_us = 20,
        .apply_p99_us = 55,
        .staleness_p50 = 1,
        .staleness_most = 2,
    };
    fill_tally(&shard->pull_us, index);
    fill_tally(&shard->apply_us, index + 1);
    fill_tally(&shard->staleness, index + 2);
}

static void fill_worker(struct worker_progress *worker, uint32_t index, uint64_t at) {
    *worker = (struct worker_progress){
        .member = {.host = "there", .page = "", .pid = 2000 + index, .up = true, .joined = 2},
        .index = index,
        .up = true,
        .ratings_per_second = 50000 + index,
        .lanes = 2,
        .step = at,
        .ratings = 64 * at,
        .pulls = 100 * at,
        .pushes = 90 * at,
        .compute = 0.6,
        .wait = 0.3,
        .gate = 0.05,
        .data = 0.05,
        .answer_p50_us = 115,
        .answer_p99_us = 400,
        .compute_us = 600000 * at,
        .wait_us = 300000 * at,
    };
    fill_tally(&worker->answer_us, index);
    fill_tally(&worker->compute_one_us, index);
}

static struct progress_report report_of(const struct scene *scene) {
    uint64_t at = scene->series.taken + 1;
    return (struct progress_report){
        .stage = RUN_TRAINING,
        .seconds = (double)at,
        .epoch = 2,
        .epochs = 3,
        .fraction = 0.5,
        .step = at,
        .steps_per_epoch = 1000,
        .train_ratings = 80004,
        .loss = 0.75 + 1.0 / (double)at,
        .last_valid_rmse = 0.873,
        .learning_rate = 0.01,
        .momentum = 0.9,
        .ratings_per_second = 1.5e6,
        .eta_seconds = 72,
        .checkpoint = 3,
        .checkpoint_seconds = NAN,
    };
}

void scene_report(struct scene *scene) {
    struct status status;
    uint32_t shards = scene->series.shard_count, workers = scene->series.worker_count;
    struct progress_report report = report_of(scene);
    struct shard_progress *all_shards = memory_take_array(shards, sizeof *all_shards, "shards", &status);
    struct worker_progress *all_workers = memory_take_array(workers, sizeof *all_workers, "workers", &status);
    must(all_shards != NULL && all_workers != NULL);
    for (uint32_t i = 0; i < shards; i++)
        fill_shard(&all_shards[i], i, report.step);
    for (uint32_t i = 0; i < workers; i++)
        fill_worker(&all_workers[i], i, report.step);
    all_workers[workers - 1].up = all_workers[workers - 1].member.up = false;
    report.pserver_count = report.pservers_up = shards;
    report.worker_count = workers;
    report.workers_up = workers - 1;
    report.shards = all_shards;
    report.workers = all_workers;
    must(board_progress(&scene->board, &report, &status));
    series_sample(&scene->series, &scene->board);
    memory_release(all_shards);
    memory_release(all_workers);
}

void scene_make(struct scene *scene, uint32_t shards, uint32_t workers, uint32_t samples) {
    struct status status;
    struct board_run run = {.name = "made-up",
                            .folder = "/runs/made-\xFFup",
                            .version = "1",
                            .mode = "minibatch",
                            .transport = "ipc"};
    run.started_unix = 1700000000.25;
    run.pid = 77;
    struct epoch_report epoch = {
        .epoch = 1, .epochs = 3, .train_loss = 0.1, .valid_mse = 0.7629, .valid_count = 1};
    *scene = (struct scene){.source = {.board = &scene->board, .series = &scene->series}};
    must(board_init(&scene->board, &run, &status) && series_init(&scene->series, shards, workers, &status) &&
         board_epoch(&scene->board, &epoch, 1.5, &status));
    for (uint32_t i = 0; i < samples; i++)
        scene_report(scene);
    board_event(&scene->board, "event=checkpoint number=3 reason=\"it is <now>\"", 2.5);
}

static void name_movie(void *context, uint32_t movie, struct http_movie *named) {
    static char title[32];
    (void)context;
    int length = snprintf(title, sizeof title, "Movie %u", movie);
    *named = (struct http_movie){.id = title + 6,
                                 .title = title,
                                 .id_length = (size_t)length - 6,
                                 .title_length = (size_t)length,
                                 .ratings = movie};
}

void scene_model(struct scene *scene, uint32_t epoch, uint32_t movies) {
    struct status status;
    double *scores = memory_take_array(2 * (size_t)movies, sizeof *scores, "scores", &status);
    double *biases = memory_take_array(movies, sizeof *biases, "biases", &status);
    static const double SHARE[] = {0.25, 0.125};
    must(scores != NULL && biases != NULL);
    for (uint32_t i = 0; i < movies; i++) {
        biases[i] = i / 100.0;
        scores[2 * i] = i;
        scores[2 * i + 1] = -1.0 * i;
    }
    struct model_report report = {.epoch = epoch,
                                  .movies = movies,
                                  .components = 2,
                                  .scores = scores,
                                  .share = SHARE,
                                  .biases = biases};
    must(board_model(&scene->board, &report, &status));
    scene->source.movie = name_movie;
    memory_release(scores);
    memory_release(biases);
}

void scene_free(struct scene *scene) {
    board_free(&scene->board);
    series_free(&scene->series);
}
