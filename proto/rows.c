#include "proto/rows.h"

#include <string.h>

#include "core/half.h"

enum { BODY_STEP = sizeof(float) };

static size_t word_count(struct rows_shape shape) {
    return (size_t)shape.count * shape.stride;
}

static size_t padded_shifts(uint32_t count) {
    return ((size_t)count + BODY_STEP - 1) / BODY_STEP * BODY_STEP;
}

size_t rows_bytes(struct rows_shape shape) {
    if (shape.format == WIRE_FLOAT32)
        return word_count(shape) * sizeof(float);
    size_t shifts = shape.format == WIRE_FLOAT16 ? padded_shifts(shape.count) : 0;
    return word_count(shape) * sizeof(uint16_t) + shifts;
}

static size_t shifts_at(struct rows_shape shape) {
    return word_count(shape) * sizeof(uint16_t);
}

void rows_write(struct rows_shape shape, void *body, uint32_t first, uint32_t count, const float *values) {
    size_t start = (size_t)first * shape.stride, floats = (size_t)count * shape.stride;
    uint16_t *words = (uint16_t *)body + start;
    int8_t *shifts = (int8_t *)body + shifts_at(shape);
    if (count == 0) /* then there may be no body at all */
        return;
    if (shape.format == WIRE_FLOAT32)
        memcpy((float *)body + start, values, floats * sizeof *values);
    else if (shape.format == WIRE_BFLOAT16)
        half_kernels()->bfloat16_round(values, floats, words);
    else
        half_kernels()->float16_round(values, count, shape.stride, words, shifts + first);
    if (shape.format == WIRE_FLOAT16 && first + count == shape.count)
        memset(shifts + shape.count, 0, padded_shifts(shape.count) - shape.count);
}

bool rows_check(struct rows_shape shape, const void *body, struct status *status) {
    if (shape.format != WIRE_FLOAT16 || shape.count == 0)
        return true;
    const int8_t *shifts = (const int8_t *)body + shifts_at(shape);
    for (uint32_t row = 0; row < shape.count; row++)
        if (shifts[row] < FLOAT16_SHIFT_LEAST || shifts[row] > FLOAT16_SHIFT_MOST)
            return status_fail(status, STATUS_PROTOCOL, "row %u of a body has the shift %d", row,
                               shifts[row]);
    return true;
}

void rows_read(struct rows_shape shape, const void *body, uint32_t first, uint32_t count, float *values) {
    size_t start = (size_t)first * shape.stride, floats = (size_t)count * shape.stride;
    const uint16_t *words = (const uint16_t *)body + start;
    const int8_t *shifts = (const int8_t *)body + shifts_at(shape);
    if (count == 0)
        return;
    if (shape.format == WIRE_FLOAT32)
        memcpy(values, (const float *)body + start, floats * sizeof *values);
    else if (shape.format == WIRE_BFLOAT16)
        half_kernels()->bfloat16_widen(words, floats, values);
    else
        half_kernels()->float16_widen(words, shifts + first, count, shape.stride, values);
}
