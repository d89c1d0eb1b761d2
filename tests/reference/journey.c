#include "journey.h"

#include "core/half.h"
#include "model/spec.h"

void journey(enum wire_format wire, float *values, size_t rows, size_t stride) {
    const struct half_kernels *plain = half_kernels_on(HALF_PORTABLE);
    uint16_t words[FACTORS_MAX + ROW_LANES];
    int8_t shift;
    for (size_t row = 0; row < rows; row++, values += stride)
        if (wire == WIRE_BFLOAT16) {
            plain->bfloat16_round(values, stride, words);
            plain->bfloat16_widen(words, stride, values);
        } else if (wire == WIRE_FLOAT16) {
            plain->float16_round(values, 1, stride, words, &shift);
            plain->float16_widen(words, &shift, 1, stride, values);
        }
}
