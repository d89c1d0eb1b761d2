/* Is a shard the model's rules applied to its rows, and nothing else? Against whole tables kept row by row with the
 * optimiser directly, for every rule and several numbers of shards: the same bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "model/optimiser.h"
#include "model/partition.h"
#include "model/start.h"
#include "pserver/image.h"
#include "pserver/shard.h"

enum { USERS = 11, MOVIES = 6, ROWS = USERS + MOVIES, FACTORS = 4, STRIDE = 8, LANES = 3, SHARDS_MAX = 20 };
enum { STEPS = 30 };

/* Whole tables, users first, and the optimiser's state of each row. */
struct tables {
    struct optimiser *optimiser;
    _Alignas(64) float values[ROWS][STRIDE], first[ROWS][STRIDE], second[ROWS][STRIDE];
    uint64_t next_step[ROWS];
};

static const struct model_spec MODEL = {
    .factors = FACTORS, .has_bias = true, .init = INIT_SYMMETRIC, .init_scale = 0.1f, .seed = 3};

static enum table_id table_of(uint32_t row) {
    return row < USERS ? TABLE_USERS : TABLE_MOVIES;
}

static uint32_t number_of(uint32_t row) {
    return row < USERS ? row : row - USERS;
}

static struct row_state state_of(struct tables *tables, uint32_t row) {
    return (struct row_state){tables->values[row], tables->first[row], tables->second[row],
                              &tables->next_step[row]};
}

static void open_tables(struct tables *tables, const struct optimiser_spec *spec) {
    struct status status;
    memset(tables, 0, sizeof *tables);
    tables->optimiser = optimiser_new(spec, &MODEL, 0, &status);
    assert_non_null(tables->optimiser);
    for (uint32_t row = 0; row < ROWS; row++)
        start_row(&MODEL, table_of(row), number_of(row), tables->values[row]);
}

static struct shard_spec spec_of(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards) {
    return (struct shard_spec){.model = MODEL,
                               .optimiser = *optimiser,
                               .index = index,
                               .shards = shards,
                               .users = USERS,
                               .movies = MOVIES,
                               .lanes = LANES,
                               .lane_rows = ROWS};
}

static struct shard *open_shard(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards) {
    struct status status;
    struct shard_spec spec = spec_of(optimiser, index, shards);
    struct shard *shard = shard_new(&spec, &status);
    assert_non_null(shard);
    return shard;
}

static bool is_pushed(uint64_t step, uint32_t lane, uint32_t row) {
    return rng_bits(step, lane, row) % 4 == 0;
}

/* A pull brings a row up to date, so whole tables and shards must see the same ones to end with the same bits. */
static bool is_pulled(uint64_t step, uint32_t user) {
    return (user + step) % 3 == 0;
}

static void gradient_of(uint64_t step, uint32_t lane, uint32_t row, float *gradient) {
    memset(gradient, 0, STRIDE * sizeof *gradient);
    for (uint32_t k = 0; k <= FACTORS; k++)
        gradient[k] = (float)(rng_unit(step, 100 + lane, row * STRIDE + k) - 0.5);
}

static struct step_rate rate_of(uint64_t step) {
    return (struct step_rate){0.05 + 0.01 * (double)(step % 3), step % 2 == 0 ? 0.9 : 0.8};
}

static void step_tables(struct tables *tables, uint64_t step) {
    optimiser_open(tables->optimiser, rate_of(step));
    for (uint32_t row = 0; row < ROWS; row++) {
        float sum[STRIDE], gradient[STRIDE];
        int lanes = 0;
        for (uint32_t lane = 0; lane < LANES; lane++) {
            if (!is_pushed(step, lane, row))
                continue;
            gradient_of(step, lane, row, gradient);
            for (uint32_t k = 0; k < STRIDE; k++)
                sum[k] = lanes == 0 ? gradient[k] : sum[k] + gradient[k];
            lanes++;
        }
        if (lanes == 0)
            continue;
        optimiser_catch_up(tables->optimiser, state_of(tables, row), step);
        optimiser_apply(tables->optimiser, state_of(tables, row), sum);
    }
    for (uint32_t user = 0; user < USERS; user++)
        if (is_pulled(step, user))
            optimiser_catch_up(tables->optimiser, state_of(tables, user), step + 1);
}

