/* Does the history keep the whole run in a bounded number of samples, in memory and in RUN/monitor? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "monitor/history.h"
#include "monitor/records.h"
#include "tests/scratch.h"

enum { SHARDS = 2, WORKERS = 3 };

/* A run in which sample i has the loss i, and member m of it the rate 100 i + m. */
struct scene {
    struct board board;
    struct series series;
    struct shard_progress shards[SHARDS];
    struct worker_progress workers[WORKERS];
    struct progress_report report;
};

static const struct board_run RUN;

static void scene_make(struct scene *scene) {
    struct status status;
    *scene = (struct scene){.report = {.epoch = 1,
                                       .pserver_count = SHARDS,
                                       .worker_count = WORKERS,
                                       .shards = scene->shards,
                                       .workers = scene->workers}};
    assert_true(board_init(&scene->board, &RUN, &status));
    assert_true(series_init(&scene->series, SHARDS, WORKERS, &status));
}

static void scene_free(struct scene *scene) {
    board_free(&scene->board);
    series_free(&scene->series);
}

/* Sample i, of second i since this coordinator's start. */
static bool scene_sample(struct scene *scene, int i, double seconds) {
    struct status status;
    scene->report.seconds = seconds;
    scene->report.fraction = i / 1e6;
    scene->report.loss = i;
    scene->report.last_valid_rmse = NAN;
    scene->report.ratings_per_second = 1e6 + i;
    for (int m = 0; m < SHARDS; m++)
        scene->shards[m] =
            (struct shard_progress){.up = true, .pulls_per_second = 100 * i + m, .queue = (uint64_t)m};
    for (int m = 0; m < WORKERS; m++)
        scene->workers[m] = (struct worker_progress){.up = m != 1, .ratings_per_second = 100 * i + m};
    assert_true(board_progress(&scene->board, &scene->report, &status));
    return series_sample(&scene->series, &scene->board);
}

static void check_sample(const struct series *series, uint32_t sample, int i) {
    assert_true(series_run_value(series, sample, SERIES_LOSS) == (float)i);
    assert_true(isnan(series_run_value(series, sample, SERIES_VALID_RMSE)));
    assert_true(fabsf(series_run_value(series, sample, SERIES_RATINGS_PER_S) / (float)(1e6 + i) - 1) < 1e-5);
    for (uint32_t m = 0; m < SHARDS; m++) {
        double rate = series_shard_value(series, sample, m, SERIES_PULLS_PER_S);
        assert_true(fabs(rate - (100 * i + m)) <= 1e-5 * rate);
        assert_true(series_shard_value(series, sample, m, SERIES_QUEUE) == (float)m);
    }
    assert_true(isnan(series_worker_value(series, sample, 1)));
    double last = series_worker_value(series, sample, 2);
    assert_true(fabs(last - (100 * i + 2)) <= 1e-5 * last);
}

static void the_whole_run_stays_in_view(void **state) {
    struct scene scene;
    size_t held = memory_blocks_held();
    (void)state;
    scene_make(&scene);
    for (int i = 1; i <= 5 * SERIES_SAMPLES; i++) {
        bool kept = scene_sample(&scene, i, i);
        assert_int_equal(kept, scene.series.serials[scene.series.count - 1] == (uint64_t)i);
        assert_true(scene.series.count <= SERIES_SAMPLES);
    }
    const struct series *series = &scene.series;
    assert_int_equal(series->taken, 5 * SERIES_SAMPLES);
    assert_int_equal(series->keep_every, 8);
    assert_int_equal(series->count, 5 * SERIES_SAMPLES / 8);
    assert_int_equal(series->thinned_at, 4 * SERIES_SAMPLES + 1);
    for (uint32_t k = 0; k < series->count; k++) {
        assert_int_equal(series->serials[k], 1 + 8 * k);
        assert_true(series->seconds[k] == 1 + 8 * k);
        check_sample(series, k, (int)(1 + 8 * k));
    }
    assert_int_equal(series_find(series, 17), 2);
    assert_int_equal(series_find(series, 18), series->count);
    scene_free(&scene);
    assert_int_equal(memory_blocks_held(), held);
}

