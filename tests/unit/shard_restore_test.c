/* Does a shard made from the image of another, or of several others, go on with the same bits? For every rule, with cuts
 * inside the optimiser's window and at its ends, against whole tables that were never cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "pserver/image.h"
#include "tests/unit/shard_bench.h"

/* An entry of an image whose shard is one of several, as a row of the whole tables. */
static uint32_t row_of(const struct shard_image *image, uint32_t entry) {
    bool is_user = entry < image->user_rows;
    uint32_t local = is_user ? entry : entry - image->user_rows;
    return local * image->shards + image->shard + (is_user ? 0 : USERS);
}

static void copy_row(float *to, const float *from, uint32_t to_entry, uint32_t from_entry) {
    if (to != NULL)
        memcpy(to + to_entry * STRIDE, from + from_entry * STRIDE, STRIDE * sizeof *to);
}

/* What the reader of a checkpoint does: every row goes to the shard that has it now. */
static void move_rows(struct shard_image *to, const struct shard_image *from) {
    to->step = from->step;
    to->window_first = from->window_first;
    memcpy(to->rates, from->rates, (from->step - from->window_first) * 2 * sizeof *to->rates);
    for (uint32_t i = 0; i < to->user_rows + to->movie_rows; i++)
        for (uint32_t k = 0; k < from->user_rows + from->movie_rows; k++) {
            if (row_of(to, i) != row_of(from, k))
                continue;
            copy_row(to->values, from->values, i, k);
            copy_row(to->first, from->first, i, k);
            copy_row(to->second, from->second, i, k);
            to->next_steps[i] = from->next_steps[k];
        }
}

static void open_image(struct shard_image *image, const struct optimiser_spec *spec, uint32_t index,
                       uint32_t shards) {
    struct status status;
    struct shard_spec shard = bench_shard_spec(spec, index, shards);
    assert_true(image_init(image, &shard, 0, &status));
}

/* Images of all shards of a run of its first `cut` steps; nothing else is left of them. */
static void cut_shards(const struct optimiser_spec *spec, struct shard_image *images, uint32_t shards,
                       uint64_t cut) {
    for (uint32_t index = 0; index < shards; index++) {
        struct shard *shard = bench_shard(spec, index, shards);
        for (uint64_t step = 0; step < cut; step++)
            bench_shard_step(shard, step, index, shards);
        open_image(&images[index], spec, index, shards);
        shard_image(shard, &images[index]);
        shard_free(shard);
    }
}

static void compare_state(const struct shard *shard, const struct optimiser_spec *spec,
                          const struct tables *tables, uint32_t index, uint32_t shards) {
    struct shard_image image;
    open_image(&image, spec, index, shards);
    shard_image(shard, &image);
    for (uint32_t entry = 0; entry < image.user_rows + image.movie_rows; entry++) {
        uint32_t row = row_of(&image, entry), found;
        assert_memory_equal(image.values + entry * STRIDE, tables->values[row], STRIDE * sizeof(float));
        if (image.first != NULL)
            assert_memory_equal(image.first + entry * STRIDE, tables->first[row], STRIDE * sizeof(float));
        if (image.second != NULL)
            assert_memory_equal(image.second + entry * STRIDE, tables->second[row], STRIDE * sizeof(float));
        assert_true(image.next_steps[entry] == tables->next_step[row]);
        assert_true(shard_name(shard, entry) == ((uint64_t)bench_table(row) << 32 | bench_number(row)));
        assert_true(shard_entry(shard, shard_name(shard, entry), &found) && found == entry);
    }
    image_free(&image);
}

/* Steps from `cut` to `end` on shards made from the images of others. */
static void go_on(const struct optimiser_spec *spec, struct tables *tables, const struct shard_image *images,
                  uint32_t shards_then, uint32_t shards, uint64_t cut, uint64_t end) {
    for (uint32_t index = 0; index < shards; index++) {
        struct shard_image image;
        struct status status;
        struct shard_spec shard_spec = bench_shard_spec(spec, index, shards);
        open_image(&image, spec, index, shards);
        for (uint32_t i = 0; i < shards_then; i++)
            move_rows(&image, &images[i]);
        struct shard *shard = shard_restore(&shard_spec, &image, &status);
        assert_non_null(shard);
        image_free(&image);
        for (uint64_t step = cut; step < end; step++)
            bench_shard_step(shard, step, index, shards);
        compare_state(shard, spec, tables, index, shards);
        shard_settle(shard);
        assert_true(shard_step(shard) == end);
        shard_free(shard);
    }
}

