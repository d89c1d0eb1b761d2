/* Is a checkpoint of a pserver what the shard was, does training go on whatever becomes of it, and does a restored pserver
 * go on as if nothing had happened? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "pserver/image.h"
#include "tests/unit/pserver_bench.h"

enum { HELD_MAX = LANES * 64 * LANE_ROWS };

/* What a disk does with an image. */
static void copy_held(struct image_held *to, const struct image_held *from) {
    assert_true(from->count <= from->capacity && from->count <= to->capacity);
    to->count = from->count;
    for (uint64_t i = 0; i < from->count; i++) {
        uint64_t at = from->count - 1 - i; /* rows of other shards come in another order */
        to->lanes[i] = from->lanes[at];
        to->steps[i] = from->steps[at];
        to->names[i] = from->names[at];
        memcpy(to->values + i * STRIDE, from->values + at * STRIDE, STRIDE * sizeof(float));
    }
}

static void copy_image(struct shard_image *to, const struct shard_image *from) {
    size_t entries = from->user_rows + from->movie_rows, row_bytes = STRIDE * sizeof(float);
    assert_true(to->user_rows == from->user_rows && to->movie_rows == from->movie_rows);
    to->step = from->step;
    to->window_first = from->window_first;
    memcpy(to->values, from->values, entries * row_bytes);
    memcpy(to->first, from->first, entries * row_bytes);
    memcpy(to->second, from->second, entries * row_bytes);
    memcpy(to->next_steps, from->next_steps, entries * sizeof *to->next_steps);
    memcpy(to->rates, from->rates, (from->step - from->window_first) * 2 * sizeof *to->rates);
    copy_held(&to->held, &from->held);
}

static void open_disk(struct shard_image *disk) {
    static struct bench bench;
    struct status status;
    bench_make(&bench, GATE_SYNCHRONOUS, 0);
    struct shard_spec spec = bench.spec.shard;
    spec.users = USERS;
    spec.movies = MOVIES;
    assert_true(image_init(disk, &spec, HELD_MAX, &status));
    bench_close(&bench);
}

/* Cuts after lane_step steps, writes, and leaves the pserver as it goes on. */
static void save(struct bench *bench, struct shard_image *disk, uint64_t lane_step, uint64_t clock_step) {
    bench_cut(bench, 4, lane_step, clock_step);
    assert_non_null(bench->job);
    assert_int_equal(bench->job->kind, JOB_WRITE_IMAGE);
    assert_int_equal(bench->job->image.number, 4);
    assert_int_equal(bench_last(bench, MESSAGE_TAKEN)->message.taken.number, 4);
    assert_int_equal(bench_count(bench, MESSAGE_IMAGED), 0);
    bench_train(bench, lane_step, lane_step + 3);
    copy_image(disk, bench->job->image.image);
    bench_finish_job(bench, STATUS_OK);
    assert_int_equal(bench_last(bench, MESSAGE_IMAGED)->message.imaged.code, 0);
}

static void load(struct bench *bench, const struct shard_image *disk, uint64_t lane_step,
                 uint64_t clock_step) {
    bench_welcome(bench, 4, lane_step, clock_step);
    assert_non_null(bench->job);
    assert_int_equal(bench->job->kind, JOB_READ_IMAGE);
    assert_int_equal(bench->job->image.number, 4);
    assert_int_equal(bench->job->image.shards, 1);
    copy_image(bench->job->image.image, disk);
    bench_finish_job(bench, STATUS_OK);
}

static void same_rows(const struct bench *one, const struct bench *other, uint64_t first, uint64_t end) {
    for (uint64_t step = first; step < end; step++)
        for (uint32_t lane = 0; lane < LANES; lane++) {
            const struct sent *a = bench_rows(one, lane, step), *b = bench_rows(other, lane, step);
            assert_true(a != NULL && b != NULL);
            assert_memory_equal(&a->message.rows, &b->message.rows, sizeof a->message.rows);
            assert_memory_equal(a->body, b->body, sizeof a->body);
        }
}

/* Trains, cuts and goes on; and makes another pserver of the cut, its lanes open. */
static void cut_in_two(struct bench *quiet, struct bench *restored, enum gate_kind kind, uint32_t staleness,
                       uint64_t cut_step) {
    struct shard_image disk;
    uint64_t clock_step = kind == GATE_SYNCHRONOUS ? cut_step : cut_step * LANES;
    open_disk(&disk);
    bench_open(quiet, kind, staleness);
    bench_pull_ahead(quiet, 0);
    bench_train(quiet, 0, cut_step);
    save(quiet, &disk, cut_step, clock_step);
    bench_make(restored, kind, staleness);
    load(restored, &disk, cut_step, clock_step);
    assert_int_equal(bench_count(restored, MESSAGE_READY), 1);
    for (uint32_t lane = 0; lane < LANES; lane++)
        bench_open_lane(restored, LINK_INCOMING + lane, lane, 1);
    assert_int_equal(bench_last(restored, MESSAGE_LANE_AT)->message.lane_at.pushed, cut_step);
    bench_pull_ahead(restored, cut_step);
    image_free(&disk);
}