/* ---- on disk ---- */

static struct scratch scratch;
static char records_folder[100], history_path[100];

static int enter(void **state) {
    (void)state;
    scratch_make(&scratch);
    snprintf(records_folder, sizeof records_folder, "%s/monitor", scratch.folder);
    snprintf(history_path, sizeof history_path, "%s/history.csv", scratch.folder);
    return 0;
}

static int leave(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return 0;
}

static struct records *open_records(struct scene *scene, double now) {
    struct status status;
    struct records *records =
        records_open(records_folder, history_path, now, &scene->board, &scene->series, &status);
    if (records == NULL)
        fail_msg("%s", status.text);
    return records;
}

/* Samples from `first` to `last`, a second apart, of a coordinator that started at sample 0 of its own. */
static void record(struct scene *scene, struct records *records, int first, int last, int start) {
    struct status status;
    char line[64];
    for (int i = first; i <= last; i++) {
        if (scene_sample(scene, i, i - start) && !records_sample(records, &scene->series, &status))
            fail_msg("%s", status.text);
        if (i % 100 == 0) {
            snprintf(line, sizeof line, "event=checkpoint number=%d", i / 100);
            board_event(&scene->board, line, scene->board.at.seconds);
        }
        assert_true(records_events(records, &scene->board, &status));
    }
}

static size_t count_lines(const char *name) {
    size_t length, lines = 0;
    char path[64];
    snprintf(path, sizeof path, "monitor/%s", name);
    char *bytes = (char *)scratch_read(scratch_path(&scratch, path), &length);
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    assert_true(length == 0 || bytes[length - 1] == '\n');
    free(bytes);
    return lines;
}

static void check_same(const struct series *a, const struct series *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->keep_every, b->keep_every);
    assert_int_equal(a->taken, b->taken);
    for (uint32_t k = 0; k < a->count; k++) {
        assert_int_equal(a->serials[k], b->serials[k]);
        assert_true(fabs(a->seconds[k] - b->seconds[k]) < 1e-3);
        check_sample(b, k, (int)a->serials[k]);
    }
}

static void files_hold_what_the_series_holds(void **state) {
    struct scene scene, again;
    size_t held = memory_blocks_held();
    (void)state;
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    record(&scene, records, 1, SERIES_SAMPLES, 0);
    assert_int_equal(count_lines("run.csv"), 1 + SERIES_SAMPLES);
    record(&scene, records, SERIES_SAMPLES + 1, SERIES_SAMPLES + 901, 0);
    records_close(records);
    assert_int_equal(count_lines("run.csv"), 1 + scene.series.count);
    assert_int_equal(count_lines("shards.csv"), 1 + SHARDS * scene.series.count);
    assert_int_equal(count_lines("workers.csv"), 1 + WORKERS * scene.series.count);
    assert_int_equal(count_lines("events.csv"), 1 + (SERIES_SAMPLES + 901) / 100);

    scene_make(&again);
    records = open_records(&again, 1000 + SERIES_SAMPLES + 903);
    check_same(&scene.series, &again.series);
    assert_true(again.board.run.started_unix == 1000);
    assert_true(fabs(again.board.run.before - (SERIES_SAMPLES + 903)) < 1e-3);
    assert_int_equal(again.board.event_count, (SERIES_SAMPLES + 901) / 100);
    assert_string_equal(board_event_at(&again.board, 2)->text, "number=2");
    assert_true(board_event_at(&again.board, 2)->seconds == 200);

    /* and goes on as if nothing had been */
    record(&again, records, SERIES_SAMPLES + 902, 2 * SERIES_SAMPLES + 50, SERIES_SAMPLES + 901);
    assert_int_equal(again.series.keep_every, 4);
    assert_int_equal(count_lines("shards.csv"), 1 + SHARDS * again.series.count);
    check_sample(&again.series, again.series.count - 1, (int)again.series.serials[again.series.count - 1]);
    scene_free(&scene);
    records_close(records);
    scene_free(&again);
    assert_int_equal(memory_blocks_held(), held);
}