/* The rows of one lane that live on a shard, as they come from the wire. */
struct wire_lane {
    uint32_t rows[ROWS], users, movies, entries[ROWS];
    float gradients[ROWS][STRIDE];
};

static void fill_lane(struct wire_lane *wire, uint64_t step, uint32_t lane, uint32_t index, uint32_t shards) {
    wire->users = wire->movies = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t at = wire->users + wire->movies;
        if (!is_pushed(step, lane, row) || partition_shard(number_of(row), shards) != index)
            continue;
        wire->rows[at] = number_of(row);
        gradient_of(step, lane, row, wire->gradients[at]);
        wire->users += table_of(row) == TABLE_USERS;
        wire->movies += table_of(row) == TABLE_MOVIES;
    }
}

/* Pulls some rows in the middle of the step, as an answer does. */
static void pull_some(struct shard *shard, uint64_t step, uint32_t index, uint32_t shards) {
    struct status status;
    for (uint32_t user = index; user < USERS; user += shards) {
        uint32_t entry;
        float values[STRIDE];
        if (!is_pulled(step, user))
            continue;
        assert_true(shard_find(shard, &user, 1, 0, false, &entry, &status));
        shard_pull(shard, &entry, 1, values);
    }
}

static void step_shard(struct shard *shard, uint64_t step, uint32_t index, uint32_t shards) {
    static struct wire_lane wires[LANES];
    struct lane_gradients lanes[LANES];
    struct status status;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        struct wire_lane *wire = &wires[lane];
        fill_lane(wire, step, lane, index, shards);
        assert_true(shard_find(shard, wire->rows, wire->users, wire->movies, true, wire->entries, &status));
        lanes[lane] =
            (struct lane_gradients){wire->entries, wire->users + wire->movies, &wire->gradients[0][0]};
    }
    shard_begin_step(shard, rate_of(step), lanes, LANES);
    pull_some(shard, step, index, shards);
    shard_finish_step(shard);
}

static void compare(struct shard *shard, struct tables *tables, uint32_t index, uint32_t shards) {
    struct status status;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t number = number_of(row), entry;
        bool is_user = table_of(row) == TABLE_USERS;
        float values[STRIDE];
        bool found = shard_find(shard, &number, is_user, !is_user, false, &entry, &status);
        assert_int_equal(found, partition_shard(number, shards) == index);
        if (!found)
            continue;
        shard_read(shard, &entry, 1, values);
        assert_memory_equal(values, tables->values[row], sizeof values);
    }
}

static uint64_t run_shards(const struct optimiser_spec *spec, struct tables *tables, uint32_t shards) {
    uint64_t digest = 0;
    for (uint32_t index = 0; index < shards; index++) {
        struct shard *shard = open_shard(spec, index, shards);
        for (uint64_t step = 0; step < STEPS; step++)
            step_shard(shard, step, index, shards);
        assert_int_equal(shard_step(shard), STEPS);
        shard_settle(shard);
        compare(shard, tables, index, shards);
        digest += shard_digest(shard);
        shard_free(shard);
    }
    return digest;
}

