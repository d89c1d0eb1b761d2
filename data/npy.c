#include "data/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES = 128, MAGIC_BYTES = 10 };

bool npy_write_head(struct atomic_file *file, enum npy_type type, uint64_t rows, uint32_t columns,
                    struct status *status) {
    static const unsigned char MAGIC[MAGIC_BYTES] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, HEAD_BYTES - MAGIC_BYTES, 0};
    char head[HEAD_BYTES + 1], shape[48];
    if (columns == 0)
        snprintf(shape, sizeof shape, "(%" PRIu64 ",)", rows);
    else
        snprintf(shape, sizeof shape, "(%" PRIu64 ", %" PRIu32 ")", rows, columns);
    memset(head, ' ', HEAD_BYTES);
    memcpy(head, MAGIC, MAGIC_BYTES);
    int length = snprintf(head + MAGIC_BYTES, sizeof head - MAGIC_BYTES,
                          "{'descr': '<%s', 'fortran_order': False, 'shape': %s, }",
                          type == NPY_INT32 ? "i4" : "f4", shape);
    head[MAGIC_BYTES + length] = ' ';
    head[HEAD_BYTES - 1] = '\n';
    return atomic_file_write(file, head, HEAD_BYTES, status);
}