static void a_long_rest_is_no_part_of_the_run(void **state) {
    struct scene scene;
    struct status status;
    (void)state;
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    record(&scene, records, 1, 10, 0);
    records_close(records);
    scene_free(&scene);
    scene_make(&scene);
    assert_true(records_read(records_folder, history_path, 1010 + RECORDS_REST_S + 1, &scene.board,
                             &scene.series, &status));
    assert_true(scene.board.run.started_unix == 1000 && scene.board.run.before == 10);
    scene_free(&scene);
}

static void append(const char *name, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "monitor/%s", name);
    FILE *file = fopen(scratch_path(&scratch, path), "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void what_a_crash_has_torn_is_dropped(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    record(&scene, records, 1, 10, 0);
    board_event(&scene.board, "event=lost role=pserver index=1 reason=\"says \"no, never\", and dies\"",
                10.5);
    record(&scene, records, 11, 11, 0);
    records_close(records);
    scene_free(&scene);
    append("run.csv", "nonsense\n12,x,y\n7,1007,7,0,0,0,0,0\n12,1012,12,1,12");
    append("shards.csv", "11,11,7,1,1,1,1,1,1,1\n99,12,0,1,1,1,1,1,1,1\n-1,,,,,,,,,\n11,11,");
    append("workers.csv", "11,11,-1,5\n");
    append("events.csv", "1011.5,11.5,lost,,,\"half a sen");

    scene_make(&scene);
    records = open_records(&scene, 1012);
    assert_int_equal(scene.series.count, 11);
    check_sample(&scene.series, 10, 11);
    assert_int_equal(scene.board.event_count, 1);
    const struct board_event *event = board_event_at(&scene.board, 1);
    assert_string_equal(event->text, "says \"no, never\", and dies");
    assert_string_equal(event->role, "pserver");
    assert_int_equal(event->index, 1);
    record(&scene, records, 12, 12, 12);
    assert_int_equal(scene.series.count, 12);
    records_close(records);
    scene_free(&scene);

    scratch_text(&scratch, "monitor/events.csv", "what,is,this\n1,2,3\n");
    scene_make(&scene);
    records = open_records(&scene, 1013);
    assert_int_equal(scene.board.event_count, 0);
    assert_int_equal(count_lines("events.csv"), 1);
    assert_int_equal(scene.series.count, 12);
    records_close(records);
    scene_free(&scene);
}

static void epochs_come_from_the_history_and_know_when_they_were(void **state) {
    struct scene scene;
    struct status status;
    (void)state;
    struct history *history = history_create(history_path, &status);
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        struct epoch_report report = {.epoch = epoch,
                                      .train_loss = 1.0 / epoch,
                                      .valid_count = epoch == 2 ? 0 : 10,
                                      .valid_rmse = 0.5,
                                      .cold_mse = NAN,
                                      .learning_rate = 0.1,
                                      .seconds = 2,
                                      .ratings_per_second = 5};
        assert_true(history_add(history, &report, &status));
    }
    assert_true(history_close(history, &status));
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    board_event(&scene.board, "event=epoch epoch=1 train_loss=1", 2.5);
    board_event(&scene.board, "event=epoch epoch=3 train_loss=1", 7.5);
    assert_true(records_events(records, &scene.board, &status));
    records_close(records);
    scene_free(&scene);
    scene_make(&scene);
    assert_true(records_read(records_folder, history_path, 1001, &scene.board, &scene.series, &status));
    assert_int_equal(scene.board.epoch_count, 3);
    assert_true(scene.board.epochs[2].at.train_loss == 1.0 / 3);
    assert_int_equal(scene.board.epochs[0].at.valid_count, 10);
    assert_true(scene.board.epochs[0].at.valid_rmse == 0.5 && isnan(scene.board.epochs[1].at.valid_rmse));
    assert_true(scene.board.epochs[0].seconds_at == 2.5 && scene.board.epochs[2].seconds_at == 7.5);
    assert_true(isnan(scene.board.epochs[1].seconds_at));
    scene_free(&scene);
}