static void rows_are_the_same_on_any_number_of_shards(void **state) {
    static struct tables tables;
    (void)state;
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAGRAD_ROW; kind++)
        for (int decay = DECAY_DENSE; decay <= DECAY_TOUCHED; decay++) {
            struct optimiser_spec spec = {.kind = (enum optimiser_kind)kind,
                                          .beta1 = 0.9,
                                          .beta2 = 0.99,
                                          .epsilon = 1e-8,
                                          .weight_decay = 0.01,
                                          .decay = (enum decay_kind)decay};
            open_tables(&tables, &spec);
            for (uint64_t step = 0; step < STEPS; step++)
                step_tables(&tables, step);
            for (uint32_t row = 0; row < ROWS; row++)
                optimiser_catch_up(tables.optimiser, state_of(&tables, row), STEPS);
            uint64_t whole = run_shards(&spec, &tables, 1);
            assert_true(run_shards(&spec, &tables, 2) == whole);
            assert_true(run_shards(&spec, &tables, 5) == whole);
            assert_true(run_shards(&spec, &tables, SHARDS_MAX) == whole);
            optimiser_free(tables.optimiser);
        }
    assert_int_equal(memory_blocks_held(), 0);
}

/* An entry of an image whose shard is one of several, as a row of the whole tables. */
static uint32_t row_of(const struct shard_image *image, uint32_t entry) {
    bool is_user = entry < image->user_rows;
    uint32_t local = is_user ? entry : entry - image->user_rows;
    return partition_row(local, image->shard, image->shards) + (is_user ? 0 : USERS);
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
    struct shard_spec shard = spec_of(spec, index, shards);
    assert_true(image_init(image, &shard, 0, &status));
}

/* Images of all shards of a run of its first `cut` steps; nothing else is left of them. */
static void cut_shards(const struct optimiser_spec *spec, struct shard_image *images, uint32_t shards,
                       uint64_t cut) {
    for (uint32_t index = 0; index < shards; index++) {
        struct shard *shard = open_shard(spec, index, shards);
        for (uint64_t step = 0; step < cut; step++)
            step_shard(shard, step, index, shards);
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
        assert_true(shard_name(shard, entry) == ((uint64_t)table_of(row) << 32 | number_of(row)));
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
        struct shard_spec shard_spec = spec_of(spec, index, shards);
        open_image(&image, spec, index, shards);
        for (uint32_t i = 0; i < shards_then; i++)
            move_rows(&image, &images[i]);
        struct shard *shard = shard_restore(&shard_spec, &image, &status);
        assert_non_null(shard);
        image_free(&image);
        for (uint64_t step = cut; step < end; step++)
            step_shard(shard, step, index, shards);
        compare_state(shard, spec, tables, index, shards);
        shard_settle(shard);
        assert_true(shard_step(shard) == end);
        shard_free(shard);
    }
}

