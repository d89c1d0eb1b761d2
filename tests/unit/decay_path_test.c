/* The product tree over steps: what it gives for a gap, and that it never gives what belongs to a window before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "model/decay_path.h"

enum { LEVELS = 6, STEPS = 1 << LEVELS };

static struct decay_matrix matrix_of(uint32_t step, double scale) {
    return (struct decay_matrix){1 - scale * step, -scale, scale / (step + 1), 0.9 - scale};
}

static struct decay_path *path_of(uint32_t steps, double scale) {
    struct status status;
    struct decay_path *path = decay_path_new(LEVELS, &status);
    assert_non_null(path);
    for (uint32_t step = 0; step < steps; step++)
        decay_path_set(path, step, matrix_of(step, scale));
    return path;
}

static void assert_near(struct decay_matrix a, struct decay_matrix b) {
    assert_true(a.ww - b.ww < 1e-12 && b.ww - a.ww < 1e-12 && a.wv - b.wv < 1e-12 && b.wv - a.wv < 1e-12);
    assert_true(a.vw - b.vw < 1e-12 && b.vw - a.vw < 1e-12 && a.vv - b.vv < 1e-12 && b.vv - a.vv < 1e-12);
}

static void a_gap_is_the_product_of_its_steps(void **state) {
    struct decay_path *path = path_of(STEPS, 1e-3);
    (void)state;
    for (uint32_t from = 0; from < STEPS; from++) {
        struct decay_matrix product = {1, 0, 0, 1};
        for (uint32_t to = from + 1; to <= STEPS; to++) {
            struct decay_matrix m = matrix_of(to - 1, 1e-3), p = product;
            product = (struct decay_matrix){m.ww * p.ww + m.wv * p.vw, m.ww * p.wv + m.wv * p.vv,
                                            m.vw * p.ww + m.vv * p.vw, m.vw * p.wv + m.vv * p.vv};
            assert_near(decay_path_between(path, from, to), product);
        }
    }
    decay_path_free(path);
}

/* Bits, not numbers: who asks again, later or for the first time gets the same. */
static void a_gap_asked_for_again_has_the_same_bits(void **state) {
    struct decay_path *asked = path_of(STEPS, 1e-3);
    (void)state;
    for (uint32_t from = 0; from < STEPS; from++)
        for (uint32_t to = from + 1; to <= STEPS; to++) {
            struct decay_path *fresh = path_of(to, 1e-3);
            struct decay_matrix once = decay_path_between(asked, from, to);
            struct decay_matrix twice = decay_path_between(asked, from, to);
            struct decay_matrix first = decay_path_between(fresh, from, to);
            assert_memory_equal(&once, &twice, sizeof once);
            assert_memory_equal(&once, &first, sizeof once);
            decay_path_free(fresh);
        }
    decay_path_free(asked);
}

static void a_new_window_forgets_the_one_before(void **state) {
    struct decay_path *path = path_of(STEPS, 1e-3), *other = path_of(STEPS, 5e-3);
    (void)state;
    for (uint32_t from = 0; from < STEPS; from++)
        decay_path_between(path, from, STEPS);
    for (uint32_t step = 0; step < STEPS; step++)
        decay_path_set(path, step, matrix_of(step, 5e-3));
    for (uint32_t from = 0; from < STEPS; from++) {
        struct decay_matrix ours = decay_path_between(path, from, STEPS);
        struct decay_matrix theirs = decay_path_between(other, from, STEPS);
        assert_memory_equal(&ours, &theirs, sizeof ours);
    }
    decay_path_free(path);
    decay_path_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_the_product_of_its_steps),
        cmocka_unit_test(a_gap_asked_for_again_has_the_same_bits),
        cmocka_unit_test(a_new_window_forgets_the_one_before),
    };
    return cmocka_run_group_tests_name("decay_path", tests, NULL, NULL);
}