static void events_are_bounded(void **state) {
    struct scene scene;
    struct status status;
    char line[64];
    (void)state;
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    for (int i = 1; i <= RECORDS_EVENTS + 10; i++) {
        snprintf(line, sizeof line, "event=refused count=%d", i);
        board_event(&scene.board, line, i);
        assert_true(records_events(records, &scene.board, &status));
    }
    records_close(records);
    assert_int_equal(count_lines("events.csv"), 1 + RECORDS_EVENTS / 2 + 9);
    scene_free(&scene);
    scene_make(&scene);
    assert_true(records_read(records_folder, history_path, 1001, &scene.board, &scene.series, &status));
    assert_true(board_event_at(&scene.board, scene.board.event_count)->seconds == RECORDS_EVENTS + 10);
    scene_free(&scene);
}

/* Of a run that goes on with another cluster. */
static void members_that_there_are_no_more_are_left_out(void **state) {
    struct scene scene;
    struct status status;
    struct series small;
    struct board board;
    (void)state;
    scene_make(&scene);
    struct records *records = open_records(&scene, 1000);
    record(&scene, records, 1, 5, 0);
    records_close(records);
    scene_free(&scene);
    assert_true(board_init(&board, &RUN, &status) && series_init(&small, 1, 4, &status));
    assert_true(records_read(records_folder, history_path, 1006, &board, &small, &status));
    assert_int_equal(small.count, 5);
    assert_true(series_shard_value(&small, 4, 0, SERIES_PULLS_PER_S) == 500);
    assert_true(series_worker_value(&small, 4, 2) == 502 && isnan(series_worker_value(&small, 4, 3)));
    board_free(&board);
    series_free(&small);
}

static void heads_have_the_names_of_the_page(void **state) {
    struct scene scene;
    char head[300] = "sample,time";
    size_t length;
    (void)state;
    scene_make(&scene);
    records_close(open_records(&scene, 1));
    for (int column = 0; column < SERIES_RUN_COLUMNS; column++) {
        strcat(head, ",");
        strcat(head, series_run_name((enum series_run)column));
    }
    strcat(head, "\n");
    char *bytes = (char *)scratch_read(scratch_path(&scratch, "monitor/run.csv"), &length);
    bytes[length] = '\0';
    assert_string_equal(bytes, head);
    free(bytes);
    strcpy(head, "sample,seconds,shard");
    for (int column = 0; column < SERIES_SHARD_COLUMNS; column++) {
        strcat(head, ",");
        strcat(head, series_shard_name((enum series_shard)column));
    }
    strcat(head, "\n");
    bytes = (char *)scratch_read(scratch_path(&scratch, "monitor/shards.csv"), &length);
    bytes[length] = '\0';
    assert_string_equal(bytes, head);
    free(bytes);
    scene_free(&scene);
}

static void a_disk_that_fails_is_a_status(void **state) {
    struct scene scene;
    struct status status;
    (void)state;
    scratch_text(&scratch, "monitor", "a file where the folder belongs");
    scene_make(&scene);
    assert_null(records_open(records_folder, history_path, 1, &scene.board, &scene.series, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    scene_free(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_run_stays_in_view),
        cmocka_unit_test_setup_teardown(files_hold_what_the_series_holds, enter, leave),
        cmocka_unit_test_setup_teardown(a_long_rest_is_no_part_of_the_run, enter, leave),
        cmocka_unit_test_setup_teardown(what_a_crash_has_torn_is_dropped, enter, leave),
        cmocka_unit_test_setup_teardown(epochs_come_from_the_history_and_know_when_they_were, enter, leave),
        cmocka_unit_test_setup_teardown(events_are_bounded, enter, leave),
        cmocka_unit_test_setup_teardown(members_that_there_are_no_more_are_left_out, enter, leave),
        cmocka_unit_test_setup_teardown(heads_have_the_names_of_the_page, enter, leave),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_is_a_status, enter, leave),
    };
    return cmocka_run_group_tests_name("monitor_series", tests, NULL, NULL);
}