static void restore_at(uint32_t staleness, uint64_t cut_step, uint64_t end) {
    static struct bench quiet, restored;
    cut_in_two(&quiet, &restored, GATE_SYNCHRONOUS, staleness, cut_step);
    bench_train(&quiet, cut_step + 3, end);
    bench_train(&restored, cut_step, end);
    same_rows(&quiet, &restored, cut_step, end + gate_lead(&quiet.spec.gate));
    bench_settle(&quiet, end);
    bench_settle(&restored, end);
    assert_true(bench_last(&quiet, MESSAGE_SETTLED)->message.settled.digest ==
                bench_last(&restored, MESSAGE_SETTLED)->message.settled.digest);
    assert_int_equal(quiet.refused + restored.refused, 0);
    bench_close(&quiet);
    bench_close(&restored);
}

static void a_restored_pserver_goes_on_with_the_same_bits(void **state) {
    (void)state;
    for (uint32_t staleness = 0; staleness <= 3; staleness++)
        for (uint64_t cut_step = 1; cut_step <= 9; cut_step += 2)
            restore_at(staleness, cut_step, 20);
    assert_int_equal(memory_blocks_held(), 0);
}

/* Their bits depend on who comes first; what they count does not. */
static void ssp_and_asp_go_on_from_a_checkpoint(void **state) {
    static struct bench quiet, restored;
    (void)state;
    for (int kind = GATE_SSP; kind <= GATE_ASP; kind++) {
        cut_in_two(&quiet, &restored, (enum gate_kind)kind, kind == GATE_SSP ? 2 : 0, 5);
        bench_train(&restored, 5, 20);
        bench_settle(&restored, 20 * LANES);
        assert_int_equal(bench_count(&restored, MESSAGE_SETTLED), 1);
        assert_int_equal(quiet.refused + restored.refused, 0);
        bench_close(&quiet);
        bench_close(&restored);
    }
}

static void a_cut_elsewhere_is_refused(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 1);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 5);
    bench_cut(&bench, 1, 5, 4);
    bench_cut(&bench, 1, 4, 5);
    bench_cut(&bench, 1, UINT64_MAX, UINT64_MAX);
    bench_cut(&bench, 0, 5, 5);
    struct message message = {.kind = MESSAGE_CUT, .cut = {1, 5, 5}};
    bench_hand(&bench, LINK_INCOMING, &message, NULL, 0);
    bench_push(&bench, 0, 5);
    bench_cut(&bench, 1, 5, 5);
    assert_int_equal(bench.refused, 6);
    assert_null(bench.job);
    assert_int_equal(bench_count(&bench, MESSAGE_TAKEN), 0);
    bench_push(&bench, 1, 5);
    bench_cut(&bench, 1, 6, 6);
    assert_int_equal(bench_count(&bench, MESSAGE_TAKEN), 1);
    bench_cut(&bench, 2, 6, 6);
    assert_int_equal(bench.refused, 7);
    bench_finish_job(&bench, STATUS_OK);
    bench_cut(&bench, 2, 6, 6);
    assert_int_equal(bench_last(&bench, MESSAGE_TAKEN)->message.taken.number, 2);
    bench_finish_job(&bench, STATUS_OK);
    bench_cut(&bench, 1, 6, 6);
    assert_int_equal(bench.refused, 8);
    bench_close(&bench);
}

static void a_cut_may_be_asked_again(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 2);
    bench_cut(&bench, 7, 2, 2);
    bench_train(&bench, 2, 4);
    bench_cut(&bench, 7, 2, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_TAKEN), 2);
    assert_int_equal(bench_count(&bench, MESSAGE_IMAGED), 0);
    assert_int_equal(bench.job->image.image->step, 2);
    bench_finish_job(&bench, STATUS_OK);
    bench_cut(&bench, 7, 2, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_TAKEN), 3);
    assert_int_equal(bench_count(&bench, MESSAGE_IMAGED), 2);
    assert_null(bench.job);
    assert_int_equal(bench.refused, 0);
    bench_close(&bench);
}

static void a_copy_that_cannot_be_written_stops_nobody(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 2);
    memory_fail_after(3);
    bench_cut(&bench, 1, 2, 2);
    memory_fail_after(0);
    assert_null(bench.job);
    assert_int_equal(bench_count(&bench, MESSAGE_TAKEN), 1);
    assert_int_equal(bench_last(&bench, MESSAGE_IMAGED)->message.imaged.code, STATUS_NO_MEMORY);
    bench_cut(&bench, 2, 2, 2);
    bench_finish_job(&bench, STATUS_IO);
    const struct imaged_message *imaged = &bench_last(&bench, MESSAGE_IMAGED)->message.imaged;
    assert_int_equal(imaged->number, 2);
    assert_int_equal(imaged->code, STATUS_IO);
    assert_string_equal(imaged->reason, "the disk said no");
    bench_train(&bench, 2, 5);
    bench_cut(&bench, 3, 5, 5);
    bench_finish_job(&bench, STATUS_OK);
    assert_int_equal(bench_last(&bench, MESSAGE_IMAGED)->message.imaged.code, 0);
    assert_int_equal(bench.refused + bench.ended, 0);
    bench_close(&bench);
    assert_int_equal(memory_blocks_held(), 0);
}