static void restore_at(const struct optimiser_spec *spec, uint64_t cut, uint64_t end) {
    static struct tables tables;
    static const uint32_t SHARDS[] = {1, 3, 5};
    tables_open(&tables, spec);
    for (uint64_t step = 0; step < end; step++) {
        if (step != 0 && step % OPTIMISER_WINDOW == 0) {
            for (uint32_t row = 0; row < ROWS; row++)
                optimiser_catch_up(tables.optimiser, tables_state(&tables, row), step);
            optimiser_window_restart(tables.optimiser);
        }
        tables_step(&tables, step);
    }
    for (int then = 0; then < 3; then++) {
        struct shard_image images[5];
        cut_shards(spec, images, SHARDS[then], cut);
        for (int now = 0; now < 3; now++)
            go_on(spec, &tables, images, SHARDS[then], SHARDS[now], cut, end);
        for (uint32_t i = 0; i < SHARDS[then]; i++)
            image_free(&images[i]);
    }
    optimiser_free(tables.optimiser);
}

static void a_restored_shard_goes_on_with_the_same_bits(void **state) {
    static const uint64_t CUTS[] = {1, 7, 19};
    (void)state;
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAGRAD_ROW; kind++)
        for (int decay = DECAY_DENSE; decay <= DECAY_TOUCHED; decay++)
            for (int cut = 0; cut < 6; cut++) {
                struct optimiser_spec spec = {.kind = (enum optimiser_kind)kind,
                                              .nesterov = cut % 2 == 1,
                                              .beta1 = 0.9,
                                              .beta2 = 0.99,
                                              .epsilon = 1e-8,
                                              .weight_decay = cut < 3 ? 0.01 : 0,
                                              .decay = (enum decay_kind)decay};
                restore_at(&spec, CUTS[cut % 3], STEPS);
            }
    assert_int_equal(memory_blocks_held(), 0);
}

/* The history that is about to be swept, the one just begun, and one within the second window. */
static void a_window_of_the_optimiser_may_end_anywhere(void **state) {
    static const struct optimiser_spec SPEC = {
        .kind = OPTIMISER_SGD, .weight_decay = 0.01, .decay = DECAY_DENSE};
    (void)state;
    restore_at(&SPEC, OPTIMISER_WINDOW, OPTIMISER_WINDOW + 5);
    restore_at(&SPEC, OPTIMISER_WINDOW + 1, OPTIMISER_WINDOW + 5);
    restore_at(&SPEC, OPTIMISER_WINDOW + 3, OPTIMISER_WINDOW + 5);
    assert_int_equal(memory_blocks_held(), 0);
}

static const struct optimiser_spec SGD = {.kind = OPTIMISER_SGD, .decay = DECAY_TOUCHED};
static void an_image_that_cannot_be_is_refused(void **state) {
    struct shard_image image;
    struct status status;
    struct shard_spec spec = bench_shard_spec(&SGD, 0, 1);
    (void)state;
    open_image(&image, &SGD, 0, 1);
    struct {
        uint64_t first, step, next;
        bool good;
    } cases[] = {{0, 9, 9, true},
                 {0, 9, 10, false},
                 {1, 9, 5, false},
                 {OPTIMISER_WINDOW, 9, 9, false},
                 {OPTIMISER_WINDOW, OPTIMISER_WINDOW + 1, 5, false},
                 {OPTIMISER_WINDOW, OPTIMISER_WINDOW + 1, OPTIMISER_WINDOW, true},
                 {0, OPTIMISER_WINDOW + 1, 0, false},
                 {0, UINT64_MAX, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        image.window_first = cases[i].first;
        image.step = cases[i].step;
        for (uint32_t entry = 0; entry < ROWS; entry++)
            image.next_steps[entry] = entry == 7 ? cases[i].next : cases[i].first;
        struct shard *shard = shard_restore(&spec, &image, &status);
        assert_int_equal(shard != NULL, cases[i].good);
        assert_true(shard != NULL || status.code == STATUS_BAD_DATA);
        shard_free(shard);
    }
    image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_shard_goes_on_with_the_same_bits),
        cmocka_unit_test(a_window_of_the_optimiser_may_end_anywhere),
        cmocka_unit_test(an_image_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("unit/shard_restore", tests, NULL, NULL);
}
