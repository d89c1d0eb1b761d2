/* Are rows in a body what proto/rows.h says, however they are written, and is what cannot be such rows refused? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/rng.h"
#include "proto/rows.h"

enum { STRIDE = 24, ROWS = 23, BODY_BYTES = ROWS * STRIDE * sizeof(float) };

static float values[ROWS][STRIDE], back[ROWS][STRIDE];
static _Alignas(64) unsigned char body[BODY_BYTES + 64], pieces[BODY_BYTES + 64];

/* Rows of very different sizes. */
static void draw(void) {
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t k = 0; k < STRIDE; k++)
            values[row][k] = ldexpf((float)rng_unit(3, row, k) - 0.5f, (int)row * 8 - 90);
}

static struct rows_shape shape_of(enum wire_format format, uint32_t count) {
    return (struct rows_shape){format, STRIDE, count};
}

static void sixteen_bits_take_half_the_bytes(void **state) {
    (void)state;
    for (uint32_t count = 0; count <= ROWS; count++) {
        size_t words = (size_t)count * STRIDE;
        assert_int_equal(rows_bytes(shape_of(WIRE_FLOAT32, count)), 4 * words);
        assert_int_equal(rows_bytes(shape_of(WIRE_BFLOAT16, count)), 2 * words);
        assert_int_equal(rows_bytes(shape_of(WIRE_FLOAT16, count)), 2 * words + (count + 3) / 4 * 4);
    }
}

/* Relative to the largest of its row, half a last place of 8 or of 11 bits. */
static void check_back(enum wire_format format, uint32_t count) {
    double share = format == WIRE_FLOAT32 ? 0 : format == WIRE_BFLOAT16 ? 0x1p-9 : 0x1p-12;
    for (uint32_t row = 0; row < count; row++) {
        double largest = 0, changed = 0;
        for (uint32_t k = 0; k < STRIDE; k++) {
            largest = fmax(largest, fabs((double)values[row][k]));
            changed = fmax(changed, fabs((double)back[row][k] - (double)values[row][k]));
        }
        assert_true(changed <= 2 * share * largest);
        assert_true((changed > 0) == (format != WIRE_FLOAT32));
    }
}

static void rows_come_back_in_whatever_pieces_they_are_written_and_read(void **state) {
    struct status status;
    (void)state;
    draw();
    for (enum wire_format format = 0; format < WIRE_FORMATS; format++)
        for (uint32_t count = 0; count <= ROWS; count++)
            for (uint32_t piece = 1; piece <= 8; piece++) {
                struct rows_shape shape = shape_of(format, count);
                memset(body, 0xEE, sizeof body);
                memset(pieces, 0xEE, sizeof pieces);
                memset(back, 0, sizeof back);
                rows_write(shape, body, 0, count, values[0]);
                for (uint32_t first = 0, some; first < count; first += some) {
                    some = count - first < piece ? count - first : piece;
                    rows_write(shape, pieces, first, some, values[first]);
                }
                assert_memory_equal(body, pieces, sizeof body); /* and nothing beyond its end */
                assert_int_equal(body[rows_bytes(shape)], 0xEE);
                assert_true(rows_check(shape, body, &status));
                for (uint32_t first = 0, some; first < count; first += some) {
                    some = count - first < piece ? count - first : piece;
                    rows_read(shape, body, first, some, back[first]);
                }
                check_back(format, count);
            }
}

static void a_row_becomes_the_same_words_beside_any_others(void **state) {
    (void)state;
    draw();
    for (enum wire_format format = WIRE_BFLOAT16; format < WIRE_FORMATS; format++) {
        rows_write(shape_of(format, ROWS), body, 0, ROWS, values[0]);
        for (uint32_t row = 0; row < ROWS; row++) {
            rows_write(shape_of(format, 1), pieces, 0, 1, values[row]);
            assert_memory_equal(pieces, body + 2 * (size_t)row * STRIDE, 2 * STRIDE);
        }
    }
}

static void a_shift_that_is_none_is_refused(void **state) {
    struct rows_shape shape = shape_of(WIRE_FLOAT16, 5);
    (void)state;
    draw();
    rows_write(shape, body, 0, 5, values[0]);
    int8_t *shifts = (int8_t *)body + 2 * 5 * STRIDE;
    for (int shift = INT8_MIN; shift <= INT8_MAX; shift++) {
        struct status status = {STATUS_OK, ""};
        shifts[4] = (int8_t)shift;
        bool may_be = shift >= FLOAT16_SHIFT_LEAST && shift <= FLOAT16_SHIFT_MOST;
        assert_int_equal(rows_check(shape, body, &status), may_be);
        assert_int_equal(status.code, may_be ? STATUS_OK : STATUS_PROTOCOL);
        assert_true(rows_check(shape_of(WIRE_BFLOAT16, 5), body, &status));
    }
    assert_true(rows_check(shape_of(WIRE_FLOAT16, 0), NULL, &(struct status){0}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bits_take_half_the_bytes),
        cmocka_unit_test(rows_come_back_in_whatever_pieces_they_are_written_and_read),
        cmocka_unit_test(a_row_becomes_the_same_words_beside_any_others),
        cmocka_unit_test(a_shift_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
