/* Does a plan find each row once, and know where it comes from? Against a naive list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "worker/plan.h"

enum { CAPACITY = 64, STRIDE = 8 };

/* Where plans count their questions. */
static struct question_book book;

static void draw_ratings(struct plan *plan, uint64_t seed) {
    uint32_t rows = 1 + (uint32_t)(rng_bits(seed, 0, 0) % 40);
    plan->count = (uint32_t)(rng_bits(seed, 0, 1) % (CAPACITY + 1));
    for (uint32_t i = 0; i < plan->count; i++)
        plan->ratings[i] = (struct rating){(uint32_t)(rng_bits(seed, 1, i) % rows),
                                           (uint32_t)(rng_bits(seed, 2, i) % rows), (float)i};
}

static enum table_id table_of(const struct plan *plan, uint32_t shard, uint32_t slot) {
    return slot < plan->first[shard] + plan->users[shard] ? TABLE_USERS : TABLE_MOVIES;
}

static void check_slots(const struct plan *plan) {
    assert_int_equal(plan->first[0], 0);
    assert_int_equal(plan->first[plan->shards], plan->slot_count);
    for (uint32_t shard = 0; shard < plan->shards; shard++)
        for (uint32_t slot = plan->first[shard]; slot < plan->first[shard + 1]; slot++) {
            assert_int_equal(plan->rows[slot] % plan->shards, shard);
            for (uint32_t other = plan->first[shard]; other < slot; other++)
                assert_false(plan->rows[other] == plan->rows[slot] &&
                             table_of(plan, shard, other) == table_of(plan, shard, slot));
        }
}

static void check_row(const struct plan *plan, uint32_t slot, enum table_id table, uint32_t row) {
    uint32_t shard = row % plan->shards;
    assert_in_range(slot, plan->first[shard], plan->first[shard + 1] - 1);
    assert_int_equal(plan->rows[slot], row);
    assert_int_equal(table_of(plan, shard, slot), table);
}

static uint32_t naive_unique(const struct plan *plan) {
    uint32_t unique = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        bool new_user = true, new_movie = true;
        for (uint32_t j = 0; j < i; j++) {
            new_user = new_user && plan->ratings[j].user != plan->ratings[i].user;
            new_movie = new_movie && plan->ratings[j].movie != plan->ratings[i].movie;
        }
        unique += new_user + new_movie;
    }
    return unique;
}

static void every_row_has_one_slot_at_its_shard(void **state) {
    struct row_finder finder;
    struct status status;
    (void)state;
    assert_true(row_finder_init(&finder, CAPACITY, &status));
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct plan plan;
        assert_true(plan_init(&plan, CAPACITY, 1 + seed % 5, STRIDE, false, &book, &status));
        draw_ratings(&plan, seed);
        plan_build(&plan, &finder);
        assert_int_equal(plan.state, PLAN_LOADED);
        assert_int_equal(plan.slot_count, naive_unique(&plan));
        check_slots(&plan);
        for (uint32_t i = 0; i < plan.count; i++) {
            check_row(&plan, plan.slots[i].user_slot, TABLE_USERS, plan.ratings[i].user);
            check_row(&plan, plan.slots[i].movie_slot, TABLE_MOVIES, plan.ratings[i].movie);
            assert_true(plan.slots[i].value == plan.ratings[i].value);
        }
        plan_free(&plan);
    }
    row_finder_free(&finder);
    assert_int_equal(memory_blocks_held(), 0);
}

/* The finder's serial comes round once in 2^31 plans; rows found before that must be forgotten. */
static void the_finder_forgets_when_its_serial_comes_round(void **state) {
    struct row_finder finder;
    struct plan plan;
    struct status status;
    (void)state;
    assert_true(row_finder_init(&finder, CAPACITY, &status));
    assert_true(plan_init(&plan, CAPACITY, 2, STRIDE, false, &book, &status));
    for (int round = 0; round < 4; round++) {
        if (round == 1)
            finder.serial = (1u << 31) - 2;
        draw_ratings(&plan, 17);
        plan_build(&plan, &finder);
        assert_int_equal(plan.slot_count, naive_unique(&plan));
    }
    assert_in_range(finder.serial, 1, 3);
    plan_free(&plan);
    row_finder_free(&finder);
}