static void nothing_is_served_before_the_rows_are_there(void **state) {
    static struct bench bench;
    struct shard_image disk;
    (void)state;
    open_disk(&disk);
    disk.step = 3;
    bench_make(&bench, GATE_SYNCHRONOUS, 0);
    bench_welcome(&bench, 9, 3, 3);
    bench_welcome(&bench, 9, 3, 3);
    bench_open_lane(&bench, LINK_INCOMING, 0, 1);
    bench_pull(&bench, 0, 3);
    assert_int_equal(bench.refused, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_READY), 0);
    copy_image(bench.job->image.image, &disk);
    bench_finish_job(&bench, STATUS_OK);
    assert_int_equal(bench_count(&bench, MESSAGE_READY), 1);
    bench_welcome(&bench, 9, 3, 3);
    assert_int_equal(bench_count(&bench, MESSAGE_READY), 2);
    bench_close(&bench);
    image_free(&disk);
}

/* What a checkpoint may hold that a pserver must not believe. */
static void spoil_step(struct shard_image *image) {
    image->step++;
}

static void spoil_history(struct shard_image *image) {
    image->window_first = 1;
}

static void spoil_row(struct shard_image *image) {
    image->next_steps[3] = image->step + 1;
}

static void spoil_lane(struct shard_image *image) {
    image->held.lanes[0] = LANES;
}

static void spoil_held_step(struct shard_image *image) {
    image->held.steps[0] = UINT64_MAX;
}

static void spoil_name(struct shard_image *image) {
    image->held.names[0] = UINT64_C(1) << 32 | MOVIES;
}

static void spoil_count(struct shard_image *image) {
    for (uint64_t i = 0; i < image->held.count; i++) {
        image->held.lanes[i] = 0;
        image->held.steps[i] = image->held.steps[0];
    }
}

static void what_cannot_be_is_not_restored(void **state) {
    static struct bench bench;
    static void (*const SPOILS[])(struct shard_image *) = {
        spoil_step, spoil_history, spoil_row, spoil_lane, spoil_held_step, spoil_name, spoil_count};
    struct shard_image disk, spoilt;
    (void)state;
    open_disk(&disk);
    open_disk(&spoilt);
    bench_open(&bench, GATE_SYNCHRONOUS, 3);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 5);
    save(&bench, &disk, 5, 5);
    bench_close(&bench);
    for (size_t i = 0; i < sizeof SPOILS / sizeof *SPOILS; i++) {
        copy_image(&spoilt, &disk);
        SPOILS[i](&spoilt);
        bench_make(&bench, GATE_SYNCHRONOUS, 3);
        load(&bench, &spoilt, 5, 5);
        assert_int_equal(bench.ended, 1);
        assert_int_equal(bench.ended_with, STATUS_BAD_DATA);
        assert_int_equal(bench_count(&bench, MESSAGE_READY), 0);
        bench_close(&bench);
    }
    image_free(&disk);
    image_free(&spoilt);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_cannot_be_read_ends_the_pserver(void **state) {
    static struct bench bench;
    (void)state;
    bench_make(&bench, GATE_SYNCHRONOUS, 0);
    bench_welcome(&bench, 9, 3, 3);
    bench_finish_job(&bench, STATUS_IO);
    assert_int_equal(bench.ended_with, STATUS_IO);
    bench_close(&bench);
    bench_make(&bench, GATE_ASP, 0);
    bench_welcome(&bench, 9, UINT64_MAX / LANES, UINT64_MAX);
    assert_int_equal(bench.ended_with, STATUS_PROTOCOL);
    assert_null(bench.job);
    bench_close(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_pserver_goes_on_with_the_same_bits),
        cmocka_unit_test(ssp_and_asp_go_on_from_a_checkpoint),
        cmocka_unit_test(a_cut_elsewhere_is_refused),
        cmocka_unit_test(a_cut_may_be_asked_again),
        cmocka_unit_test(a_copy_that_cannot_be_written_stops_nobody),
        cmocka_unit_test(nothing_is_served_before_the_rows_are_there),
        cmocka_unit_test(what_cannot_be_is_not_restored),
        cmocka_unit_test(what_cannot_be_read_ends_the_pserver),
    };
    return cmocka_run_group_tests_name("unit/pserver_cut", tests, NULL, NULL);
}
