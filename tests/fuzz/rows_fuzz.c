/* Can any body hurt the reader of rows, and is what it makes of one near what it writes? Three bytes say the format, the
 * stride and the number of rows; the others are the body. For libFuzzer, see tests/fuzz/README.md. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/spec.h"
#include "proto/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A copy that ends where it ends, so that a sanitizer sees a read beyond; aligned as a body is. */
static void *exact_copy(const uint8_t *bytes, size_t length) {
    void *copy = malloc(length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, length);
    return realloc(copy, length == 0 ? 1 : length);
}

/* Within half a last place of the row's largest; rows that are not finite are not looked at. */
static void compare(struct rows_shape shape, const float *values, const float *again) {
    double share = shape.format == WIRE_FLOAT32 ? 0 : shape.format == WIRE_BFLOAT16 ? 0x1p-8 : 0x1p-11;
    for (uint32_t row = 0; row < shape.count; row++, values += shape.stride, again += shape.stride) {
        double largest = 0;
        for (uint32_t k = 0; k < shape.stride; k++)
            largest = isfinite(values[k]) ? fmax(largest, fabs((double)values[k])) : INFINITY;
        for (uint32_t k = 0; k < shape.stride && largest < 0x1p127; k++)
            if (!(fabs((double)again[k] - (double)values[k]) <= share * largest))
                abort();
    }
}

static void read_both_ways(struct rows_shape shape, const void *body, float *values, float *again) {
    size_t bytes = (size_t)shape.count * shape.stride * sizeof *values;
    rows_read(shape, body, 0, shape.count, values);
    for (uint32_t row = 0; row < shape.count; row++)
        rows_read(shape, body, row, 1, again + (size_t)row * shape.stride);
    if (memcmp(values, again, bytes) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    enum { HEAD = 3, STRIDE_MAX = 8 * ROW_LANES, COUNT_MAX = 64 };
    static float values[COUNT_MAX * STRIDE_MAX], again[COUNT_MAX * STRIDE_MAX];
    static _Alignas(64) unsigned char written[sizeof values];
    struct status status = {STATUS_OK, ""};
    if (length < HEAD)
        return 0;
    struct rows_shape shape = {(enum wire_format)(bytes[0] % WIRE_FORMATS), ROW_LANES * (1u + bytes[1] % 8u),
                               bytes[2] % COUNT_MAX};
    if (length - HEAD != rows_bytes(shape)) /* the receivers' first question */
        return 0;
    void *body = exact_copy(bytes + HEAD, length - HEAD);
    if (rows_check(shape, body, &status)) {
        read_both_ways(shape, body, values, again);
        rows_write(shape, written, 0, shape.count, values);
        if (!rows_check(shape, written, &status))
            abort();
        rows_read(shape, written, 0, shape.count, again);
        compare(shape, values, again);
    } else if (status.code != STATUS_PROTOCOL || status.text[0] == '\0') {
        abort();
    }
    free(body);
    return 0;
}