static void answers_fill_it_once_each(void **state) {
    struct row_finder finder;
    struct plan plan;
    struct status status;
    static float rows[2 * CAPACITY][STRIDE];
    (void)state;
    assert_true(row_finder_init(&finder, CAPACITY, &status));
    assert_true(plan_init(&plan, CAPACITY, 3, STRIDE, false, &book, &status));
    draw_ratings(&plan, 5);
    plan_build(&plan, &finder);
    struct message message = {.kind = MESSAGE_ROWS, .body = rows};
    for (uint32_t i = 0; i < 2 * CAPACITY; i++)
        rows[i][0] = (float)i + 1;
    assert_false(plan_expects(&plan, plan.step, 0));
    plan_asked(&plan, 44, 10);
    for (uint32_t shard = 3; shard-- > 0;) {
        uint32_t held = plan_shard_rows(&plan, shard);
        message.body_bytes = held * sizeof rows[0];
        assert_int_equal(plan.state, PLAN_ASKED);
        assert_true(plan_expects(&plan, plan.step, shard));
        assert_false(plan_expects(&plan, plan.step + 1, shard));
        struct rows_shape shape = {WIRE_FLOAT32, STRIDE, held}, more = {WIRE_FLOAT32, STRIDE, held + 1};
        assert_false(plan_fill(&plan, shard, more, &message, 0, &status));
        message.body_bytes--;
        assert_false(plan_fill(&plan, shard, shape, &message, 0, &status));
        message.body_bytes++;
        assert_true(plan_fill(&plan, shard, shape, &message, 0, &status));
        assert_false(plan_expects(&plan, plan.step, shard));
        for (uint32_t i = 0; i < held; i++)
            assert_true(plan.values[(plan.first[shard] + i) * STRIDE] == (float)i + 1);
    }
    assert_int_equal(plan.state, PLAN_READY);
    assert_false(plan_expects(&plan, plan.step, 3));
    plan_free(&plan);
    row_finder_free(&finder);
}

/* One unit above the largest float that a word holds exactly, so that the words are seen to round. */
static void answers_in_sixteen_bits_are_widened(void **state) {
    struct row_finder finder;
    struct plan plan;
    struct status status;
    static float rows[2 * CAPACITY][STRIDE];
    static _Alignas(64) unsigned char body[sizeof rows];
    (void)state;
    assert_true(row_finder_init(&finder, CAPACITY, &status));
    assert_true(plan_init(&plan, CAPACITY, 1, STRIDE, false, &book, &status));
    draw_ratings(&plan, 6);
    for (uint32_t i = 0; i < 2 * CAPACITY; i++)
        rows[i][1] = 2049 + 4 * (float)i; /* twelve bits */
    for (enum wire_format wire = WIRE_BFLOAT16; wire <= WIRE_FLOAT16; wire++) {
        plan_build(&plan, &finder);
        plan_asked(&plan, 44, 10);
        struct rows_shape shape = {wire, STRIDE, plan_shard_rows(&plan, 0)};
        struct message message = {.kind = MESSAGE_ROWS, .body = body, .body_bytes = rows_bytes(shape) - 1};
        rows_write(shape, body, 0, shape.count, &rows[0][0]);
        assert_false(plan_fill(&plan, 0, shape, &message, 0, &status));
        message.body_bytes++;
        unsigned char *shift = body + 2 * (size_t)shape.count * STRIDE, kept = *shift;
        *shift = 127;
        assert_true(wire == WIRE_BFLOAT16 || !plan_fill(&plan, 0, shape, &message, 0, &status));
        *shift = kept;
        assert_true(plan_fill(&plan, 0, shape, &message, 0, &status));
        for (uint32_t i = 0; i < shape.count; i++) {
            float off = plan.values[(size_t)i * STRIDE + 1] - rows[i][1];
            assert_true(off != 0 && off >= -16 && off <= 16 && plan.values[(size_t)i * STRIDE] == 0);
        }
    }
    plan_free(&plan);
    row_finder_free(&finder);
}

static void a_plan_without_rows_is_complete_with_empty_answers(void **state) {
    struct plan plan;
    struct status status;
    struct message message = {.kind = MESSAGE_ROWS};
    (void)state;
    assert_true(plan_init(&plan, CAPACITY, 2, STRIDE, false, &book, &status));
    plan_build_empty(&plan);
    assert_int_equal(plan.state, PLAN_LOADED);
    plan_asked(&plan, 0, 1);
    for (uint32_t shard = 2; shard-- > 0;) {
        struct rows_shape none = {shard == 0 ? WIRE_FLOAT32 : WIRE_FLOAT16, STRIDE, 0};
        assert_true(plan_fill(&plan, shard, none, &message, 0, &status));
    }
    assert_int_equal(plan.state, PLAN_READY);
    plan_free(&plan);
}

