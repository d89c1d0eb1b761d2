#include "data/plain_rows.h"

#include "data/plain_line.h"
#include "data/plain_rows_set.h"

static plain_rows_function *const FUNCTIONS[PLAIN_PATHS] = {
    [PLAIN_PORTABLE] = plain_rows_portable,
#ifdef PLAIN_ROWS_X86
    [PLAIN_AVX2] = plain_rows_avx2,
    [PLAIN_AVX512] = plain_rows_avx512,
#endif
};

/* The features are those that the files of the paths are compiled for. */
bool plain_rows_available(enum plain_path path) {
#ifdef PLAIN_ROWS_X86
    bool has_bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("avx2");
    if (path == PLAIN_AVX512)
        return has_bits && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd");
    if (path == PLAIN_AVX2)
        return has_bits;
#endif
    return path == PLAIN_PORTABLE;
}

enum plain_path plain_rows_best_path(void) {
    enum plain_path path = PLAIN_PATHS - 1;
    while (!plain_rows_available(path))
        path--;
    return path;
}

struct plain_user plain_meet(const struct plain_line line, char separator) {
    size_t length = plain_digits(&line, 0);
    uint32_t number;
    if (!plain_id(line.bytes, length, &number) || line.bytes[length] != separator)
        return PLAIN_NOBODY;
    uint64_t mask = UINT64_MAX >> (56 - 8 * length);
    return (struct plain_user){bytes_u64(line.bytes) & mask, mask, number, (uint32_t)length};
}

float plain_long_value(const struct plain_line line, size_t *length) {
    static const double POWERS[PLAIN_EIGHT] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    const char *begin = line.bytes + line.at;
    size_t whole = plain_digits(&line, line.at), fraction;
    *length = 0;
    if (whole - 1 >= PLAIN_DIGITS)
        return 0;
    *length = whole;
    if (begin[whole] != '.')
        return (float)(double)plain_number(begin, whole);
    fraction = plain_digits(&line, line.at + whole + 1);
    *length = fraction - 1 >= PLAIN_DIGITS ? 0 : whole + 1 + fraction;
    if (*length == 0)
        return 0;
    double digits = (double)plain_number(begin, whole) * POWERS[fraction] +
                    (double)plain_number(begin + whole + 1, fraction);
    return (float)(digits / POWERS[fraction]);
}

void plain_rows_leave(struct plain_rows *rows, size_t begin, size_t end) {
    struct plain_gap *last = rows->gap_count == 0 ? NULL : &rows->gaps[rows->gap_count - 1];
    if (last != NULL && last->row == rows->count)
        last->end = (uint32_t)end;
    else
        rows->gaps[rows->gap_count++] = (struct plain_gap){rows->count, (uint32_t)begin, (uint32_t)end};
}

void plain_rows_parse(struct plain_rows *rows, const struct plain_layout *layout, enum plain_path path,
                      const char *text, size_t length) {
    FUNCTIONS[path](rows, layout, text, length);
}
