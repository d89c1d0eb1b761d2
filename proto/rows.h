/* Rows of floats in a message's body, in the format that the members of a run agree upon in HELLO (train.wire).
 *
 *   float32    f32[count][stride]
 *   bfloat16   u16[count][stride], rounded to nearest even
 *   float16    u16[count][stride], likewise, of value * 2^shift; then i8[count] shifts, a row's own (core/half.h), and zeros
 *              up to a multiple of 4 bytes
 *
 * What a row becomes depends on nothing but its floats: not on the rows beside it, the shard or the worker. So whatever is
 * sent again has the same bytes, and a model the same bits for any cluster. */
#ifndef PROTO_ROWS_H
#define PROTO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "proto/message.h"

/* All rows of a body; its stride is a multiple of ROW_LANES. */
struct rows_shape {
    enum wire_format format;
    uint32_t stride, count;
};

/* Their bytes, a multiple of 4. */
size_t rows_bytes(struct rows_shape shape);

/* Writes rows [first, first + count) of a body from values[count][stride]; the last ones bring the zeros behind them. */
void rows_write(struct rows_shape shape, void *body, uint32_t first, uint32_t count, const float *values);

/* Whether bytes of that length are such rows: only a shift can be none. False and STATUS_PROTOCOL with a sentence. */
bool rows_check(struct rows_shape shape, const void *body, struct status *status);

/* Reads rows [first, first + count) of a body that rows_check has passed into values[count][stride]. */
void rows_read(struct rows_shape shape, const void *body, uint32_t first, uint32_t count, float *values);

#endif