static void restore_at(const struct optimiser_spec *spec, uint64_t cut, uint64_t end) {
    static struct tables tables;
    static const uint32_t SHARDS[] = {1, 3, 5};
    open_tables(&tables, spec);
    for (uint64_t step = 0; step < end; step++) {
        if (step != 0 && step % OPTIMISER_WINDOW == 0) {
            for (uint32_t row = 0; row < ROWS; row++)
                optimiser_catch_up(tables.optimiser, state_of(&tables, row), step);
            optimiser_window_restart(tables.optimiser);
        }
        step_tables(&tables, step);
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

static void rows_of_others_and_rows_named_twice_are_refused(void **state) {
    struct shard *shard = open_shard(&SGD, 1, 3);
    struct status status;
    uint32_t entries[4];
    (void)state;
    const uint32_t good[] = {1, 10, 1, 4}, foreign[] = {1, 2, 1, 4}, beyond[] = {1, 13, 1, 4};
    const uint32_t twice[] = {1, 1, 1, 4}, last[] = {1, 4, 1, UINT32_MAX};
    assert_true(shard_find(shard, good, 2, 2, true, entries, &status));
    assert_true(shard_find(shard, good, 2, 2, true, entries, &status));
    assert_false(shard_find(shard, foreign, 2, 2, true, entries, &status));
    assert_non_null(strstr(status.text, "user row 2 is not on shard 1"));
    assert_false(shard_find(shard, beyond, 2, 2, false, entries, &status));
    assert_false(shard_find(shard, twice, 2, 2, true, entries, &status));
    assert_non_null(strstr(status.text, "user row 1 is named twice"));
    assert_true(shard_find(shard, twice, 2, 2, false, entries, &status));
    assert_false(shard_find(shard, last, 2, 2, false, entries, &status));
    assert_int_equal(status.code, STATUS_PROTOCOL);
    assert_true(shard_find(shard, NULL, 0, 0, true, entries, &status));
    shard_free(shard);
}

static void what_is_not_finite_is_found_and_named(void **state) {
    static float rows[20][STRIDE];
    struct shard *shard = open_shard(&SGD, 1, 2);
    char name[64];
    (void)state;
    assert_int_equal(shard_first_bad(shard, &rows[0][0], 20), 20);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (uint32_t i = 0; i < 60; i++) {
        float *at = &rows[i % 20][i % (FACTORS + 1)];
        *at = bad[i % 3];
        assert_int_equal(shard_first_bad(shard, &rows[0][0], 20), i % 20);
        *at = 3.0e38f;
    }
    assert_int_equal(shard_first_bad(shard, &rows[0][0], 0), 0);
    assert_int_equal(shard_first_bad_entry(shard),
                     shard_rows(shard, TABLE_USERS) + shard_rows(shard, TABLE_MOVIES));
    shard_name_entry(shard, 2, name, sizeof name);
    assert_string_equal(name, "user row 5");
    shard_name_entry(shard, shard_rows(shard, TABLE_USERS), name, sizeof name);
    assert_string_equal(name, "movie row 1");
    shard_free(shard);
}

static void too_many_rows_are_a_status(void **state) {
    struct status status = {STATUS_OK, ""};
    struct shard_spec spec = {.model = MODEL,
                              .optimiser = SGD,
                              .shards = 1,
                              .users = UINT32_MAX,
                              .movies = UINT32_MAX,
                              .lanes = 1,
                              .lane_rows = 2};
    (void)state;
    assert_null(shard_new(&spec, &status));
    assert_int_equal(status.code, STATUS_CONFIG);
    spec.users = 5;
    spec.movies = 5;
    for (size_t nth = 1; nth < 30; nth++) {
        status.code = STATUS_OK;
        memory_fail_after(nth);
        struct shard *shard = shard_new(&spec, &status);
        memory_fail_after(0);
        assert_int_equal(shard == NULL, status.code == STATUS_NO_MEMORY);
        shard_free(shard);
        assert_int_equal(memory_blocks_held(), 0);
    }
}

static void an_image_that_cannot_be_is_refused(void **state) {
    struct shard_image image;
    struct status status;
    struct shard_spec spec = spec_of(&SGD, 0, 1);
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

static void names_of_other_shards_are_not_found(void **state) {
    struct shard *shard = open_shard(&SGD, 1, 3);
    uint32_t entry;
    (void)state;
    assert_true(shard_entry(shard, 10, &entry) && entry == 3);
    assert_true(shard_entry(shard, UINT64_C(1) << 32 | 1, &entry) && entry == 4);
    assert_false(shard_entry(shard, 2, &entry));
    assert_false(shard_entry(shard, 13, &entry));
    assert_false(shard_entry(shard, UINT64_C(2) << 32 | 1, &entry));
    assert_false(shard_entry(shard, UINT64_MAX, &entry));
    shard_free(shard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_same_on_any_number_of_shards),
        cmocka_unit_test(a_restored_shard_goes_on_with_the_same_bits),
        cmocka_unit_test(a_window_of_the_optimiser_may_end_anywhere),
        cmocka_unit_test(an_image_that_cannot_be_is_refused),
        cmocka_unit_test(names_of_other_shards_are_not_found),
        cmocka_unit_test(rows_of_others_and_rows_named_twice_are_refused),
        cmocka_unit_test(what_is_not_finite_is_found_and_named),
        cmocka_unit_test(too_many_rows_are_a_status),
    };
    return cmocka_run_group_tests_name("unit/shard", tests, NULL, NULL);
}