static void a_dropped_plan_is_free_unless_its_job_is_under_way(void **state) {
    struct plan plan = {.state = PLAN_PUSHED};
    (void)state;
    plan_drop(&plan);
    assert_int_equal(plan.state, PLAN_FREE);
    plan.state = PLAN_LOADING;
    plan_drop(&plan);
    plan_drop(&plan);
    assert_int_equal(plan.state, PLAN_DROPPED);
}

/* Waits of 10, 20, 40: due at 54, 74, 114. */
static void a_question_is_due_after_waits_that_double(void **state) {
    static const uint64_t DUE_US[] = {54, 74, 114};
    struct question question;
    struct status status;
    (void)state;
    assert_true(question_init(&question, 3, &book, &status));
    assert_false(question_due(&question, 1000));
    question_ask(&question, 44, 10);
    for (int i = 0; i < 3; i++) {
        assert_false(question_due(&question, DUE_US[i] - 1));
        assert_true(question_due(&question, DUE_US[i]));
        question_repeat(&question, DUE_US[i]);
    }
    assert_false(question_answer(&question, 0, 60));
    assert_int_equal(question_silent(&question), 1);
    assert_false(question_answer(&question, 2, 60));
    assert_true(question_answer(&question, 1, 60));
    assert_false(question_due(&question, UINT64_MAX));
    question_free(&question);
}

/* Two questions to three shards each: six requests, of which one is answered and the others of its question are given up. */
static void open_requests_are_counted_until_answered_or_dropped(void **state) {
    struct question_book counted = {0};
    struct question first, second;
    struct status status;
    (void)state;
    assert_true(question_init(&first, 3, &counted, &status) && question_init(&second, 3, &counted, &status));
    question_ask(&first, 100, 10);
    question_ask(&second, 130, 10);
    question_ask(&second, 140, 10);
    assert_int_equal(counted.open, 6);
    assert_false(question_answer(&first, 1, 163));
    assert_int_equal(counted.open, 5);
    question_drop(&first);
    question_drop(&first);
    assert_int_equal(counted.open, 3);
    for (uint32_t shard = 0; shard < 3; shard++)
        question_answer(&second, shard, 141);
    assert_int_equal(counted.open, 0);
    assert_int_equal(counted.most, 6);
    assert_int_equal(tally_count(&counted.answer_us), 4);
    assert_int_equal(counted.answer_us.sum, 63 + 3);
    assert_int_equal(counted.answer_us.most, 63);
    question_free(&first);
    question_free(&second);
}

/* Every request for memory fails once; nothing is leaked. */
static void memory_that_is_refused_is_a_status(void **state) {
    (void)state;
    for (size_t nth = 1; nth < 40; nth++) {
        struct plan plan;
        struct row_finder finder;
        struct status status = {STATUS_OK, ""};
        memory_fail_after(nth);
        bool good = plan_init(&plan, CAPACITY, 3, STRIDE, true, &book, &status);
        bool found = row_finder_init(&finder, CAPACITY, &status);
        memory_fail_after(0);
        assert_int_equal(good && found, status.code == STATUS_OK);
        plan_free(&plan);
        row_finder_free(&finder);
        assert_int_equal(memory_blocks_held(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_one_slot_at_its_shard),
        cmocka_unit_test(the_finder_forgets_when_its_serial_comes_round),
        cmocka_unit_test(answers_fill_it_once_each),
        cmocka_unit_test(answers_in_sixteen_bits_are_widened),
        cmocka_unit_test(a_plan_without_rows_is_complete_with_empty_answers),
        cmocka_unit_test(a_dropped_plan_is_free_unless_its_job_is_under_way),
        cmocka_unit_test(a_question_is_due_after_waits_that_double),
        cmocka_unit_test(open_requests_are_counted_until_answered_or_dropped),
        cmocka_unit_test(memory_that_is_refused_is_a_status),
    };
    return cmocka_run_group_tests_name("unit/plan", tests, NULL, NULL);
}
